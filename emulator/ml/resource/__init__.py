"""A trained model as the REST resource that Google returns."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.ml.data.training_columns import InputColumn
from emulator.ml.decomposition.parameters import Components
from emulator.ml.model import Iteration, Model
from emulator.ml.resource.columns import column_of
from emulator.ml.resource.metrics import evaluation_metrics
from emulator.ml.resource.training_options import training_options

REST_TYPES = {"LINEAR_REG": "LINEAR_REGRESSION", "LOGISTIC_REG": "LOGISTIC_REGRESSION"}


def summary(model: Model, location: str) -> dict[str, Any]:
    """Return what `models.list` says of a model."""
    metadata = model.metadata
    body: dict[str, Any] = {
        "modelReference": {
            "projectId": model.name.project,
            "datasetId": model.name.dataset,
            "modelId": model.name.model,
        },
        "modelType": REST_TYPES.get(model.type, model.type),
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
        "featureColumns": [column_of(one.name, one.type) for one in _inputs(model)],
    }
    if model.label is not None and model.label_type is not None:
        body["labelColumns"] = [column_of(model.label, model.label_type)]
    if model.transform is not None:
        body["transformColumns"] = [
            {**column_of(one.name, one.type), "transformSql": one.written}
            for one in model.transform.outputs
        ]
    return {"etag": etag(model), **_finite(body)}


def etag(model: Model) -> str:
    """Return a text that changes with the model and its metadata."""
    text = json.dumps([str(model.name), model.metadata.created, model.metadata.modified])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _inputs(model: Model) -> tuple[InputColumn, ...]:
    return model.inputs if model.transform is None else model.transform.inputs


def _training_run(model: Model) -> dict[str, Any]:
    started = datetime.fromtimestamp(model.started, UTC)
    run: dict[str, Any] = {
        "trainingOptions": training_options(model),
        "trainingStartTime": str(int(model.started * 1000)),
        "startTime": _timestamp(started),
        "results": _results(model),
        "evaluationMetrics": evaluation_metrics(model),
    }
    if model.explanation is not None:
        run |= _explanations(model)
    return run


def _results(model: Model) -> list[dict[str, Any]]:
    results = [_result(step) for step in model.iterations]
    if isinstance(model.parameters, Components):
        results.clear()
        ratios = model.parameters.ratios
        found = zip(model.parameters.eigenvalues, ratios, ratios.cumsum(), strict=True)
        infos = [
            {
                "principalComponentId": str(at),
                "explainedVariance": value,
                "explainedVarianceRatio": float(ratio),
                "cumulativeExplainedVarianceRatio": float(total),
            }
            for at, (value, ratio, total) in enumerate(found)
        ]
        results.append({"index": 0, "principalComponentInfos": infos})
    return results


def _result(step: Iteration) -> dict[str, Any]:
    result: dict[str, Any] = {
        "index": step.index,
        "durationMs": str(step.duration_ms),
        "trainingLoss": step.loss,
    }
    if step.eval_loss is not None:
        result["evalLoss"] = step.eval_loss
    if step.learning_rate is not None:
        result["learnRate"] = step.learning_rate
    if step.clusters is not None:
        result["clusterInfos"] = [
            {"centroidId": str(at), "clusterRadius": radius, "clusterSize": str(size)}
            for at, (radius, size) in enumerate(step.clusters, start=1)
        ]
    return result


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
