"""What a pipeline answers to a batch, and how it explains what BigQuery ML answered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.answers import BASELINE, PREDICTION
from export.artifact import class_name
from export.attributions import attributions
from export.batch import Batch
from export.parity import Answers, Label
from export.study import Study


def answer(study: Study, pipeline: Any, batch: Batch) -> Answers:
    """Return a pipeline's answers to a batch."""
    keys, task = batch.keys, study.node.task
    if task == "regression":
        values = np.asarray(pipeline.predict(batch.frame), dtype="float64").reshape(-1, 1)
        return Answers(keys, batch.expected.outputs, values, None)
    if task == "classification":
        classes = tuple(pipeline.classes_.tolist())
        labels = tuple(pipeline.predict(batch.frame).tolist())
        outputs = tuple(class_name(label) for label in classes)
        return Answers(keys, outputs, pipeline.predict_proba(batch.frame), labels, classes)
    values = np.asarray(pipeline.transform(batch.frame), dtype="float64")
    outputs = study.sources.outputs[: values.shape[1]]
    if task == "decomposition":
        return Answers(keys, outputs, values, None)
    labels = tuple((pipeline.predict(batch.frame) + 1).tolist())
    return Answers(keys, outputs, values, labels, batch.expected.classes, nearest=True)


def explanation(pipeline: Any, batch: Batch) -> Answers:
    """Return a pipeline's own attributions, of the class that BigQuery ML predicts."""
    found = attributions(pipeline, batch.frame)
    expected = batch.expected
    if found is None:
        return Answers(batch.keys, (), np.empty((len(batch.keys), 0)), None)
    output, sign = _predicted(expected, found.parts.shape[1])
    rows = np.arange(len(batch.keys))
    parts = found.parts[rows, output] * sign[:, None]
    baseline = found.baseline[output] * sign
    values = np.column_stack([parts, baseline, baseline + parts.sum(axis=1)])
    labels = expected.labels
    return Answers(batch.keys, (*found.features, BASELINE, PREDICTION), values, labels)


def _predicted(expected: Answers, outputs: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the raw output of each row's predicted class, and its sign."""
    count = len(expected.keys)
    if expected.labels is None or expected.classes is None:
        return np.zeros(count, dtype=np.intp), np.ones(count)
    place: dict[Label, int] = {label: index for index, label in enumerate(expected.classes)}
    chosen = np.array([place[label] for label in expected.labels], dtype=np.intp)
    if outputs > 1:
        return chosen, np.ones(count)
    return np.zeros(count, dtype=np.intp), np.where(chosen == 1, 1.0, -1.0)
