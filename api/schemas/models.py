"""The models in service and all that is known about them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Metrics = dict[str, float | None]
MODEL, VERSION = "price_linear", "9f2c4d1a7be05538"
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
