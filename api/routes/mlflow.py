"""MLflow's scoring protocol: whether the default model answers."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api.dependencies import DefaultModel, StateNow
from api.protocols import MLflowError
from api.schemas.refusals import refusals

router = APIRouter(tags=["mlflow"])
# The scoring protocol that we speak came with it.
MLFLOW_VERSION = "3.0.0"
ANSWERS = refusals(MLflowError, 404, 503)


@router.get(
    "/health",
    summary="The default model answers, as /ping",
    response_class=PlainTextResponse,
    responses=ANSWERS,
)
@router.get(
    "/ping",
    summary="The default model answers",
    response_class=PlainTextResponse,
    responses=ANSWERS,
)
def ping(state: StateNow, model: DefaultModel) -> PlainTextResponse:
    """Answer 200 with an empty line while the default model is in service."""
    state.find(model)
    return PlainTextResponse("\n")


@router.get("/version", summary="The protocol's version", response_class=PlainTextResponse)
def version() -> PlainTextResponse:
    """Return the MLflow version whose protocol `/invocations` speaks."""
    return PlainTextResponse(MLFLOW_VERSION)
