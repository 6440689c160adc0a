"""From GoogleSQL to DuckDB's: bqemulator's chain, with our passes before it.

`translate` stands where bqemulator's chain stood, so every statement comes through here:
whole jobs, statements of a script, streamed queries. Its text in the catalogue and in the
job stays as the client sent it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pyarrow as pa
from bqemulator.jobs import executor
from bqemulator.row_access.identity import CallerIdentity
from bqemulator.sql import catalog_schema, inner_query, translator
from bqemulator.sql.parameters import bind_parameters
from bqemulator.sql.table_rewriter import rewrite_table_refs
from sqlglot import exp

from emulator.casts import rewrite_casts
from emulator.counts import rewrite_counts
from emulator.escapes import write_out
from emulator.external.pseudo import rewrite_file_names
from emulator.implied_names import rewrite_names
from emulator.metadata import read_metadata
from emulator.ml.preprocessing import rewrite_preprocessing
from emulator.naming import quote_projects
from emulator.now import rewrite_now
from emulator.rows import rewrite_rows
from emulator.session import CURRENT_SESSION, Session, split_path
from emulator.subscripts import rewrite_subscripts
from emulator.syntax import table_path
from emulator.unnesting import Fields, made_fields, rewrite_unnest, stored_fields

BATCH_ROWS = 50_000
UNTOLD = ("JSON", "GEOMETRY")

_bqemulator_translate = inner_query.rewrite_and_translate_statement
_bqemulator_row_access = inner_query.__dict__["rewrite_for_row_access"]
_bqemulator_type = catalog_schema._safe_bq_to_duckdb


def install() -> None:
    """Let statements mention ML functions: those that are left stand in texts and comments.

    Raises
    ------
    RuntimeError
        If bqemulator has no such list any more.
    """
    if not isinstance(getattr(translator, "_UNSUPPORTED_KEYWORDS", None), frozenset):
        raise RuntimeError("bqemulator moved sql.translator._UNSUPPORTED_KEYWORDS.")
    translator._UNSUPPORTED_KEYWORDS = frozenset()


def column_type(bq_type: str) -> str:
    """Return DuckDB's type of a column; stands where bqemulator's function stood.

    It left columns of a STRUCT out, and so did every `*` that sqlglot then wrote out.
    """
    return _bqemulator_type(bq_type) or "UNKNOWN"


async def translate(
    bq_sql: str, *, project_id: str, ctx: Any, caller: CallerIdentity, translator: Any
) -> str:
    """Translate one statement; stands where bqemulator's chain stood."""
    bq_sql, registered = read_metadata(quote_projects(write_out(bq_sql)), project_id, ctx)
    session = CURRENT_SESSION.get()
    if registered and session is not None:
        connection = ctx.engine.connection
        session.on_close(lambda: [connection.unregister(name) for name in registered])
    duckdb_sql: str = await _bqemulator_translate(
        bq_sql, project_id=project_id, ctx=ctx, caller=caller, translator=translator
    )
    return duckdb_sql


def rewrite_for_row_access(
    bq_sql: str, *, project_id: str, caller: CallerIdentity, catalog: Any
) -> str:
    """Apply row access policies and our rewrites; stands where bqemulator's pass stood.

    That pass puts the text of every view into the statement. Without any policy there is
    no need: DuckDB has the views.
    """

    def entry_of(table: exp.Table) -> Any:
        path = [project_id, *split_path(table_path(table))][-3:]
        return catalog.get_table(*path) if len(path) == 3 else None

    def is_external(table: exp.Table) -> bool:
        entry = entry_of(table)
        return entry is not None and entry.table_type == "EXTERNAL"

    def fields_of(table: exp.Table) -> Fields:
        session = CURRENT_SESSION.get()
        made = None if session is None else session.made.get(table.name)
        return made_fields(made) if made is not None else stored_fields(entry_of(table))

    if catalog.list_all_row_access_policies():
        bq_sql = _bqemulator_row_access(
            bq_sql, project_id=project_id, caller=caller, catalog=catalog
        )
    bq_sql = rewrite_file_names(bq_sql, is_external)
    bq_sql = rewrite_unnest(bq_sql, fields_of)
    for rewrite in (
        rewrite_names,
        rewrite_preprocessing,
        rewrite_rows,
        rewrite_counts,
        rewrite_subscripts,
        rewrite_now,
        rewrite_casts,
    ):
        bq_sql = rewrite(bq_sql)
    return bq_sql


@asynccontextmanager
async def stream(
    sql: str,
    session: Session,
    parameters: Any,
    caller: CallerIdentity | None,
    values: list[Any] | None = None,
) -> AsyncIterator[pa.RecordBatchReader]:
    """Translate a query and stream its result from a cursor of its own.

    Parameters
    ----------
    parameters : list or None
        Query parameters as the REST API has them.
    values : list or None
        Values of the placeholders that stand in the SQL already.
    """
    translated = await translate(
        sql,
        project_id=session.project,
        ctx=session.context,
        caller=caller or anonymous(),
        translator=executor._translator,
    )
    duckdb_sql, bound = bind_parameters(rewrite_table_refs(translated, session.project), parameters)
    engine: Any = session.context.engine  # ours: the seam put it there
    cursor = engine.cursor()
    try:
        result = cursor.execute(duckdb_sql, [*(values or []), *(bound or [])] or None)
        kinds = [str(column[1]) for column in result.description or ()]
        yield _annotated(result.to_arrow_reader(BATCH_ROWS), kinds)
    finally:
        cursor.close()


def _annotated(reader: pa.RecordBatchReader, kinds: list[str]) -> pa.RecordBatchReader:
    """Return the stream with DuckDB's types of the columns whose types Arrow does not tell.

    They stand where bqemulator puts them in whole results.
    """
    if not any(kind in text for text in kinds for kind in UNTOLD):
        return reader
    fields = [
        field.with_metadata({**(field.metadata or {}), b"bqemu.duckdb_type": kind.encode()})
        for field, kind in zip(reader.schema, kinds, strict=True)
    ]
    return pa.RecordBatchReader.from_batches(pa.schema(fields), reader)


def anonymous() -> CallerIdentity:
    """Return the caller that sent no credentials."""
    return CallerIdentity(principal="user:anonymous@bqemulator.local", is_authenticated=False)
