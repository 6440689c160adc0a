"""Metadata that SQL can read: references to `__TABLES__` and INFORMATION_SCHEMA.

bqemulator writes metadata into the statement as literals, which dbt's catalogue query does
not survive (it has quotes in descriptions and joins five of them), and it lacks some. Here
each reference becomes a table of the job's own connection (`metadata_views`).
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import pyarrow as pa
import sqlglot
from bqemulator.domain.errors import NotFoundError
from sqlglot import exp

from emulator.metadata_views import VIEWS
from emulator.session import split_path
from emulator.syntax import table_path

ARROW = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}
_QUOTED = re.compile(r"`(INFORMATION_SCHEMA\.\w+)`", re.IGNORECASE)


def read_metadata(sql: str, project: str, context: Any) -> tuple[str, list[str]]:
    """Replace each reference to a metadata view by a table of this thread's connection.

    Returns
    -------
    tuple of (str, list of str)
        The statement, and the names to unregister from the connection after it.

    Raises
    ------
    NotFoundError
        If the dataset does not exist.
    """
    if not any(name in sql.upper() for name in ("__TABLES", "INFORMATION_SCHEMA")):
        return sql, []
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql, []
    registered = []
    for table in list(tree.find_all(exp.Table)):
        view = _view_of(table, project)
        if view is None:
            continue
        name = f"__bqemu_{uuid.uuid4().hex}"
        context.engine.connection.register(name, _table(*view, context))
        registered.append(name)
        alias = table.alias or split_path(table_path(table))[-1]
        table.replace(exp.to_table(name, alias=alias))
    if not registered:
        return sql, []
    return _QUOTED.sub(r"\1", tree.sql(dialect="bigquery")), registered


def _view_of(table: exp.Table, project: str) -> tuple[str, str, str] | None:
    path = split_path(table_path(table))
    name = path[-1].upper()
    owner = path[:-1]
    if owner and owner[-1].upper() == "INFORMATION_SCHEMA":
        name, owner = f"INFORMATION_SCHEMA.{name}", owner[:-1]
    if name not in VIEWS or not owner or owner[0].startswith("region-") or len(owner) > 2:
        return None
    return [project, *owner][-2], owner[-1], name


def _table(project: str, dataset: str, view: str, context: Any) -> pa.Table:
    if context.catalog.get_dataset(project, dataset) is None:
        raise NotFoundError(f"Not found: Dataset {project}:{dataset} was not found in location US")
    columns, rows = VIEWS[view]
    tables = sorted(
        context.catalog.list_tables(project, dataset), key=lambda table: str(table.table_id)
    )
    schema = pa.schema([(name, ARROW[kind]) for name, kind in columns])
    return pa.Table.from_pylist(list(rows(tuple(tables), context)), schema)
