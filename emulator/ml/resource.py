"""A trained model as the REST resource that Google returns."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.ml.metrics import CLASSIFICATION
from emulator.ml.model import Model

REST_TYPES = {"LINEAR_REG": "LINEAR_REGRESSION", "LOGISTIC_REG": "LOGISTIC_REGRESSION"}
_SPLITS = {"SEQ": "SEQUENTIAL"}
_REGRESSION = {
    "meanAbsoluteError": "mean_absolute_error",
    "meanSquaredError": "mean_squared_error",
    "meanSquaredLogError": "mean_squared_log_error",
    "medianAbsoluteError": "median_absolute_error",
    "rSquared": "r2_score",
}
_AGGREGATE = ("precision", "recall", "accuracy", "f1Score", "logLoss", "rocAuc")


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
        "labelColumns": [_column(f"predicted_{model.label}", _label_type(model))],
    }
    return {"etag": etag(model), **_finite(body)}


def etag(model: Model) -> str:
    """Return a text that changes with the model and its metadata."""
    text = json.dumps([str(model.name), model.metadata.created, model.metadata.modified])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _label_type(model: Model) -> str:
    return "FLOAT64" if model.classes is None else model.label_type


def _column(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "type": {"typeKind": kind}}


def _training_run(model: Model) -> dict[str, Any]:
    started = datetime.fromtimestamp(model.started, UTC)
    run: dict[str, Any] = {
        "trainingOptions": _options(model),
        "trainingStartTime": str(int(model.started * 1000)),
        "startTime": _timestamp(started),
        "results": _results(model),
        "evaluationMetrics": _metrics(model),
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


def _metrics(model: Model) -> dict[str, Any]:
    if model.classes is None:
        found = {key: model.metrics[name] for key, name in _REGRESSION.items()}
        return {"regressionMetrics": found}
    named = zip(_AGGREGATE, CLASSIFICATION, strict=True)
    aggregate: dict[str, Any] = {key: model.metrics[name] for key, name in named}
    if model.is_binary:
        return {"binaryClassificationMetrics": _binary(model, aggregate | {"threshold": 0.5})}
    matrix = {"confidenceThreshold": 0.0, "rows": _confusion_rows(model)}
    return {
        "multiClassClassificationMetrics": {
            "aggregateClassificationMetrics": aggregate,
            "confusionMatrixList": [matrix],
        }
    }


def _binary(model: Model, aggregate: dict[str, Any]) -> dict[str, Any]:
    assert model.classes is not None and model.roc is not None
    negative, positive = model.classes
    curve = model.roc
    return {
        "aggregateClassificationMetrics": aggregate,
        "binaryConfusionMatrixList": [
            _binary_matrix(threshold, hits, alarms, curve.positives, curve.negatives)
            for threshold, hits, alarms in zip(
                curve.thresholds, curve.true_positives, curve.false_positives, strict=True
            )
        ],
        "positiveLabel": positive,
        "negativeLabel": negative,
    }


def _binary_matrix(
    threshold: float, hits: int, alarms: int, positives: int, negatives: int
) -> dict[str, Any]:
    right = hits + negatives - alarms
    return {
        "positiveClassThreshold": threshold,
        "truePositives": str(hits),
        "falsePositives": str(alarms),
        "trueNegatives": str(negatives - alarms),
        "falseNegatives": str(positives - hits),
        "precision": hits / (hits + alarms) if hits + alarms else math.nan,
        "recall": hits / positives if positives else math.nan,
        "f1Score": 2 * hits / (hits + alarms + positives) if alarms + positives else math.nan,
        "accuracy": right / (positives + negatives),
    }


def _confusion_rows(model: Model) -> list[dict[str, Any]]:
    assert model.classes is not None and model.confusion is not None
    return [
        {
            "actualLabel": actual,
            "entries": [
                {"predictedLabel": predicted, "itemCount": str(count)}
                for predicted, count in zip(model.classes, counts, strict=True)
            ],
        }
        for actual, counts in zip(model.classes, model.confusion.counts, strict=True)
    ]


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
