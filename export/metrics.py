"""ML.EVALUATE's metrics, by BigQuery ML's definitions, of the pipeline's predictions.

scikit-learn's own functions differ in three places: the median error is the lower median,
log loss of three or more classes is the mean over classes of the mean within a class, and
roc_auc compares 1001 quantiles of both sides' scores, of which equal ones count half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.parity import Answers, finite

Numbers = NDArray[np.float64]
LEAST = 1e-15
PARTS = 1000


def evaluate(labels: Sequence[Any], predicted: Answers) -> dict[str, float | None]:
    """Return the metrics of predictions.

    Parameters
    ----------
    labels : sequence
        What was true; a row with None is left out.
    predicted : Answers
        What was predicted, in the same order.
    """
    known = np.array([label is not None and label == label for label in labels], dtype=np.bool_)
    if not known.any():
        return {}
    if predicted.classes is None or predicted.labels is None:
        truth = np.array([label for label in labels if label is not None and label == label])
        found = _regression(truth.astype("float64"), predicted.values[known, 0])
    else:
        true = [label for label, kept in zip(labels, known, strict=True) if kept]
        guessed = [label for label, kept in zip(predicted.labels, known, strict=True) if kept]
        found = _classification(true, guessed, predicted.values[known], predicted.classes)
    return {name: finite(value) for name, value in found.items()}


def _regression(truth: Numbers, predicted: Numbers) -> dict[str, float]:
    error = truth - predicted
    absolute = np.sort(np.abs(error))
    spread = float(np.square(truth - truth.mean()).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.square(np.log1p(truth) - np.log1p(predicted)).mean()
        explained = 1 - np.square(error).sum() / np.float64(spread)
        variance = 1 - error.var() / truth.var()
    return {
        "mean_absolute_error": float(absolute.mean()),
        "mean_squared_error": float(np.square(error).mean()),
        "mean_squared_log_error": float(logs),
        "median_absolute_error": float(absolute[(len(absolute) - 1) // 2]),
        "r2_score": float(explained),
        "explained_variance": float(variance),
    }


def _classification(
    truth: list[Any], guessed: list[Any], values: Numbers, classes: Sequence[Any]
) -> dict[str, float]:
    true = np.array([[label == name for name in classes] for label in truth])
    guess = np.array([[label == name for name in classes] for label in guessed])
    judged = [1] if len(classes) == 2 else list(range(len(classes)))
    scores = np.array([_class_scores(true[:, c], guess[:, c]) for c in judged])
    precision, recall, f1 = scores.mean(axis=0)
    areas = [_roc_auc(values[:, c], true[:, c]) for c in judged]
    return {
        "precision": float(precision),
        "recall": float(recall),
        "accuracy": float((true & guess).any(axis=1).mean()),
        "f1_score": float(f1),
        "log_loss": _log_loss(true, values),
        "roc_auc": float(np.mean(areas)),
    }


def _class_scores(true: NDArray[np.bool_], guess: NDArray[np.bool_]) -> tuple[float, float, float]:
    hits = float((true & guess).sum())
    precision = hits / guess.sum() if guess.any() else 0.0
    recall = hits / true.sum() if true.any() else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return precision, recall, f1


def _log_loss(true: NDArray[np.bool_], values: Numbers) -> float:
    losses = -np.log(np.maximum(values[true], LEAST))
    if true.shape[1] == 2:
        return float(losses.mean())
    owner = true.argmax(axis=1)[true.any(axis=1)]
    return float(np.mean([losses[owner == c].mean() for c in np.unique(owner)]))


def _roc_auc(scores: Numbers, positive: NDArray[np.bool_]) -> float:
    if positive.all() or not positive.any():
        return float("nan")
    highs = _boundaries(scores[positive])
    lows = _boundaries(scores[~positive])
    wins = int(np.searchsorted(lows, highs, side="left").sum())
    ties = int(np.searchsorted(lows, highs, side="right").sum()) - wins
    return min(1.0, wins / (PARTS + 1) / PARTS + ties / 2 / (PARTS + 1) ** 2)


def _boundaries(scores: Numbers) -> Numbers:
    """Return the 1001 boundaries of a thousand parts, each one of the scores.

    Ranks are counted in whole numbers: a rounding error would take the neighbour.
    """
    ranks = -(-np.arange(PARTS + 1) * len(scores) // PARTS)
    boundaries: Numbers = np.sort(scores)[np.maximum(ranks, 1) - 1]
    return boundaries
