"""A trained model as the REST resource that Google returns."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.ml.model import Model
from emulator.ml.options import TrainingOptions
from emulator.ml.resource_metrics import evaluation_metrics

REST_TYPES = {"LINEAR_REG": "LINEAR_REGRESSION", "LOGISTIC_REG": "LOGISTIC_REGRESSION"}
_SPLITS = {"SEQ": "SEQUENTIAL"}


def summary(model: Model, location: str) -> dict[str, Any]:
    """Return what `models.list` says of a model."""
    metadata = model.metadata
    body: dict[str, Any] = {
        "modelReference": {
            "projectId": model.name.project,
            "datasetId": model.name.dataset,
            "modelId": model.name.model,
        },
        "modelType": REST_TYPES[model.options.model_type],
        "creationTime": str(metadata.created),
        "lastModifiedTime": str(metadata.modified),
        "location": location,
    }
    optional = {
        "friendlyName": metadata.friendly_name,
        "description": metadata.description,
        "labels": metadata.labels,
        "expirationTime": None if metadata.expires is None else str(metadata.expires),
    }
    return body | {key: value for key, value in optional.items() if value}


def resource(model: Model, location: str) -> dict[str, Any]:
    """Return what `models.get` says of a model: training run, columns and metrics included."""
    body = summary(model, location) | {
        "trainingRuns": [_training_run(model)],
        "featureColumns": [_column(f.name, f.type) for f in model.features],
        "labelColumns": [_column(model.label, model.label_type)],
    }
    return {"etag": etag(model), **_finite(body)}


def etag(model: Model) -> str:
    """Return a text that changes with the model and its metadata."""
    text = json.dumps([str(model.name), model.metadata.created, model.metadata.modified])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _column(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "type": {"typeKind": kind}}


def _training_run(model: Model) -> dict[str, Any]:
    started = datetime.fromtimestamp(model.started, UTC)
    run: dict[str, Any] = {
        "trainingOptions": _options(model),
        "trainingStartTime": str(int(model.started * 1000)),
        "startTime": _timestamp(started),
        "results": _results(model),
        "evaluationMetrics": evaluation_metrics(model),
    }
    if model.explanation is not None:
        run |= _explanations(model)
    return run


def _results(model: Model) -> list[dict[str, Any]]:
    results = []
    for step in model.iterations:
        result: dict[str, Any] = {
            "index": step.index,
            "durationMs": str(step.duration_ms),
            "trainingLoss": step.loss,
        }
        if step.eval_loss is not None:
            result["evalLoss"] = step.eval_loss
        if step.learning_rate is not None:
            result["learnRate"] = step.learning_rate
        results.append(result)
    return results


def _options(model: Model) -> dict[str, Any]:
    options = model.options
    linear = model.classes is None
    body: dict[str, Any] = {
        "lossType": "MEAN_SQUARED_LOSS" if linear else "MEAN_LOG_LOSS",
        "maxIterations": str(options.max_iterations),
        "l1Regularization": options.l1_reg,
        "l2Regularization": options.l2_reg,
        "minRelativeProgress": options.min_rel_progress,
        "earlyStop": options.early_stop,
        "warmStart": options.warm_start,
        "inputLabelColumns": [model.label],
        "dataSplitMethod": _SPLITS.get(options.data_split_method, options.data_split_method),
        "learnRateStrategy": options.learn_rate_strategy,
        "calculatePValues": options.calculate_p_values,
        "enableGlobalExplain": options.enable_global_explain,
        "categoryEncodingMethod": options.category_encoding_method,
        "fitIntercept": options.fit_intercept,
    }
    return body | _chosen_options(options, linear)


def _chosen_options(options: TrainingOptions, linear: bool) -> dict[str, Any]:
    """Return the options that only some trainings have."""
    body: dict[str, Any] = {}
    if options.learn_rate_strategy == "CONSTANT":
        body["learnRate"] = options.learn_rate
    else:
        body["initialLearnRate"] = options.ls_init_learn_rate
    if options.data_split_method in ("RANDOM", "SEQ", "AUTO_SPLIT"):
        fraction = options.data_split_eval_fraction
        body["dataSplitEvalFraction"] = 0.2 if fraction is None else fraction
    if options.data_split_col is not None:
        body["dataSplitColumn"] = options.data_split_col
    if linear:
        body["optimizationStrategy"] = options.optimize_strategy
    else:
        body["autoClassWeights"] = options.auto_class_weights
    if options.class_weights is not None:
        body["labelClassWeights"] = dict(options.class_weights)
    return body


def _explanations(model: Model) -> dict[str, Any]:
    assert model.explanation is not None
    names = [feature.name for feature in model.features]

    def ranked(sizes: list[float]) -> list[dict[str, Any]]:
        pairs = sorted(zip(names, sizes, strict=True), key=lambda pair: -pair[1])
        return [{"featureName": name, "attribution": size} for name, size in pairs]

    count = len(model.explanation)
    means = [sum(column) / count for column in zip(*model.explanation, strict=True)]
    body: dict[str, Any] = {"modelLevelGlobalExplanation": {"explanations": ranked(means)}}
    if model.classes is not None:
        body["classLevelGlobalExplanations"] = [
            {"explanations": ranked(list(sizes)), "classLabel": label}
            for label, sizes in zip(model.classes, model.explanation, strict=True)
        ]
    return body


def _timestamp(moment: datetime) -> str:
    rounded = moment - timedelta(microseconds=moment.microsecond % 1000)
    return rounded.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _finite(value: Any) -> Any:
    """Return JSON data with NaN and infinity as the texts that Google's JSON has for them."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
