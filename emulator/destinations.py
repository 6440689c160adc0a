"""A query's destination table: its result is written there, as the dispositions say."""

from __future__ import annotations

import uuid
from typing import Any

import pyarrow as pa
from bqemulator.api.routes import jobs as job_routes
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import JobMeta, TableMeta
from bqemulator.domain.errors import (
    AlreadyExistsError,
    InvalidQueryError,
    NotFoundError,
    ResourceRef,
    resource_already_exists,
    resource_not_found,
)
from bqemulator.jobs.executor import JOB_RESULTS
from bqemulator.storage.sql_identifiers import quoted_table_ref

from emulator.jobs import in_thread
from emulator.uniqueness import check_no_model

Path3 = tuple[str, str, str]


async def write_result(
    *,
    job_meta: JobMeta,
    job_id: str,
    query_config: dict[str, Any],
    ctx: Any,
    caller: Any,
    request_project_id: str,
) -> JobMeta:
    """Write a query's result to its destination; stands where bqemulator's function stood."""
    target = query_config.get("destinationTable") or {}
    statement = (job_meta.statistics.get("query") or {}).get("statementType")
    if not target.get("tableId") or statement != "SELECT":
        return job_meta
    path = (
        target.get("projectId") or request_project_id,
        target["datasetId"],
        target["tableId"].partition("$")[0],
    )

    async def job() -> JobMeta:
        try:
            _write(path, JOB_RESULTS[job_id], query_config, ctx)
        except (NotFoundError, AlreadyExistsError, InvalidQueryError) as error:
            result = job_routes._domain_error_to_error_result(error)
            return job_routes._failed_job_meta(
                request_project_id,
                job_id,
                "QUERY",
                {"query": query_config},
                result,
                ctx.clock.now(),
            )
        configuration = {**job_meta.configuration}
        configuration["query"] = {**configuration.get("query", {}), "destinationTable": target}
        return job_meta.model_copy(update={"configuration": configuration})

    return await in_thread(job)


def _write(path: Path3, result: pa.Table, config: dict[str, Any], context: Any) -> None:
    if context.catalog.get_dataset(*path[:2]) is None:
        raise resource_not_found(ResourceRef("dataset", *path[:2]))
    check_no_model(path, context)
    existing = context.catalog.get_table(*path)
    disposition = config.get("writeDisposition") or "WRITE_EMPTY"
    if existing is None and config.get("createDisposition") == "CREATE_NEVER":
        raise resource_not_found(ResourceRef("table", *path))
    table, view = quoted_table_ref(*path), f"__bqemu_{uuid.uuid4().hex}"
    if existing is not None and disposition == "WRITE_EMPTY":
        rows = context.engine.execute(f"SELECT count(*) FROM {table}").fetchone()
        if rows[0]:
            raise resource_already_exists(ResourceRef("table", *path))
    replaces = existing is None or disposition == "WRITE_TRUNCATE"
    start = f"CREATE OR REPLACE TABLE {table} AS" if replaces else f"INSERT INTO {table} BY NAME"
    context.engine.connection.register(view, result)
    try:
        context.engine.execute(f"{start} SELECT {_columns(result)} FROM {view}")
    except Exception as error:
        raise InvalidQueryError(f"Invalid schema update of {'.'.join(path)}: {error}") from error
    finally:
        context.engine.connection.unregister(view)
    _register(path, existing, context)


def _columns(result: pa.Table) -> str:
    columns = []
    for field in result.schema:
        name = '"' + field.name.replace('"', '""') + '"'
        kind = (field.metadata or {}).get(b"bqemu.duckdb_type")
        columns.append(f"CAST({name} AS {kind.decode()}) AS {name}" if kind else name)
    return ", ".join(columns)


def _register(path: Path3, existing: TableMeta | None, context: Any) -> None:
    now = context.clock.now()
    schema = ddl_sync._introspect_schema(*path, context)
    if existing is not None:
        changes = {"schema_": schema, "last_modified_time": now}
        context.catalog.update_table(existing.model_copy(update=changes))
        return
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
