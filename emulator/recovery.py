"""After a kill: catalogue and DuckDB say the same again.

bqemulator writes a table and its catalogue entry in two steps. What a killed process left
between them is brought in line at the next start: a table without entry gets one, an entry
without table goes, changed columns are taken over, half-loaded tables are dropped.
"""

from __future__ import annotations

from typing import Any

from bqemulator.catalog import ddl_sync
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import TableMeta, TableSchema
from bqemulator.storage.engine import CATALOG_SCHEMA
from bqemulator.storage.sql_identifiers import quoted_table_ref

from emulator import temporary
from emulator.external.views import HIDDEN_PREFIX
from emulator.loads import LOADING_SUFFIX

KEPT_JOBS = 500

Path3 = tuple[str, str, str]


def reconcile(context: Any) -> None:
    """Bring the catalogue in line with the database, and forget old jobs."""
    temporary.forget(context)
    tables = _paths("duckdb_tables()", "table_name", context)
    views = _paths("duckdb_views()", "view_name", context)
    for path in tables:
        _reconcile_table(path, context)
    for path in views:
        if not path[2].startswith(HIDDEN_PREFIX) and context.catalog.get_table(*path) is None:
            context.engine.execute(f"DROP VIEW IF EXISTS {quoted_table_ref(*path)}")
    for entry in _entries(context):
        path = (entry.project_id, entry.dataset_id, entry.table_id)
        if path not in tables | views and entry.table_type != "EXTERNAL":
            context.catalog.delete_table(*path, not_found_ok=True)
    _forget_jobs(context)


def _paths(source: str, column: str, context: Any) -> set[Path3]:
    rows = context.engine.execute(
        f"SELECT schema_name, {column} FROM {source} WHERE NOT internal"
    ).fetchall()
    found = set()
    for schema, name in rows:
        project, _, dataset = schema.partition("__")
        if project and dataset and context.catalog.get_dataset(project, dataset) is not None:
            found.add((project, dataset, name))
    return found


def _entries(context: Any) -> list[TableMeta]:
    return [
        entry
        for dataset in context.catalog.list_all_datasets()
        for entry in context.catalog.list_tables(dataset.project_id, dataset.dataset_id)
    ]


def _reconcile_table(path: Path3, context: Any) -> None:
    if path[2].endswith(LOADING_SUFFIX):
        context.engine.execute(f"DROP TABLE IF EXISTS {quoted_table_ref(*path)}")
        return
    entry = context.catalog.get_table(*path)
    schema = ddl_sync._introspect_schema(*path, context)
    if entry is None:
        now = context.clock.now()
        context.catalog.create_table(
            TableMeta(
                project_id=path[0],
                dataset_id=path[1],
                table_id=path[2],
                schema=schema,
                creation_time=now,
                last_modified_time=now,
                etag=generate_etag(*path, "TABLE", str(now)),
            )
        )
    elif _names(schema) != _names(entry.schema_) and _names(entry.schema_):
        context.catalog.update_table(entry.model_copy(update={"schema_": schema}))


def _names(schema: TableSchema) -> list[str]:
    return [field.name for field in schema.fields]


def _forget_jobs(context: Any) -> None:
    rows = context.engine.execute(
        f'SELECT project_id, job_id FROM "{CATALOG_SCHEMA}"."jobs" '
        f"ORDER BY creation_time DESC OFFSET {KEPT_JOBS}"
    ).fetchall()
    for project, job in rows:
        context.catalog.delete_job(project, job)
