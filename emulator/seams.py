"""The only module that replaces functions of bqemulator; its version is pinned for this.

Each seam is (module, name, what stands there). `check` fails loudly, by name, when a new
bqemulator has moved one of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bqemulator import server
from bqemulator.api.routes import jobs as job_routes
from fastapi import APIRouter, FastAPI

from emulator import jobs
from emulator.engine import ThreadedEngine

PARAMETERS = {
    (job_routes, "execute_query_job"): [
        *("project_id", "job_id", "bq_sql", "query_params", "ctx", "use_cache", "caller"),
    ],
    (job_routes, "_apply_default_dataset"): ["bq_sql", "query_config", "request_project_id"],
    (server, "create_app"): ["context"],
    (server, "DuckDBEngine"): ["settings"],
}

_bqemulator_create_app = server.create_app


def check() -> None:
    """Check that every seam still has the shape it was made for.

    Raises
    ------
    RuntimeError
        Naming the seam that moved.
    """
    for (module, name), expected in PARAMETERS.items():
        found = list(inspect.signature(getattr(module, name)).parameters)
        if found != expected:
            raise RuntimeError(
                f"bqemulator moved {module.__name__}.{name}: it takes {found}, expected "
                f"{expected}. Pin the bqemulator version of pyproject.toml."
            )


def install() -> None:
    """Put ours where bqemulator's functions stand; a second call changes nothing."""
    check()
    job_routes.execute_query_job = jobs.execute_query_job
    job_routes._apply_default_dataset = remember_default_dataset
    server.create_app = create_app
    server.DuckDBEngine = ThreadedEngine


def create_app(context: Any) -> FastAPI:
    """Make bqemulator's app with our routes standing before its own."""
    app: FastAPI = _bqemulator_create_app(context)
    theirs = list(app.router.routes)
    for router in routers():
        app.include_router(router)
    ours = [route for route in app.router.routes if route not in theirs]
    app.router.routes[:] = [*ours, *theirs]
    return app


def routers() -> tuple[APIRouter, ...]:
    """Return our routes, in the order in which they are asked."""
    with suppress(ImportError):
        from emulator.ml.routes import router as models

        return (models,)
    return ()


_qualify: Callable[..., str] = job_routes._apply_default_dataset


def remember_default_dataset(
    bq_sql: str, query_config: dict[str, Any], *, request_project_id: str
) -> str:
    """Keep the job's default dataset for its session, and qualify what can be parsed."""
    dataset = query_config.get("defaultDataset") or {}
    if dataset.get("datasetId"):
        project = dataset.get("projectId") or request_project_id
        jobs.DEFAULT_DATASET.set(f"{project}.{dataset['datasetId']}")
    return _qualify(bq_sql, query_config, request_project_id=request_project_id)
