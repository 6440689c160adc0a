"""The normal distribution as BigQuery computes it.

Recorded bounds (levels 0.7, 0.8, 0.95) and anomaly probabilities are those of Abramowitz and
Stegun's approximation 7.1.27 of erf, not of erf itself: 1.956449 in place of 1.959964.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from emulator.ml.arima.types import Floats

_COEFFICIENTS = (0.078108, 0.000972, 0.230389, 0.278393, 1.0)
_FARTHEST = 1e5


def probability(distance: Floats) -> Floats:
    """Return the probability of being nearer than `distance` standard errors to the mean."""
    scaled = np.minimum(np.abs(distance), _FARTHEST) / np.sqrt(2)
    return 1 - np.polyval(_COEFFICIENTS, scaled) ** -4.0


def distance(level: float) -> float:
    """Return the distance of which `probability` is `level`, in [0, 1)."""
    if not 0 <= level < 1:
        raise ValueError(f"level is '{level}'; expected a number of at least 0 and less than 1")
    wanted = (1 - level) ** -0.25
    root = brentq(lambda x: np.polyval(_COEFFICIENTS, x) - wanted, 0.0, _FARTHEST, xtol=1e-13)
    return float(root * np.sqrt(2))
