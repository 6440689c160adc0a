"""Results of ML functions as DuckDB tables that the rest of a statement reads.

They are in a database in memory, which DuckDB spills to disk where they are too large, and seen
through views in a schema that no catalogue lists, for as long as their job. What a killed
process left there goes at the first use by the next one.
"""

from __future__ import annotations

import threading
import uuid
import weakref
from typing import Any

import pyarrow as pa
from bqemulator.storage.sql_identifiers import quoted_schema, quoted_table_ref

from emulator.ml.data.lost_types import lost_types
from emulator.running import check_cancelled
from emulator.session import Session

DATASET = "_ml_results"
MEMORY = "_ml_memory"
# Two of DuckDB's row groups: smaller inserts take five times as long.
WRITTEN_ROWS = 245_760

_first_use = threading.Lock()
_ready: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()


class ResultTable:
    """A table that grows batch by batch and is dropped with its job.

    Parameters
    ----------
    session : Session
        The job.
    schema : pyarrow.Schema
        Columns in BigQuery's order.
    duckdb_types : dict
        DuckDB's type of columns that Arrow would lose, such as JSON; None takes those that the
        schema is marked with.
    """

    def __init__(
        self, session: Session, schema: pa.Schema, duckdb_types: dict[str, str] | None = None
    ) -> None:
        name = f"r_{uuid.uuid4().hex}"
        self._connection = session.context.engine.connection
        self._table = f'{MEMORY}.main."{name}"'
        self._view = quoted_table_ref(session.project, DATASET, name)
        self._path = f"`{session.project}.{DATASET}.{name}`"
        self._waiting: list[pa.Table] = []
        self._columns = _columns(schema, duckdb_types)
        _make_schema(session)
        self._write(f"CREATE TABLE {self._table} AS SELECT {self._columns}", schema.empty_table())
        self._connection.execute(f"CREATE VIEW {self._view} AS FROM {self._table}")
        session.made[name] = schema
        session.on_close(self._drop)

    def append(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Add rows."""
        check_cancelled()
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        self._waiting.append(table)
        if sum(one.num_rows for one in self._waiting) >= WRITTEN_ROWS:
            self._write_waiting()

    @property
    def path(self) -> str:
        """How a statement names the table, with all rows in it."""
        self._write_waiting()
        return self._path

    def ask(self, select: str, rows: str = "SELECT *", whole: bool = False) -> list[dict[str, Any]]:
        """Return what DuckDB's SQL finds in the rows.

        Parameters
        ----------
        select : str
            What follows SELECT.
        rows : str
            A SELECT over the table, without FROM, that `select` reads.
        whole : bool
            Whether `select` has its own FROM, over `$rows`.
        """
        self._write_waiting()
        statement = f"SELECT {select}" if whole else f"SELECT {select} FROM ({rows} FROM $rows)"
        cursor = self._connection.execute(statement.replace("$rows", self._table))
        found: list[dict[str, Any]] = cursor.to_arrow_table().to_pylist()
        return found

    def _write_waiting(self) -> None:
        if self._waiting:
            rows, self._waiting = pa.concat_tables(self._waiting), []
            self._write(f"INSERT INTO {self._table} SELECT {self._columns}", rows)

    def _write(self, statement: str, rows: pa.Table) -> None:
        view = f"__bqemu_{uuid.uuid4().hex}"
        # By name alone: the metadata of a stream's fields would make DuckDB read other types.
        plain = pa.Table.from_arrays(rows.columns, names=rows.schema.names)
        self._connection.register(view, plain)
        try:
            self._connection.execute(f"{statement} FROM {view}")
        finally:
            self._connection.unregister(view)

    def _drop(self) -> None:
        self._connection.execute(f"DROP VIEW IF EXISTS {self._view}")
        self._connection.execute(f"DROP TABLE IF EXISTS {self._table}")


def _columns(schema: pa.Schema, duckdb_types: dict[str, str] | None) -> str:
    kinds = lost_types(schema) if duckdb_types is None else duckdb_types
    return ", ".join(_column(name, kinds.get(name)) for name in schema.names)


def _column(name: str, kind: str | None) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind is None:
        return quoted
    if kind == "GEOMETRY":  # DuckDB has no cast of a binary to it
        return f"ST_GeomFromWKB({quoted}) AS {quoted}"
    return quoted if "GEOMETRY" in kind else f"CAST({quoted} AS {kind}) AS {quoted}"


def _make_schema(session: Session) -> None:
    engine = session.context.engine
    schema = quoted_schema(session.project, DATASET)
    with _first_use:
        known = _ready.setdefault(engine, set())
        if schema in known:
            return
        engine.connection.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {MEMORY}")
        engine.connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        engine.connection.execute(f"CREATE SCHEMA {schema}")
        known.add(schema)
