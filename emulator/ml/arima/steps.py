"""Abrupt changes of the level, found one by one as Chen and Liu (1993) find level shifts.

The series without its seasons is taken as ARIMA(0, 1, 1); a shift counts where its t-value,
by a robust standard error, is above 4.2 and above that of a single outlier at the same place
(4.2, within Chen and Liu's 3 to 4.5, finds the recorded step of 2016-12-06; longer series need
more against chance). The history is moved to the level of the last segment.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter

from emulator.ml.arima.arma import innovations
from emulator.ml.arima.types import Floats
from emulator.running import check_cancelled

THRESHOLD = 4.2
SHORTEST_SEGMENT = 7
MOST = 10


def steps(values: Floats, seasonless: Callable[[Floats], Floats]) -> Floats:
    """Return what each point stands above the level of the last segment because of steps.

    Parameters
    ----------
    values
        Series, shape (n,).
    seasonless
        Takes the seasons out of a series.

    Returns
    -------
    Floats
        Shape (n,), zero from the last step on.
    """
    out = np.zeros(len(values))
    if len(values) < 3 * SHORTEST_SEGMENT:
        return out
    for _ in range(MOST):
        check_cancelled()
        found = _largest(seasonless(values - out))
        if found is None:
            break
        place, size = found
        out[:place] -= size
    return out


def _largest(values: Floats) -> tuple[int, float] | None:
    """Return where the most significant step begins and its size."""
    changes = np.diff(values)
    changes = changes - np.median(changes)
    if np.abs(changes).max() <= 1e-12 * np.abs(values).max():
        return None
    changes_size = np.abs(changes).max()
    weight = _weight(changes / changes_size)
    errors = lfilter([1.0], [1.0, weight], changes)
    sigma = 1.4826 * np.median(np.abs(errors - np.median(errors))) + 1e-9 * changes_size
    lengths = np.arange(len(errors), 0, -1)
    shift = lfilter([1.0], [1.0, weight], errors[::-1])[::-1]
    shift_norm = (1 - weight ** (2 * lengths)) / (1 - weight**2)
    single = shift - np.append(shift[1:], 0.0)
    single_norm = 1 + (1 + weight) ** 2 * np.append(shift_norm[1:], 0.0)
    t_shift = np.abs(shift) / np.sqrt(shift_norm) / sigma
    t_single = np.abs(single) / np.sqrt(single_norm) / sigma
    least = max(THRESHOLD, np.sqrt(2 * np.log(len(changes))) + 0.5)
    counts = (t_shift > least) & (t_shift >= t_single)
    counts[: SHORTEST_SEGMENT - 1] = counts[1 - SHORTEST_SEGMENT :] = False
    if not counts.any():
        return None
    place = int(np.argmax(np.where(counts, t_shift, 0.0)))
    return place + 1, float(shift[place] / shift_norm[place])


def _weight(changes: Floats) -> float:
    """Return the moving-average coefficient of MA(1) changes."""

    def cost(weight: float) -> float:
        errors, variances = innovations(changes, np.zeros(0), np.array([weight]))
        return float(np.log((errors**2 / variances).mean()) + np.log(variances).mean())

    return float(minimize_scalar(cost, bounds=(-0.98, 0.98), method="bounded").x)
