"""The only module that replaces functions of bqemulator; its version is pinned for this.

A seam is a name in a module or class of bqemulator and the parameters that it takes. All of
them are checked when the emulator starts, so that a bqemulator that moved one is refused by
name instead of misbehaving.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import sqlglot
from bqemulator import server
from bqemulator.api.routes import jobs as job_routes
from bqemulator.api.routes import upload as upload_routes
from bqemulator.catalog import duckdb_repository
from bqemulator.grpc_api import read_servicer
from bqemulator.jobs import executor
from bqemulator.scripting import interpreter
from bqemulator.sql import catalog_schema, inner_query
from fastapi import APIRouter, FastAPI

from emulator import (
    copies,
    datasets,
    declarations,
    destinations,
    extracts,
    failures,
    generation,
    jobs,
    loads,
    parsing,
    reading,
    scripts,
    tables,
    translation,
    uploads,
)
from emulator import (
    job_routes as our_job_routes,
)
from emulator.catalog import SharedCatalog
from emulator.engine import ThreadedEngine
from emulator.ml.routes import router as models


@dataclass(frozen=True)
class Seam:
    """Where ours stands: an attribute of a module or class, and what it takes."""

    owner: Any
    name: str
    parameters: str
    ours: Any


def seams() -> tuple[Seam, ...]:
    """Return every seam."""
    chain = "bq_sql project_id ctx caller translator"
    job = "project_id job_id bq_sql query_params ctx use_cache caller"
    load = "project_id job_id config ctx"
    script = interpreter.ScriptInterpreter
    return (
        Seam(job_routes, "execute_query_job", job, jobs.execute_query_job),
        Seam(
            job_routes,
            "_apply_default_dataset",
            "bq_sql query_config request_project_id",
            remember_default_dataset,
        ),
        Seam(job_routes, "execute_copy_job", load, copies.execute_copy_job),
        Seam(job_routes, "execute_extract_job", load, extracts.execute_extract_job),
        Seam(executor, "rewrite_and_translate_statement", chain, translation.translate),
        Seam(interpreter, "rewrite_and_translate_statement", chain, translation.translate),
        Seam(
            inner_query,
            "rewrite_for_row_access",
            "bq_sql project_id caller catalog",
            translation.rewrite_for_row_access,
        ),
        Seam(catalog_schema, "_safe_bq_to_duckdb", "bq_type", translation.column_type),
        Seam(executor, "sync_dropped_object", "bq_sql project_id ctx", declarations.sync),
        Seam(interpreter, "sync_dropped_object", "bq_sql project_id ctx", declarations.sync),
        Seam(script, "_exec_sql", "self sql", scripts.exec_sql),
        Seam(script, "_run_query", "self bq_sql", scripts.run_query),
        Seam(
            script, "_run_query_with_params", "self bq_sql using_values", scripts.query_with_values
        ),
        Seam(script, "_exec_create_function", "self stmt", scripts.create_function),
        Seam(
            script,
            "_run_statement_with_params",
            "self bq_sql using_values",
            scripts.run_with_values,
        ),
        Seam(
            job_routes,
            "_apply_write_append",
            "job_meta job_id query_config ctx caller request_project_id",
            destinations.write_result,
        ),
        Seam(job_routes, "execute_load_job", load, loads.execute_load_job),
        Seam(
            upload_routes, "_parse_multipart_related", "content_type body", uploads.parse_multipart
        ),
        Seam(
            upload_routes,
            "_load_configuration_from_envelope",
            "envelope",
            uploads.load_configuration,
        ),
        Seam(
            upload_routes,
            "_run_load",
            "project_id configuration media_path ctx",
            uploads.run_load,
        ),
        Seam(read_servicer, "BigQueryReadHandler", "context", reading.ReadHandler),
        Seam(
            read_servicer,
            "create_read_session",
            "project_id table_ref arrow_table max_streams selected_fields data_format "
            "required_field_names",
            reading.create_read_session,
        ),
        Seam(sqlglot, "parse_one", "sql read dialect into opts", parsing.parse_one),
        Seam(server, "DuckDBEngine", "settings", ThreadedEngine),
        Seam(server, "MemoryCatalogRepository", "engine", SharedCatalog),
        Seam(duckdb_repository, "MemoryCatalogRepository", "engine", SharedCatalog),
        Seam(server, "create_app", "context", create_app),
    )


_bqemulator_create_app = server.__dict__["create_app"]
_installed = False


def install() -> None:
    """Put ours where bqemulator's functions stand; a second call changes nothing.

    Raises
    ------
    RuntimeError
        Naming the seam that moved.
    """
    global _installed
    if _installed:
        return
    for seam in seams():
        check(seam)
    for seam in seams():
        setattr(seam.owner, seam.name, seam.ours)
    generation.install()
    translation.install()
    _installed = True


def check(seam: Seam) -> None:
    """Check that bqemulator's function is there and takes what it took.

    Raises
    ------
    RuntimeError
        Naming the seam that moved.
    """
    theirs = getattr(seam.owner, seam.name, None)
    found = [] if theirs is None else list(inspect.signature(theirs).parameters)
    if found != seam.parameters.split():
        raise RuntimeError(
            f"bqemulator moved {seam.owner.__name__}.{seam.name}: it takes {found}, expected "
            f"{seam.parameters.split()}. Install the bqemulator version that pyproject.toml pins."
        )


def create_app(context: Any) -> FastAPI:
    """Make bqemulator's app with our routes standing before its own."""
    app: FastAPI = _bqemulator_create_app(context)
    failures.install(app)
    theirs = list(app.router.routes)
    for router in routers():
        app.include_router(router)
    ours = [route for route in app.router.routes if route not in theirs]
    app.router.routes[:] = [*ours, *theirs]
    return app


def routers() -> tuple[APIRouter, ...]:
    """Return our routes, in the order in which they are asked."""
    return (models, datasets.router, tables.router, our_job_routes.router)


def remember_default_dataset(
    bq_sql: str, query_config: dict[str, Any], *, request_project_id: str
) -> str:
    """Keep the job's default dataset for its session; its statements are qualified later."""
    jobs.use_default_dataset(query_config.get("defaultDataset"), request_project_id)
    return bq_sql
