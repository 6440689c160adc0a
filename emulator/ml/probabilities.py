"""From scores to probabilities, without overflow."""

from __future__ import annotations

import numpy as np

from emulator.ml.data.columns import Floats


def sigmoid(scores: Floats) -> Floats:
    """Return 1 / (1 + exp(-s)) without overflow."""
    small = np.exp(-np.abs(scores))
    return np.where(scores >= 0, 1.0, small) / (1.0 + small)


def softmax(scores: Floats) -> Floats:
    """Return class probabilities; classes run along the first axis."""
    powers = np.exp(scores - scores.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0))
