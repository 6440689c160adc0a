"""The ROC curve of a two-class model: counts at thresholds taken from the scores."""

from __future__ import annotations

import numpy as np

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.metrics import quantiles
from emulator.ml.model import Roc

POINTS = 100


def curve(probability: Floats, positive: Codes, thresholds: Floats | None = None) -> Roc:
    """Count true and false positives at each threshold.

    Parameters
    ----------
    probability : array of shape (rows,)
        Of the positive class.
    positive : array of bool of shape (rows,)
    thresholds : array or None
        None takes percentiles of `probability`, each once, the highest first.

    Returns
    -------
    Roc
        A row counts as predicted positive if its probability is at least the threshold.
    """
    if thresholds is None:
        found = np.unique(quantiles(probability, POINTS)) if len(probability) else np.empty(0)
        thresholds = found[::-1]
    sides = [np.sort(probability[positive]), np.sort(probability[~positive])]
    counts = [len(side) - np.searchsorted(side, thresholds, side="left") for side in sides]
    return Roc(
        tuple(float(value) for value in thresholds),
        true_positives=tuple(int(n) for n in counts[0]),
        false_positives=tuple(int(n) for n in counts[1]),
        positives=len(sides[0]),
        negatives=len(sides[1]),
    )
