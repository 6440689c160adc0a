"""A trained model as data: what the store writes and every function reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from emulator.ml.columns import Floats
from emulator.ml.descent import Iteration
from emulator.ml.features import (
    CategoricalFeature,
    Feature,
    NumericFeature,
    feature_from_json,
    feature_to_json,
)
from emulator.ml.options import TrainingOptions

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ModelName:
    """Where a model stands; compares as BigQuery does, case included."""

    project: str
    dataset: str
    model: str

    def __str__(self) -> str:
        """Return the name as BigQuery's messages have it."""
        return f"{self.project}:{self.dataset}.{self.model}"


@dataclass(frozen=True)
class Confusion:
    """Rows per actual and predicted class, by position in the model's classes."""

    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Roc:
    """The ROC curve's points on the rows that metrics were computed on."""

    thresholds: tuple[float, ...]
    true_positives: tuple[int, ...]
    false_positives: tuple[int, ...]
    positives: int
    negatives: int


@dataclass(frozen=True)
class Metadata:
    """What ALTER MODEL and models.patch may change; times in milliseconds."""

    created: int
    modified: int
    friendly_name: str | None = None
    description: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    expires: int | None = None


@dataclass(frozen=True)
class Model:
    """A trained linear or logistic model.

    Parameters
    ----------
    features : tuple of Feature
        In the order of the training query.
    classes : tuple of str or None
        Ascending label values as text; the last of two is the positive class.
    intercepts : tuple of float
        One per output, at the mean of every number and no category.
    weights : tuple of tuple of tuple of float
        Per output and feature: one slope per unit, or one weight per category.
    explanation : tuple of tuple of float, or None
        Per class (one for a regression) and feature: mean absolute attribution.
    started : float
        Seconds since the epoch at which training began.
    """

    name: ModelName
    options: TrainingOptions
    label: str
    label_type: str
    classes: tuple[str, ...] | None
    features: tuple[Feature, ...]
    intercepts: tuple[float, ...]
    weights: tuple[tuple[tuple[float, ...], ...], ...]
    iterations: tuple[Iteration, ...]
    metrics: dict[str, float]
    confusion: Confusion | None
    roc: Roc | None
    explanation: tuple[tuple[float, ...], ...] | None
    split_method: str
    started: float
    metadata: Metadata

    @property
    def is_binary(self) -> bool:
        """Whether this is a classification of two classes."""
        return self.classes is not None and len(self.classes) == 2

    @property
    def outputs(self) -> int:
        """Number of scores a row has."""
        return len(self.intercepts)

    def weight(self, output: int, position: int) -> Floats:
        """Return weights of a feature: shape (1,) or (categories,)."""
        return np.array(self.weights[output][position])

    def raw_intercept(self, output: int) -> float:
        """Return the intercept at zero of every number, as ML.WEIGHTS shows it."""
        total = self.intercepts[output]
        for position, feature in enumerate(self.features):
            if isinstance(feature, NumericFeature):
                total -= self.weights[output][position][0] * feature.mean
        return total


def model_to_json(model: Model) -> dict[str, Any]:
    """Return a model as JSON data."""
    data = {each.name: getattr(model, each.name) for each in fields(model)}
    data["features"] = [feature_to_json(feature) for feature in model.features]
    data["options"] = {**asdict(model.options), "given": sorted(model.options.given)}
    data["iterations"] = [asdict(step) for step in model.iterations]
    for key in ("name", "confusion", "roc", "metadata"):
        data[key] = None if data[key] is None else asdict(data[key])
    return {"schema_version": SCHEMA_VERSION, **data}


def model_from_json(data: dict[str, Any]) -> Model:
    """Return the model that `model_to_json` wrote."""
    data = {key: value for key, value in data.items() if key != "schema_version"}
    roc, confusion = data["roc"], data["confusion"]
    return Model(
        **{
            **data,
            "name": ModelName(**data["name"]),
            "options": _options(data["options"]),
            "classes": _tuples(data["classes"]),
            "features": tuple(feature_from_json(one) for one in data["features"]),
            "intercepts": tuple(data["intercepts"]),
            "weights": _tuples(data["weights"]),
            "iterations": tuple(Iteration(**step) for step in data["iterations"]),
            "confusion": confusion and Confusion(_tuples(confusion["counts"])),
            "roc": roc and Roc(**{key: _tuples(value) for key, value in roc.items()}),
            "explanation": _tuples(data["explanation"]),
            "metadata": Metadata(**data["metadata"]),
        }
    )


def feature_width(feature: Feature) -> int:
    """Return how many weights a feature has."""
    return len(feature.categories) if isinstance(feature, CategoricalFeature) else 1


def _options(data: dict[str, Any]) -> TrainingOptions:
    given = frozenset(data["given"])
    return TrainingOptions(**{**{k: _tuples(v) for k, v in data.items()}, "given": given})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
