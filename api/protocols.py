"""What goes over the wire at the doors that are not our own, as OpenAPI describes it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.models import Verdict
from api.schemas.predictions import ROW, Cell, ExplanationOut, PlacedWarning, Prediction

Data = list[str | bool | int | float | None]
Parameters = dict[str, str | int | float | bool]
DATATYPES = {str: "BYTES", int: "INT64", float: "FP64"}
TENSORS: list[Any] = [
    {"name": name, "shape": [1], "datatype": DATATYPES[type(cell)], "data": [cell]}
    for name, cell in ROW.items()
]
INVOCATIONS: list[Any] = [
    {"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}},
    {"dataframe_records": [ROW]},
    {"instances": [ROW], "params": {"predict_method": "predict"}},
    {"inputs": {name: [cell] for name, cell in ROW.items()}},
]


class ServerMetadata(BaseModel):
    """What `/v2` says of the server."""

    name: str
    version: str
    extensions: list[str]


class ServerLive(BaseModel):
    """Whether the process runs."""

    live: bool


class ServerReady(BaseModel):
    """Whether the default model answers."""

    ready: bool


class ModelReady(BaseModel):
    """Whether a model answers."""

    name: str
    ready: bool


class TensorMetadata(BaseModel):
    """One input or output of a model; -1 is the number of rows."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """A model in the terms of the protocol."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class RequestTensor(BaseModel):
    """One input column."""

    model_config = ConfigDict(extra="forbid")

    name: str
    shape: list[int]
    datatype: str
    parameters: Parameters | None = None
    data: Data | list[Data] = Field(description="Flat, or of the shape [rows, 1] as lists.")


class RequestOutput(BaseModel):
    """An output that is wanted."""

    name: str
    parameters: Parameters | None = None


class InferRequest(BaseModel):
    """A tensor for each input column, each of the shape [rows] or [rows, 1]."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"id": "1", "inputs": TENSORS}]}
    )

    id: str | None = None
    parameters: Parameters | None = None
    inputs: list[RequestTensor]
    outputs: list[RequestOutput] | None = None


class ResponseTensor(BaseModel):
    """One output."""

    name: Literal["value", "label", "probabilities", "cluster", "distances", "components"]
    shape: list[int]
    datatype: str
    parameters: Parameters | None = None
    data: Data


class InferResponse(BaseModel):
    """The answers; verdict, warnings and explanations are parameters."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: Parameters
    outputs: list[ResponseTensor]


class OpenInferenceError(BaseModel):
    """Why a request was not answered."""

    error: str


class SplitFrame(BaseModel):
    """pandas' `split` orientation."""

    model_config = ConfigDict(extra="forbid")

    columns: list[str]
    data: list[list[Cell]]
    index: list[Any] | None = None


class InvocationParams(BaseModel):
    """How to answer."""

    model_config = ConfigDict(extra="forbid")

    predict_method: Literal["predict", "predict_proba"] = "predict"


class InvocationRequest(BaseModel):
    """Rows in exactly one of four forms."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": INVOCATIONS})

    dataframe_split: SplitFrame | None = None
    dataframe_records: list[dict[str, Cell]] | None = None
    instances: list[dict[str, Cell]] | dict[str, list[Cell]] | None = None
    inputs: dict[str, list[Cell]] | list[dict[str, Cell]] | None = None
    params: InvocationParams | None = None


class InvocationResponse(BaseModel):
    """What the pipeline's `predict` returns, or its `predict_proba`."""

    predictions: list[float] | list[str | int | bool] | list[list[float]]
    verdict: Verdict
    warnings: list[PlacedWarning] = Field([], description="Left out if there are none.")
    explanations: list[ExplanationOut] | None = Field(None, description="With `explain=true`.")


class MLflowError(BaseModel):
    """Why a request was not answered."""

    error_code: str
    message: str


class InstancesRequest(BaseModel):
    """Rows, each an object with a value for every column."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"instances": [ROW]}]}
    )

    instances: list[dict[str, Cell]] = Field(min_length=1)
    parameters: Any = Field(None, description="Read over.")


class InstancesResponse(BaseModel):
    """One prediction an instance."""

    predictions: list[Prediction]
    verdict: Verdict


class VertexErrorDetail(BaseModel):
    """What is wrong."""

    code: int
    message: str


class VertexError(BaseModel):
    """Why a request was not answered."""

    error: VertexErrorDetail
