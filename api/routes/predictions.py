"""Predictions, as OpenAPI describes them.

They are answered before FastAPI is asked (`api.main.Application`), so the functions below are
never called: they stand in the OpenAPI document, and FastAPI answers 405 to other methods.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.dependencies import ModelName, VersionName
from api.doors.addresses import INVOCATIONS
from api.doors.door import CSV
from api.doors.own import ARROW
from api.protocols import (
    InferRequest,
    InferResponse,
    InstancesRequest,
    InstancesResponse,
    InvocationRequest,
    InvocationResponse,
    MLflowError,
    OpenInferenceError,
    VertexError,
)
from api.schemas.predictions import ColumnsRequest, ColumnsResponse, RowsRequest, RowsResponse
from api.schemas.refusals import ErrorBody, refusals

TEXT = {"schema": {"type": "string"}}
BINARY = {"schema": {"type": "string", "format": "binary"}}
Answer = RowsResponse | ColumnsResponse


REQUESTS: tuple[type[BaseModel], ...] = (
    RowsRequest,
    ColumnsRequest,
    InferRequest,
    InvocationRequest,
    InstancesRequest,
)
REFERENCE = "#/components/schemas/{model}"


def request_schemas() -> dict[str, Any]:
    """Return the schemas of all bodies by name: FastAPI does not read these bodies itself."""
    pairs = [(form, "validation") for form in REQUESTS]
    _, found = models_json_schema(pairs, ref_template=REFERENCE)  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _body(*forms: type[BaseModel], **others: Any) -> dict[str, Any]:
    schemas = [{"$ref": REFERENCE.format(model=form.__name__)} for form in forms]
    schema: dict[str, Any] = {"anyOf": schemas} if len(schemas) > 1 else {**schemas[0]}
    content = {"application/json": {"schema": schema}} | others
    return {"requestBody": {"required": True, "content": content}}


OWN_BODY = _body(RowsRequest, ColumnsRequest, **{CSV[0]: TEXT, ARROW[0]: BINARY})
OWN_REFUSALS = refusals(ErrorBody, 404, 413, 415, 422, 503)


def router(vertex: str) -> APIRouter:
    """Return the routes.

    Parameters
    ----------
    vertex : str
        Where Vertex AI asks for predictions.
    """
    found = APIRouter(tags=["predictions"])
    found.post(
        "/models/{model}/predict",
        summary="Predict rows",
        responses=OWN_REFUSALS,
        openapi_extra=OWN_BODY,
    )(predict)
    found.post(
        "/models/{model}/versions/{version}/predict",
        summary="Ask a version",
        responses=OWN_REFUSALS,
        openapi_extra=OWN_BODY,
    )(predict_version)
    for path, function in (
        ("/v2/models/{model}/infer", infer),
        ("/v2/models/{model}/versions/{version}/infer", infer_version),
    ):
        found.post(
            path,
            summary="Open Inference Protocol",
            responses=refusals(OpenInferenceError, 400, 404, 413, 503),
            openapi_extra=_body(InferRequest),
        )(function)
    found.post(
        INVOCATIONS,
        summary="MLflow's scoring protocol",
        responses=refusals(MLflowError, 400, 404, 413, 415, 503),
        openapi_extra=_body(InvocationRequest, **{CSV[0]: TEXT}),
    )(invoke)
    found.post(
        vertex,
        summary="Vertex AI's custom container",
        responses=refusals(VertexError, 404, 413, 422, 503),
        openapi_extra=_body(InstancesRequest),
    )(predict_instances)
    return found


async def predict(model: ModelName, explain: bool = False) -> Answer:
    """Answer each row with a value, or with a label and probabilities, and with warnings.

    Every column of the model must be there; null says that a value is not known. Rows and
    columns come in JSON, columns in CSV or Arrow too; answers to columns are columns. With
    `explain=true` each answer has what moved it, as ML.EXPLAIN_PREDICT has it.
    """
    raise NotImplementedError


async def predict_version(model: ModelName, version: VersionName, explain: bool = False) -> Answer:
    """Answer as `/models/{model}/predict`, by one of the versions in service."""
    raise NotImplementedError


async def infer(model: ModelName, explain: bool = False) -> InferResponse:
    """Answer tensors; null, which the protocol does not have, is JSON's."""
    raise NotImplementedError


async def infer_version(
    model: ModelName, version: VersionName, explain: bool = False
) -> InferResponse:
    """Answer tensors by one of the versions in service."""
    raise NotImplementedError


async def invoke(explain: bool = False) -> InvocationResponse:
    """Answer by the default model as `mlflow models serve` does."""
    raise NotImplementedError


async def predict_instances(explain: bool = False) -> InstancesResponse:
    """Answer instances by the default model."""
    raise NotImplementedError
