"""A model's evaluation metrics as its REST resource holds them."""

from __future__ import annotations

import math
from typing import Any

from emulator.ml.clustering.parameters import Clusters
from emulator.ml.data.features import Feature, NumericFeature
from emulator.ml.decomposition.parameters import Components
from emulator.ml.functions.coordinates import category_names
from emulator.ml.metrics import CLASSIFICATION
from emulator.ml.model import Model

_REGRESSION = {
    "meanAbsoluteError": "mean_absolute_error",
    "meanSquaredError": "mean_squared_error",
    "meanSquaredLogError": "mean_squared_log_error",
    "medianAbsoluteError": "median_absolute_error",
    "rSquared": "r2_score",
}
_AGGREGATE = ("precision", "recall", "accuracy", "f1Score", "logLoss", "rocAuc")


def evaluation_metrics(model: Model) -> dict[str, Any]:
    """Return what training found, in the form of the model's kind."""
    if isinstance(model.parameters, Clusters):
        return {"clusteringMetrics": _clusters(model, model.parameters)}
    if isinstance(model.parameters, Components):
        ratio = model.metrics["total_explained_variance_ratio"]
        return {"dimensionalityReductionMetrics": {"totalExplainedVarianceRatio": ratio}}
    if model.label is None:
        return {}
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


def _clusters(model: Model, clusters: Clusters) -> dict[str, Any]:
    return {
        "daviesBouldinIndex": model.metrics["davies_bouldin_index"],
        "meanSquaredDistance": model.metrics["mean_squared_distance"],
        "clusters": [
            {
                "centroidId": str(at),
                "count": str(size),
                "featureValues": [
                    _feature_value(feature, values, size)
                    for feature, values in zip(model.features, centroid, strict=True)
                ],
            }
            for at, (centroid, size) in enumerate(
                zip(clusters.centroids, clusters.sizes, strict=True), start=1
            )
        ],
    }


def _feature_value(feature: Feature, values: tuple[float, ...], size: int) -> dict[str, Any]:
    if isinstance(feature, NumericFeature):
        return {"featureColumn": feature.name, "numericalValue": values[0] + feature.mean}
    counts = [
        {"category": name, "count": str(round(value * size))}
        for name, value in zip(category_names(feature), values, strict=True)
        if value
    ]
    return {"featureColumn": feature.name, "categoricalValue": {"categoryCounts": counts}}
