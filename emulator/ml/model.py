"""A trained model as data: what the store writes and every function reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from emulator.ml.clustering.parameters import Clusters
from emulator.ml.data.features import Feature, feature_from_json, feature_to_json
from emulator.ml.data.profile import Profile
from emulator.ml.data.summary import Summary
from emulator.ml.data.training_columns import InputColumn
from emulator.ml.decomposition.parameters import Components
from emulator.ml.glm.parameters import Weights
from emulator.ml.options import BY_TYPE
from emulator.ml.options.base import TrainingOptions
from emulator.ml.time_series.parameters import SeriesSet
from emulator.ml.transform.parameters import Transform
from emulator.ml.trees.matrix import Encoding
from emulator.ml.trees.parameters import Ensemble

SCHEMA_VERSION = 2
Parameters = Weights | Ensemble | Clusters | Components | SeriesSet | None
_PARAMETERS: dict[str, Any] = {
    one.__name__: one for one in (Weights, Ensemble, Clusters, Components, SeriesSet)
}


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
class Iteration:
    """One line of ML.TRAINING_INFO; `clusters` are radius and size of each, for k-means."""

    index: int
    loss: float
    eval_loss: float | None
    learning_rate: float | None
    duration_ms: int
    clusters: tuple[tuple[float, int], ...] | None = None


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


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What training found.

    Parameters
    ----------
    options : TrainingOptions
        With what training decided, e.g. the strategy that AUTO means.
    parameters : Weights, Ensemble, Clusters, Components, SeriesSet or None
        What the model's family learned; None for TRANSFORM_ONLY.
    inputs : tuple of InputColumn
        Feature columns of the training query (of the TRANSFORM clause, if there is one).
    features : tuple of Feature
        What they expand to, in the same order.
    label, label_type : str or None
        None for a model without label.
    classes : tuple of str or None
        Ascending label values as text; the last of two is the positive class.
    explanation : tuple of tuple of float, or None
        Per class (one for a regression) and feature: mean absolute attribution.
    profiles : tuple of Profile
        Of the training query's feature columns, before a TRANSFORM clause; empty for a time
        series.
    summaries : tuple of Summary
        Of the training query's columns before a TRANSFORM clause; empty without one.
    """

    options: TrainingOptions
    parameters: Parameters
    inputs: tuple[InputColumn, ...] = ()
    features: tuple[Feature, ...] = ()
    label: str | None = None
    label_type: str | None = None
    classes: tuple[str, ...] | None = None
    iterations: tuple[Iteration, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    confusion: Confusion | None = None
    roc: Roc | None = None
    explanation: tuple[tuple[float, ...], ...] | None = None
    profiles: tuple[Profile, ...] = ()
    summaries: tuple[Summary, ...] = ()
    split_method: str = "NO_SPLIT"


@dataclass(frozen=True, kw_only=True)
class Model(Fitted):
    """A trained model with its name; `started` is in seconds since the epoch."""

    name: ModelName
    transform: Transform | None
    started: float
    metadata: Metadata

    @property
    def type(self) -> str:
        """Its MODEL_TYPE."""
        return self.options.model_type

    @property
    def is_binary(self) -> bool:
        """Whether this is a classification of two classes."""
        return self.classes is not None and len(self.classes) == 2


def model_to_json(model: Model) -> dict[str, Any]:
    """Return a model as JSON data."""
    data = {each.name: getattr(model, each.name) for each in fields(model)}
    data["features"] = [feature_to_json(feature) for feature in model.features]
    data["options"] = {**asdict(model.options), "given": sorted(model.options.given)}
    data["iterations"] = [asdict(step) for step in model.iterations]
    for key in ("inputs", "profiles", "summaries"):
        data[key] = [asdict(one) for one in data[key]]
    data["parameters"] = model.parameters and {
        "class": type(model.parameters).__name__,
        **_parameters_to_json(model.parameters),
    }
    for key in ("name", "confusion", "roc", "metadata", "transform"):
        data[key] = None if data[key] is None else asdict(data[key])
    return {"schema_version": SCHEMA_VERSION, **data}


def model_from_json(data: dict[str, Any]) -> Model:
    """Return the model that `model_to_json` wrote."""
    data = {key: value for key, value in data.items() if key != "schema_version"}
    roc, confusion, transform = data["roc"], data["confusion"], data["transform"]
    return Model(
        **{
            **data,
            "name": ModelName(**data["name"]),
            "options": _options(data["options"]),
            "parameters": _parameters(data["parameters"]),
            "inputs": tuple(InputColumn(**one) for one in data["inputs"]),
            "features": tuple(feature_from_json(one) for one in data["features"]),
            "profiles": tuple(Profile.from_json(one) for one in data.get("profiles", ())),
            "summaries": tuple(Summary(**one) for one in data.get("summaries", ())),
            "classes": _tuples(data["classes"]),
            "iterations": tuple(
                Iteration(**{key: _tuples(value) for key, value in step.items()})
                for step in data["iterations"]
            ),
            "confusion": confusion and Confusion(_tuples(confusion["counts"])),
            "roc": roc and Roc(**{key: _tuples(value) for key, value in roc.items()}),
            "explanation": _tuples(data["explanation"]),
            "metadata": Metadata(**data["metadata"]),
            "transform": transform and Transform.from_json(transform),
        }
    )


def _parameters_to_json(parameters: Parameters) -> dict[str, Any]:
    assert parameters is not None
    return parameters.to_json() if isinstance(parameters, SeriesSet) else asdict(parameters)


def _parameters(data: dict[str, Any] | None) -> Parameters:
    if data is None:
        return None
    if data["class"] == SeriesSet.__name__:
        return SeriesSet.from_json(data)
    values = {key: _tuples(value) for key, value in data.items() if key != "class"}
    if "encoding" in values:
        encoding = {key: _tuples(value) for key, value in values["encoding"].items()}
        values["encoding"] = Encoding(**encoding)
    found: Parameters = _PARAMETERS[data["class"]](**values)
    return found


def _options(data: dict[str, Any]) -> TrainingOptions:
    given = frozenset(data["given"])
    make = BY_TYPE[data["model_type"]].make
    return make(**{**{k: _tuples(v) for k, v in data.items()}, "given": given})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
