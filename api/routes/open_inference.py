"""Open Inference Protocol v2: server and models described, and whether they answer."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.artifacts.served import Served
from api.artifacts.state import State
from api.dependencies import ModelName, StateNow, VersionName
from api.doors.open_inference import metadata
from api.protocols import (
    ModelMetadata,
    ModelReady,
    OpenInferenceError,
    ServerLive,
    ServerMetadata,
    ServerReady,
)
from api.schemas.refusals import refusals

router = APIRouter(prefix="/v2", tags=["open inference protocol"])
UNKNOWN = refusals(OpenInferenceError, 404, 503)


@router.get("", summary="The server")
def describe_server() -> ServerMetadata:
    """Name the server and the protocol's version."""
    return ServerMetadata(name="sales-models", version="1", extensions=[])


@router.get("/health/live", summary="The process runs")
def is_live() -> ServerLive:
    """Answer as long as the process runs."""
    return ServerLive(live=True)


@router.get("/health/ready", summary="A model answers", responses={503: {"model": ServerReady}})
def is_ready(state: StateNow, response: Response) -> ServerReady:
    """Answer 200 while at least one model is in service."""
    response.status_code = 200 if state.models else 503
    return ServerReady(ready=bool(state.models))


@router.get("/models/{model}", summary="A model", responses=UNKNOWN)
def describe(model: ModelName, state: StateNow) -> ModelMetadata:
    """Name a model's versions in service, and its inputs and outputs."""
    return _described(state, state.find(model))


@router.get("/models/{model}/versions/{version}", summary="A version", responses=UNKNOWN)
def describe_version(model: ModelName, version: VersionName, state: StateNow) -> ModelMetadata:
    """Name the inputs and outputs of a version in service."""
    return _described(state, state.find(model, version))


@router.get("/models/{model}/ready", summary="A model answers", responses=UNKNOWN)
def model_is_ready(model: ModelName, state: StateNow) -> ModelReady:
    """Answer 200 while the model is in service, 503 while it is published and not loaded."""
    state.find(model)
    return ModelReady(name=model, ready=True)


@router.get(
    "/models/{model}/versions/{version}/ready", summary="A version answers", responses=UNKNOWN
)
def version_is_ready(model: ModelName, version: VersionName, state: StateNow) -> ModelReady:
    """Answer 200 while the version is in service."""
    state.find(model, version)
    return ModelReady(name=model, ready=True)


def _described(state: State, served: Served) -> ModelMetadata:
    model = served.manifest.model
    versions = [one.manifest.version for one in state.versions(model)]
    return ModelMetadata.model_validate(metadata(served, versions))
