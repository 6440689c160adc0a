"""The constant that a model is judged against: the training rows' mean label, or shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from export.batch import Batch
from export.metrics import Metrics, scores
from export.study import Study


class Constant:
    """Takes in what the constant answers and ends as its metrics."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._scores = scores(study.node.task, study.classes)
        self._values = constant_values(study)

    def take(self, batch: Batch) -> None:
        """Let the constant answer a batch."""
        values = np.tile(self._values, (len(batch.keys), 1))
        expected = batch.expected
        actual = replace(expected, values=values, labels=None)
        if study_classes := self._study.classes:
            likeliest = study_classes[int(np.argmax(self._values))]
            actual = replace(actual, labels=(likeliest,) * len(batch.keys))
        self._scores.add(batch, actual)

    def metrics(self) -> Metrics:
        """Return the constant's metrics.

        Its ROC is the diagonal; BigQuery ML's comparison of quantiles is not made for that
        many ties.
        """
        found = self._scores.metrics()
        return found | ({"roc_auc": 0.5} if found.get("roc_auc") is not None else {})


def constant_values(study: Study) -> NDArray[np.float64]:
    """Return what the constant says: mean label, or the classes' shares in their order."""
    constant = study.facts.constant
    if isinstance(constant, Mapping):
        return np.array([constant.get(label, 0.0) for label in study.classes or ()])
    return np.atleast_1d(np.float64(constant))
