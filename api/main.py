"""The application: `uvicorn --factory api.main:create_app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.errors import RequestError
from api.registry import Registry
from api.routes import ROUTERS
from api.settings import Settings
from cloud import storage_client

DESCRIPTION = """Models that were trained in BigQuery ML and proven equal in scikit-learn, row by
row. Every answer carries the model's verdict: whether it beats a constant on rows it had not
seen."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings : Settings, optional
        From the environment if not given.

    Returns
    -------
    FastAPI
        Models appear once its lifespan has begun; it starts without bucket and models too.
    """
    settings = settings or Settings.from_environment()
    app = FastAPI(
        title="Sales models",
        version="1",
        description=DESCRIPTION,
        docs_url=None,  # its scripts come from another host
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.registry = Registry(settings, lambda: storage_client(settings.cloud))
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _broken)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.registry.start()
    yield
    app.state.registry.stop()


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestError)
    problems = [asdict(problem) for problem in error.problems]
    headers = {"Retry-After": "2"} if error.status == 503 else None
    body = {"detail": str(error), "problems": problems}
    return JSONResponse(body, error.status, headers)


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    body = {"detail": f"{request.method} {request.url.path}: {error.detail}", "problems": []}
    return JSONResponse(body, error.status_code, error.headers)


def _broken(request: Request, error: Exception) -> JSONResponse:
    body = {"detail": "The API failed inside; its log has the details.", "problems": []}
    return JSONResponse(body, 500)
