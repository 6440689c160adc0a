"""Judges scores against labels: the metrics, counts and curve that training stores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml import metrics
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.model import Confusion, Roc
from emulator.ml.probabilities import sigmoid, softmax
from emulator.ml.roc import curve


@dataclass(frozen=True)
class Judgement:
    """What ML.EVALUATE, ML.CONFUSION_MATRIX and ML.ROC_CURVE return without data."""

    metrics: dict[str, float]
    confusion: Confusion | None = None
    roc: Roc | None = None


def judge_numbers(labels: Floats, predicted: Floats) -> Judgement:
    """Judge a regression."""
    return Judgement(metrics.regression_metrics(labels, predicted))


def judge_classes(labels: Codes, scores: Floats, classes: int) -> Judgement:
    """Judge a classification.

    Parameters
    ----------
    labels : array of int of shape (rows,)
        Positions of classes.
    scores : array of shape (outputs, rows)
        Log odds of the second class of two, or a score a class.
    """
    if classes == 2:
        positive = labels == 1
        values = metrics.binary_metrics(positive, scores[0])
        predicted, roc = (scores[0] > 0).astype(np.intp), curve(sigmoid(scores[0]), positive)
    else:
        chances = softmax(scores)
        values = metrics.multiclass_metrics(labels, chances, metrics.log_losses(scores, labels))
        predicted, roc = chances.argmax(axis=0), None
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (labels.astype(np.intp), predicted), 1)
    confusion = Confusion(tuple(tuple(int(n) for n in row) for row in counts))
    return Judgement(values, confusion, roc)
