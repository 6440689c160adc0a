"""What goes over the wire, as OpenAPI describes it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Metrics = dict[str, float | None]
Language = Literal["en", "pt-BR"]
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
VERDICT: dict[str, Any] = {
    "status": "signal",
    "sentence": "Better than a constant guess: on 1,993 rows it had not seen, its mean squared "
    "error is 89% lower (by 312,400,000, 95% interval 298,100,000 to 326,700,000).",
    "improvement": 312400000.0,
    "interval": [298100000.0, 326700000.0],
    "loss": "squared_error",
    "test_rows": 1993,
    "reason": None,
}


class Alive(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Trouble(BaseModel):
    """A pointer whose version could not be loaded; what was in service stays."""

    model: str
    version: str | None = Field(description="What the pointer names; null if it is unreadable.")
    reason: str = Field(description="What is wrong, and what to do.")
    since: str = Field(description="First seen, UTC.")
    attempts: int
    serving: str | None = Field(description="The last good version, which keeps answering.")


class Readiness(BaseModel):
    """Whether predictions can be asked for, and what is wrong."""

    status: Literal["ready", "not_ready"]
    models: dict[str, str] = Field(description="Version in service, by model.")
    problems: list[Trouble]
    storage: str | None = Field(description="Why the bucket cannot be read now; null if it can.")


class Verdict(BaseModel):
    """Whether the model beats a constant on rows it had not seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [VERDICT]})

    status: Literal["signal", "no_signal"]
    sentence: str = Field(description="In plain words, in the language of Accept-Language.")
    improvement: float | None = Field(
        description="Mean loss of the constant minus the model's, on the test rows."
    )
    interval: list[float] | None = Field(description="95% interval of the improvement.")
    loss: str | None = Field(description="`squared_error` or `log_loss`.")
    test_rows: int | None
    reason: str | None = Field(description="Why there is no figure, or what it rests on.")


class FeatureOut(BaseModel):
    """One column that a row must hold."""

    name: str
    type: Literal["INT64", "FLOAT64", "STRING"]
    kind: Literal["numeric", "categorical"]
    categories: list[str] | None = Field(description="Seen in training; others are answered too.")
    min: int | float | None = Field(description="Smallest value in training.")
    max: int | float | None = Field(description="Largest value in training.")
    nullable: bool = Field(description="Whether training held NULLs; null is always allowed.")


class ModelSummary(BaseModel):
    """A model in service."""

    model: str
    version: str
    type: str = Field(description="As BigQuery ML names it.", examples=["LINEAR_REG"])
    label: str | None = Field(
        description="What it predicts; null for clusters and components.", examples=["price_usd"]
    )
    task: Literal["regression", "classification", "clustering", "decomposition"]
    published_at: str
    verdict: Verdict


class MetricsOut(BaseModel):
    """The same metrics on the same test rows, on both sides."""

    bigquery_ml: Metrics
    scikit_learn: Metrics


class ExplanationParity(BaseModel):
    """How near the pickle's attributions are to ML.EXPLAIN_PREDICT's."""

    rows: int
    of: int | None = Field(description="Rows there were; null if all were compared.")
    max_abs: float | None
    max_rel: float | None = Field(description="Of the greatest part of the row's answer.")
    mean_abs: float | None
    p99_abs: float | None
    tolerance: float | None = Field(None, description="What max_rel may be.")
    within: bool


class Parity(BaseModel):
    """How near the pickle's answers are to BigQuery ML's, on every test row and hard ones."""

    rows: int
    max_abs: float | None
    max_rel: float | None
    mean_abs: float | None
    p99_abs: float | None
    label_disagreements: int
    tolerance: float
    within: bool
    explanations: ExplanationParity | None = Field(
        None, description="Null where BigQuery ML explains nothing."
    )


class Method(BaseModel):
    """How the scikit-learn pipeline came about."""

    published: Literal["retrained", "transplanted"]
    requested: Literal["auto", "retrained", "transplanted"]
    reason: str


class ModelDetail(ModelSummary):
    """All that is known about a model in service."""

    bigquery_model: str
    classes: list[str | int | bool] | None = Field(description="Ascending; null without.")
    features: list[FeatureOut]
    method: Method
    metrics: MetricsOut
    parity: dict[str, Parity | None] = Field(
        description="`published` is what is served; the others are what was tried."
    )
    created_at: str
    loaded_at: str
    libraries: dict[str, str]
    pictures: list[str] = Field(description="Of its card, at `/models/{model}/pictures/{name}`.")


class PastVersion(BaseModel):
    """A version of a model, as its manifest tells."""

    version: str
    created_at: str
    current: bool
    status: str = Field(description="signal or no_signal.")
    metrics: Metrics
    method: str


class History(BaseModel):
    """The newest versions of a model."""

    versions: list[PastVersion]


class Leak(BaseModel):
    """How well one column alone determines the label."""

    column_name: str
    measure: str = Field(description="auc, correlation or conditional_entropy.")
    value: float | None
    leaks: bool = Field(description="It is never a feature of a model of this label.")


class LeakAudit(BaseModel):
    """Every column against a label."""

    label: str
    columns: list[Leak]


class ModelList(BaseModel):
    """Every model in service."""

    models: list[ModelSummary]


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
                    "model": "price_linear",
                    "version": "9f2c4d1a7be05538",
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


class ProblemOut(BaseModel):
    """One thing wrong with the rows of a request."""

    row: int | None = Field(description="Position in `rows`, from 0; null: the body as a whole.")
    column: str | None
    value: str | None = Field(description="What was sent, shortened.")
    expected: str
    message: str


class ErrorBody(BaseModel):
    """Why a request was not answered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "detail": "rows[0].year is 'abc'; expected a whole number of 64 bits or null.",
                    "problems": [
                        {
                            "row": 0,
                            "column": "year",
                            "value": "'abc'",
                            "expected": "a whole number of 64 bits or null",
                            "message": "rows[0].year is 'abc'; expected a whole number of 64 bits "
                            "or null.",
                        }
                    ],
                }
            ]
        }
    )

    detail: str
    problems: list[ProblemOut] = []


def refusals(body: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a route for OpenAPI: these statuses with this body."""
    return {status: {"model": body} for status in statuses}
