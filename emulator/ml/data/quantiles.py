"""A sorted column in as many values as a model may hold."""

from __future__ import annotations

import math

import numpy as np

from emulator.ml.data.columns import Floats

MOST = 10_001


def thinned(ascending: Floats) -> tuple[float, ...]:
    """Return all values, or evenly spaced ones of more than MOST."""
    if len(ascending) > MOST:
        places = np.linspace(0, len(ascending) - 1, MOST).round().astype(np.intp)
        ascending = ascending[places]
    return tuple(map(float, ascending))


def quantile(ascending: tuple[float, ...], share: float) -> float:
    """Return the first value at or below which there is `share` of the values."""
    at = math.ceil(share * len(ascending)) - 1
    return ascending[min(max(at, 0), len(ascending) - 1)]
