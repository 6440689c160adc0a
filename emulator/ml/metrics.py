"""What ML.EVALUATE says, by the definitions that reproduce BigQuery's recorded numbers.

Regression: the median is the lower one. Two classes: of the positive (higher) class at a
threshold. More classes: unweighted means over classes, a class that is never predicted
counts 0, except accuracy; log loss is the mean over classes of the mean within the class.
ROC AUC compares 1001 quantiles of each side's scores, not all pairs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.probabilities import sigmoid

QUANTILES = 1000

REGRESSION = (
    "mean_absolute_error",
    "mean_squared_error",
    "mean_squared_log_error",
    "median_absolute_error",
    "r2_score",
    "explained_variance",
)
CLASSIFICATION = ("precision", "recall", "accuracy", "f1_score", "log_loss", "roc_auc")

Metrics = dict[str, float]
Flags = npt.NDArray[np.bool_]


def regression_metrics(actual: Floats, predicted: Floats) -> Metrics:
    """Return the six metrics of a regression; NaN where one is not defined.

    Parameters
    ----------
    actual, predicted : arrays of shape (rows,)
        At least one row.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        error = actual - predicted
        absolute = np.abs(error)
        total = np.square(actual - actual.mean()).mean()
        logs = np.square(np.log1p(actual) - np.log1p(predicted))
        middle = (len(error) - 1) // 2
        values = (
            absolute.mean(),
            np.square(error).mean(),
            logs.mean(),
            np.partition(absolute, middle)[middle],
            1 - np.square(error).mean() / total,
            1 - error.var() / total,
        )
    return {name: float(value) for name, value in zip(REGRESSION, values, strict=True)}


def binary_metrics(positive: Flags, log_odds: Floats, threshold: float = 0.5) -> Metrics:
    """Return the six metrics of a two-class model, of its positive class.

    Parameters
    ----------
    positive : array of bool of shape (rows,)
        Whether a row's label is the positive class.
    log_odds : array of shape (rows,)
        Score of the positive class before the sigmoid.
    threshold : float
        A probability above it predicts the positive class.
    """
    probability = sigmoid(log_odds)
    predicted = probability > threshold
    hits = int(np.count_nonzero(predicted & positive))
    loss = np.logaddexp(0.0, log_odds) - positive * log_odds
    values = (
        _ratio(hits, int(np.count_nonzero(predicted))),
        _ratio(hits, int(np.count_nonzero(positive))),
        _ratio(int(np.count_nonzero(predicted == positive)), len(positive)),
        _ratio(2 * hits, int(np.count_nonzero(predicted) + np.count_nonzero(positive))),
        float(loss.mean()),
        roc_auc(probability[positive], probability[~positive]),
    )
    return dict(zip(CLASSIFICATION, values, strict=True))


def multiclass_metrics(actual: Codes, probabilities: Floats, log_losses: Floats) -> Metrics:
    """Return the six metrics of a model of more than two classes.

    Parameters
    ----------
    actual : array of int of shape (rows,)
        Position of each row's class; the number of classes means a class unknown to the model.
    probabilities : array of shape (classes, rows)
    log_losses : array of shape (rows,)
        Minus the logarithm of the true class's probability.
    """
    predicted = probabilities.argmax(axis=0)
    per_class = []
    for position in np.unique(actual[actual < len(probabilities)]):
        is_class, says_class = actual == position, predicted == position
        hits = int(np.count_nonzero(is_class & says_class))
        size, said = int(np.count_nonzero(is_class)), int(np.count_nonzero(says_class))
        area = roc_auc(probabilities[position][is_class], probabilities[position][~is_class])
        per_class.append(
            (
                hits / said if said else 0.0,
                hits / size,
                2 * hits / (size + said),
                float(log_losses[is_class].mean()),
                area,
            )
        )
    means = np.mean(per_class, axis=0) if per_class else [float("nan")] * 5
    precision, recall, f1, loss, area = (float(mean) for mean in means)
    accuracy = _ratio(int(np.count_nonzero(predicted == actual)), len(actual))
    return dict(zip(CLASSIFICATION, (precision, recall, accuracy, f1, loss, area), strict=True))


def log_losses(scores: Floats, classes: Codes) -> Floats:
    """Return minus the logarithm of each row's true class's probability.

    Parameters
    ----------
    scores : array of shape (classes, rows)
    classes : array of int of shape (rows,)
        Position of each row's class; the number of classes (unknown to the model) gives NaN.
    """
    known = classes < len(scores)
    top = scores.max(axis=0)
    total = np.log(np.exp(scores - top).sum(axis=0)) + top
    chosen = np.take_along_axis(scores, np.where(known, classes, 0)[None], axis=0)[0]
    return np.where(known, total - chosen, np.nan)


def roc_auc(positive: Floats, negative: Floats) -> float:
    """Return the area under the ROC curve from quantiles of both sides' scores.

    Pairs of different scores count as recorded. No record has ties that show in its digits: they
    count half of their share, as the area under a curve has it, so that a model that tells
    nothing apart has 0.5.
    """
    if not len(positive) or not len(negative):
        return float("nan")
    above, below = quantiles(positive), quantiles(negative)
    wins = int(np.searchsorted(below, above, side="left").sum())
    ties = int(np.searchsorted(below, above, side="right").sum()) - wins
    return min(wins / ((QUANTILES + 1) * QUANTILES) + ties / (2 * (QUANTILES + 1) ** 2), 1.0)


def quantiles(values: Floats, number: int = QUANTILES) -> Floats:
    """Return the `number + 1` boundaries that APPROX_QUANTILES gives for few rows.

    Boundary i is the value of rank ceil(i rows / number): what a recorded ROC AUC needs.
    """
    ordered = np.sort(values)
    ranks = -(-np.arange(number + 1) * len(ordered) // number)
    return np.asarray(ordered[np.maximum(ranks - 1, 0)])


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
