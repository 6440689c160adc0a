"""From scores to outputs, for one row and for many, without overflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from api.scoring.columns import Floats
from api.scoring.tables import Link


def sigmoid(score: float) -> float:
    """Return 1 / (1 + exp(-score)) without overflow."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    power = math.exp(score)
    return power / (1 + power)


def softmax(scores: Sequence[float]) -> list[float]:
    """Return the scores as probabilities, without overflow."""
    most = max(scores)
    powers = [math.exp(score - most) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _chances(scores: list[float]) -> list[float]:
    share = sigmoid(scores[0])
    return [1 - share if share < 0.5 else sigmoid(-scores[0]), share]


def _many_chances(scores: Floats) -> Floats:
    powers = np.exp(-np.abs(scores[:, 0]))
    small = powers / (1 + powers)
    share = np.where(scores[:, 0] >= 0, 1 - small, small)
    other = np.where(scores[:, 0] >= 0, small, 1 - small)
    return np.stack([other, share], axis=1)


def _many_softmax(scores: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def _same(scores: Any) -> Any:
    return scores


LINKS: dict[Link, tuple[Callable[[list[float]], list[float]], Callable[[Floats], Floats]]] = {
    "identity": (_same, _same),
    "logistic": (_chances, _many_chances),
    "softmax": (softmax, _many_softmax),
}
