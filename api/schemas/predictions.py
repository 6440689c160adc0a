"""Rows that are asked, and the answers to them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.models import MODEL, VERDICT, VERSION, Verdict

ROW: dict[str, Any] = {
    "model": "X5",
    "year": 2021,
    "region": "Europe",
    "color": "Black",
    "fuel_type": "Hybrid",
    "transmission": "Automatic",
    "engine_size_l": 3.0,
    "mileage_km": 42000,
}
Cell = str | int | float | None


class RowsRequest(BaseModel):
    """Rows to answer: each holds every feature of the model; null says it is not known."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rows": [ROW]}]})

    rows: list[dict[str, Cell]] = Field(min_length=1)


class ColumnsRequest(BaseModel):
    """The same as columns: a list for every feature, all of one length."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"columns": {name: [cell] for name, cell in ROW.items()}}]},
    )

    columns: dict[str, list[Cell]]


class WarningOut(BaseModel):
    """A value that training did not see the like of."""

    column: str
    value: str | int | float
    message: str


class PlacedWarning(WarningOut):
    """The same, of one of many rows."""

    row: int = Field(description="Position from 0.")


class AttributionOut(BaseModel):
    """What one feature adds to the answer."""

    feature: str = Field(description="An input column, or what a TRANSFORM clause makes of it.")
    attribution: float
    sentence: str = Field(description="In the language of Accept-Language.")


class ExplanationOut(BaseModel):
    """Why a row is answered so, as ML.EXPLAIN_PREDICT tells it."""

    of: str | int | bool | None = Field(
        description="Whose score is explained: of two classes the second, of more the label; null "
        "for a regression."
    )
    baseline: float = Field(description="The score before any feature is known.")
    prediction: float = Field(description="Baseline and all attributions: a value, or log odds.")
    attributions: list[AttributionOut] = Field(description="The five greatest.")


class ValuePrediction(BaseModel):
    """A regression's answer to one row."""

    value: float
    warnings: list[WarningOut]
    explanation: ExplanationOut | None = Field(None, description="With `explain=true`.")


class LabelPrediction(BaseModel):
    """A classifier's answer to one row."""

    label: str | int | bool
    probabilities: dict[str, float] = Field(description="By class; they sum to 1.")
    warnings: list[WarningOut]
    explanation: ExplanationOut | None = Field(None, description="With `explain=true`.")


class ClusterPrediction(BaseModel):
    """What k-means answers to one row."""

    cluster: int = Field(description="The nearest, from 1.")
    distances: dict[str, float] = Field(description="By cluster.")
    warnings: list[WarningOut]


class ComponentsPrediction(BaseModel):
    """What PCA answers to one row."""

    components: dict[str, float]
    warnings: list[WarningOut]


Prediction = ValuePrediction | LabelPrediction | ClusterPrediction | ComponentsPrediction


class RowsResponse(BaseModel):
    """One prediction for each row, in order, all by one version."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "version": VERSION,
                    "verdict": VERDICT,
                    "predictions": [{"value": 48211.7, "warnings": []}],
                }
            ]
        }
    )

    model: str
    version: str
    verdict: Verdict
    predictions: list[Prediction]


class ValueColumns(BaseModel):
    """A regression's answers."""

    value: list[float]


class LabelColumns(BaseModel):
    """A classifier's answers."""

    label: list[str | int | bool]
    probabilities: dict[str, list[float]] = Field(description="By class, then by row.")


class ClusterColumns(BaseModel):
    """The answers of k-means."""

    cluster: list[int]
    distances: dict[str, list[float]] = Field(description="By cluster, then by row.")


class ComponentsColumns(BaseModel):
    """The answers of PCA."""

    components: dict[str, list[float]] = Field(description="By component, then by row.")


class ColumnsResponse(BaseModel):
    """The answers as columns, in the order of the rows, all by one version."""

    model: str
    version: str
    verdict: Verdict
    columns: ValueColumns | LabelColumns | ClusterColumns | ComponentsColumns
    warnings: list[PlacedWarning]
    explanations: list[ExplanationOut] | None = Field(None, description="With `explain=true`.")
