"""`dataset.__TABLES__`: the older list of a dataset's tables, which dbt's catalogue reads."""

from __future__ import annotations

from typing import Any

import sqlglot
from bqemulator.catalog.models import TableMeta
from bqemulator.domain.errors import NotFoundError
from bqemulator.storage.sql_identifiers import schema_name
from sqlglot import exp

from emulator.session import split_path
from emulator.syntax import table_path

NAMES = ("__TABLES__", "__TABLES_SUMMARY__")
TYPES = {"VIEW": 2, "EXTERNAL": 3, "MATERIALIZED_VIEW": 4}
COLUMNS = {
    "project_id": "STRING",
    "dataset_id": "STRING",
    "table_id": "STRING",
    "creation_time": "INT64",
    "last_modified_time": "INT64",
    "row_count": "INT64",
    "size_bytes": "INT64",
    "type": "INT64",
}


def rewrite_metadata_tables(sql: str, project: str, context: Any) -> str:
    """Replace each reference to `__TABLES__` by a sub-query with its rows.

    Raises
    ------
    NotFoundError
        If the dataset does not exist.
    """
    if not any(name in sql.upper() for name in NAMES):
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    for table in list(tree.find_all(exp.Table)):
        path = split_path(table_path(table))
        if len(path) < 2 or path[-1].upper() not in NAMES:
            continue
        rows = sqlglot.parse_one(_rows(path, project, context), read="bigquery")
        alias = table.alias or path[-1]
        table.replace(exp.Subquery(this=rows, alias=exp.TableAlias(this=exp.to_identifier(alias))))
    return tree.sql(dialect="bigquery")


def _rows(path: list[str], project: str, context: Any) -> str:
    project, dataset = path[0] if len(path) == 3 else project, path[-2]
    if context.catalog.get_dataset(project, dataset) is None:
        raise NotFoundError(f"Not found: Dataset {project}:{dataset} was not found in location US")
    counts = _row_counts(project, dataset, context)
    tables = context.catalog.list_tables(project, dataset)
    if not tables:
        return f"SELECT {_typed(['NULL'] * len(COLUMNS))} FROM (SELECT 1) WHERE FALSE"
    return " UNION ALL ".join(f"SELECT {_typed(_values(table, counts))}" for table in tables)


def _row_counts(project: str, dataset: str, context: Any) -> dict[str, int]:
    rows = context.engine.execute(
        "SELECT table_name, estimated_size FROM duckdb_tables() WHERE schema_name = ?",
        [schema_name(project, dataset)],
    )
    return dict(rows.fetchall())


def _values(table: TableMeta, counts: dict[str, int]) -> list[str]:
    return [
        *(f"'{name}'" for name in (table.project_id, table.dataset_id, table.table_id)),
        str(int(table.creation_time.timestamp() * 1000)),
        str(int(table.last_modified_time.timestamp() * 1000)),
        str(counts.get(table.table_id, 0)),
        str(table.num_bytes),
        str(TYPES.get(table.table_type, 1)),
    ]


def _typed(values: list[str]) -> str:
    return ", ".join(
        f"CAST({value} AS {kind}) AS {name}"
        for value, (name, kind) in zip(values, COLUMNS.items(), strict=True)
    )
