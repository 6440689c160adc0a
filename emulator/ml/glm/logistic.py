"""LOGISTIC_REG: sigmoid for two classes, softmax for more, by BigQuery's gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.design import CHUNK, Design
from emulator.ml.data.features import Feature
from emulator.ml.glm.descent import Problem, Solution, descend
from emulator.ml.options.glm import GlmOptions
from emulator.ml.probabilities import sigmoid, softmax

MOST_CLASSES = 50


@dataclass(frozen=True)
class BinaryLogLoss:
    """Mean log loss of one score: the log odds of the positive (higher) class.

    Parameters
    ----------
    positive : array of shape (rows,)
        1.0 for rows of the positive class, else 0.0.
    weights : array of shape (rows,) or None
        Weight of each row.
    """

    positive: Floats
    weights: Floats | None = None

    @cached_property
    def total(self) -> float:
        """Sum of the rows' weights."""
        return float(len(self.positive) if self.weights is None else self.weights.sum())

    def loss(self, scores: Floats) -> float:
        """Return the weighted mean of `log(1 + exp(s)) - y s`."""
        total = 0.0
        for chunk in _chunks(len(self.positive)):
            score = scores[0, chunk]
            part = np.log1p(np.exp(-np.abs(score)))
            part += np.maximum(score, 0.0)
            part -= self.positive[chunk] * score
            total += float(part.sum() if self.weights is None else part @ self.weights[chunk])
        return total / self.total

    def slope(self, scores: Floats) -> Floats:
        """Return (probability - y) times weight over the total, of shape (1, rows)."""
        out = np.empty_like(scores)
        for chunk in _chunks(len(self.positive)):
            part = sigmoid(scores[0, chunk]) - self.positive[chunk]
            out[0, chunk] = part if self.weights is None else part * self.weights[chunk]
        out /= self.total
        return out


@dataclass(frozen=True)
class SoftmaxLogLoss:
    """Mean cross entropy of one score a class.

    Parameters
    ----------
    classes : array of int of shape (rows,)
        Position of each row's class.
    weights : array of shape (rows,) or None
        Weight of each row.
    """

    classes: Codes
    weights: Floats | None = None

    @cached_property
    def total(self) -> float:
        """Sum of the rows' weights."""
        return float(len(self.classes) if self.weights is None else self.weights.sum())

    def loss(self, scores: Floats) -> float:
        """Return the weighted mean of `log(sum(exp(s))) - s[class]`."""
        total = 0.0
        for chunk in _chunks(len(self.classes)):
            part = scores[:, chunk]
            top = part.max(axis=0)
            lost = np.log(np.exp(part - top).sum(axis=0)) + top
            lost -= np.take_along_axis(part, self.classes[None, chunk].astype(np.intp), axis=0)[0]
            total += float(lost.sum() if self.weights is None else lost @ self.weights[chunk])
        return total / self.total

    def slope(self, scores: Floats) -> Floats:
        """Return probability minus 1 for the row's class, weighted, over the total."""
        out = np.empty_like(scores)
        for chunk in _chunks(len(self.classes)):
            part = softmax(scores[:, chunk])
            part[self.classes[chunk], np.arange(part.shape[1])] -= 1.0
            out[:, chunk] = part if self.weights is None else part * self.weights[chunk]
        out /= self.total
        return out


def fit_logistic(
    design: Design,
    classes: Codes,
    class_count: int,
    class_weights: Floats | None,
    features: tuple[Feature, ...],
    options: GlmOptions,
    evaluation: tuple[Design, Codes] | None,
) -> Solution:
    """Fit; one output for two classes, one a class for more.

    Parameters
    ----------
    classes : array of int of shape (rows,)
        Position of each training row's class, classes ascending.
    class_weights : array of shape (class_count,) or None
        Weight of the rows of each class.
    evaluation : (Design, array of int) or None
        Rows for the evaluation loss.
    """
    weights = None if class_weights is None else class_weights[classes]
    loss = _loss(classes, class_count, weights)
    held_out = None
    if evaluation is not None:
        held_out = (evaluation[0], _loss(evaluation[1], class_count, None))
    outputs = 1 if class_count == 2 else class_count
    return descend(Problem(design, loss, outputs, features, options, held_out))


def _loss(
    classes: Codes, class_count: int, weights: Floats | None
) -> BinaryLogLoss | SoftmaxLogLoss:
    if class_count == 2:
        return BinaryLogLoss((classes == 1).astype(float), weights)
    return SoftmaxLogLoss(classes, weights)


def _chunks(rows: int) -> list[slice]:
    return [slice(start, min(start + CHUNK, rows)) for start in range(0, rows, CHUNK)]
