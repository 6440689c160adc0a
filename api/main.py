"""The application; `python -m api` serves it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from multiprocessing import parent_process
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.artifacts.registry import Registry
from api.artifacts.seal import die_with_parent
from api.doors.addresses import Addresses
from api.doors.core import Core
from api.doors.door import Door
from api.doors.warming import warm
from api.errors import InvalidQuery, Refused, RequestError
from api.gate.callers import Callers
from api.gate.connection import Desk
from api.gate.gate import OPEN_PATHS, Gate
from api.gate.limits import Limits, Room
from api.marts.reader import Marts
from api.memory import keep_freed
from api.observability.logs import set_up
from api.observability.metrics import Metrics
from api.observability.prediction_log import Bounds, PredictionLog
from api.observability.sharing import Shared
from api.routes import ROUTERS, health, predictions
from api.schemas.document import complete
from api.settings import Settings
from cloud import bigquery_client, storage_client

# A long batch works beside the event loop, which must not wait Python's usual 5 ms for its turn.
SWITCH_SECONDS = 0.0005
# Hardly anything here is in a cycle: Python's usual 700 allocations would be every few requests.
COLLECTIONS = (20_000, 20, 50)
# What long bodies and answers may take together: so many bodies, or so many bytes.
BODIES, LEAST_ROOM = 8, 64 * 1024 * 1024
logger = logging.getLogger("api")
DESCRIPTION = """Models that were trained in BigQuery ML and proven equal in scikit-learn, row by
row. Every answer carries the model's verdict: whether it beats a constant on rows it had not
seen."""


class Application(FastAPI):
    """FastAPI with the doors in front of it."""

    addresses: Addresses
    entrance: ASGIApp
    desk: Desk | None

    def openapi(self) -> dict[str, Any]:
        """Return the description of the API, with what FastAPI does not see of it."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["components"]["schemas"] |= predictions.request_schemas()
            complete(document, self.state.settings, self.addresses, OPEN_PATHS)
        return super().openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request at the gate; FastAPI answers what is at no door."""
        if scope["type"] == "http":
            await self.entrance(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


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
    app = Application(
        title="Sales models",
        version="1",
        description=DESCRIPTION,
        docs_url=None,  # its scripts come from another host
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.storage = cache(lambda: storage_client(settings.cloud))
    app.state.registry = Registry(settings, lambda: storage_client(settings.cloud), warm)
    app.state.marts = Marts(lambda: bigquery_client(settings.cloud))
    app.state.prediction_log = _prediction_log(settings)
    app.state.metrics = Metrics(app.state.registry, app.state.prediction_log, _shared(settings))
    app.addresses = Addresses(settings.vertex_route)
    gate = Gate(
        Callers(settings),
        Limits(settings.max_concurrent, settings.max_per_second),
        Room(max(LEAST_ROOM, BODIES * settings.max_body_bytes)),
        app.addresses,
        Core(settings, app.state.registry),
        app.state.metrics,
        app.state.prediction_log,
        log_all=settings.log_requests,
        open_path=settings.health_route,
        inside=partial(FastAPI.__call__, app),
    )
    app.entrance = _with_origins(gate.handle, settings.cors_origins)
    app.desk = None if settings.cors_origins else gate
    for router in (predictions.router(settings.vertex_route), *ROUTERS):
        app.include_router(router)
    if settings.health_route and settings.health_route != "/health/ready":
        app.add_api_route(settings.health_route, health.ready, include_in_schema=False)
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)
    return app


def from_environment() -> FastAPI:
    """Make the application for a server's process, which logs as the environment says."""
    settings = Settings.from_environment()
    set_up(settings.log_form)
    if settings.workers > 1:
        _stay_with_parent()
    keep_freed()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    return create_app(settings)


def _stay_with_parent() -> None:
    """End with the process that started this worker: nobody else would, and the port stay held."""
    parent = parent_process()
    die_with_parent()
    if parent is not None and os.getppid() != parent.pid:
        sys.exit("The process that started this worker is gone.")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    log: PredictionLog | None = app.state.prediction_log
    app.state.registry.start()
    app.state.metrics.start()
    if log is not None:
        log.start()
    yield
    app.state.registry.stop()
    if log is not None:
        await asyncio.to_thread(log.stop)
    app.state.metrics.stop()


def _prediction_log(settings: Settings) -> PredictionLog | None:
    if settings.prediction_log is None:
        return None
    bounds = Bounds(seconds=settings.prediction_log_seconds)
    return PredictionLog(settings.prediction_log, lambda: bigquery_client(settings.cloud), bounds)


def _shared(settings: Settings) -> Shared | None:
    """Return where the workers tell each other what they counted."""
    parent = parent_process()
    if settings.workers == 1 or parent is None or parent.pid is None:
        return None
    try:
        return Shared(parent.pid)
    except OSError as error:
        logger.warning("Each worker's /metrics are its own: there is no shared memory: %s", error)
        return None


def _with_origins(inside: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    if not origins:
        return inside
    return CORSMiddleware(
        inside,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=("content-type", "accept-language", "x-api-key", "authorization"),
        expose_headers=("x-request-id", "retry-after"),
    )


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    reply = _door(request).refuse(error)
    headers = {"Retry-After": "2"} if reply.status == 503 else None
    return Response(reply.body, reply.status, headers, reply.content_type)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name, value = first["loc"][-1], str(first.get("input"))[:60]
    reply = _door(request).refuse(InvalidQuery(f"{name} is {value!r}: {first['msg']}."))
    return Response(reply.body, reply.status, media_type=reply.content_type)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = f"{request.method} {request.url.path}: {error.detail}"
    reply = _door(request).refuse(Refused(words, error.status_code))
    return Response(reply.body, error.status_code, error.headers, reply.content_type)


def _broken(request: Request, error: Exception) -> Response:
    reply = _door(request).broken()
    return Response(reply.body, reply.status, media_type=reply.content_type)


def _door(request: Request) -> Door:
    app: Application = request.app
    return app.addresses.door(request.scope["path"])
