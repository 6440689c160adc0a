"""How often to difference: the KPSS test at 5 %, as the manual says auto.ARIMA does.

Level stationarity, Bartlett weights over trunc(3 sqrt(n) / 13) lags, the rule of R's `ndiffs`.
"""

from __future__ import annotations

import numpy as np

from emulator.ml.arima.types import Floats

CRITICAL = 0.463
MOST = 2


def differences(values: Floats) -> int:
    """Return the number of differences, 0 to 2, after which a series is stationary."""
    count = 0
    while count < MOST and len(values) > 3 and kpss(values) > CRITICAL:
        values = np.diff(values)
        count += 1
    return count


def kpss(values: Floats) -> float:
    """Return the KPSS statistic of level stationarity; 0 for a constant series."""
    count = len(values)
    errors = values - values.mean()
    size = np.abs(errors).max()
    if size <= 1e-12 * max(1e-300, float(np.abs(values).max())):
        return 0.0
    errors = errors / size
    long_run = errors @ errors / count
    lags = int(3 * np.sqrt(count) / 13)
    for lag in range(1, lags + 1):
        long_run += 2 * (1 - lag / (lags + 1)) * (errors[lag:] @ errors[:-lag]) / count
    return float((np.cumsum(errors) ** 2).sum() / count**2 / long_run)
