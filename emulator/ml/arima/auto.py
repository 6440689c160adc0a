"""auto.ARIMA: all orders with p + q within bounds, with and without drift, the best by AIC.

As the manual says, the KPSS test chooses d, and every order is tried (no stepwise search);
AIC counts the variance as a parameter, as R and the recorded tables do. A constant belongs to
every model with d = 0 and to none with d = 2. Orders with a pole within 1 % of the unit
circle are refused, as by Hyndman and Khandakar, and with a zero within 5 %: those fit the notch
that STL leaves at a season.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.arima.arma import Arma, NoLikelihoodError, fit, is_stable
from emulator.ml.arima.options import Options
from emulator.ml.arima.regular import UnfitSeriesError
from emulator.ml.arima.types import Floats
from emulator.ml.arima.unit_root import differences
from emulator.running import check_cancelled


@dataclass(frozen=True)
class Candidate:
    """One order that was tried: fitted, or the reason why not."""

    p: int
    d: int
    q: int
    has_drift: bool
    process: Arma | None = None
    aic: float | None = None
    error_message: str | None = None


def search(values: Floats, options: Options) -> tuple[Candidate, ...]:
    """Return all candidates for a series, shape (n,), the best one first."""
    if options.non_seasonal_order is not None:
        p, d, q = options.non_seasonal_order
        orders = [(p, d, q, options.include_drift)]
    else:
        orders = _orders(differences(values), options)
    tried = [_candidate(values, *order) for order in orders]
    if len(tried) > 1:
        tried = [_stable(one) for one in tried]
    tried.sort(key=lambda one: np.inf if one.aic is None else one.aic)
    if tried[0].process is None:
        raise UnfitSeriesError(str(tried[0].error_message))
    return tuple(tried)


def _orders(d: int, options: Options) -> list[tuple[int, int, int, bool]]:
    least, most = options.auto_arima_min_order, options.auto_arima_max_order
    return [
        (p, d, total - p, drift)
        for total in range(least, most + 1)
        for p in range(total + 1)
        for drift in ((False, True) if d == 1 else (False,))
    ]


def _stable(one: Candidate) -> Candidate:
    """Refuse a candidate whose roots are too near to the unit circle."""
    if one.process is None or is_stable(one.process.ar, one.process.ma):
        return one
    reason = f"Order ({one.p}, {one.d}, {one.q}) cannot stabilize the time series."
    return Candidate(one.p, one.d, one.q, one.has_drift, error_message=reason)


def _candidate(values: Floats, p: int, d: int, q: int, drift: bool) -> Candidate:
    check_cancelled()
    constant = drift or d == 0
    parameters = p + q + constant + 1
    changes = np.diff(values, d)
    if _is_flat(changes, values, constant):
        if p + q:
            return Candidate(p, d, q, drift, error_message="The time series has no variance.")
    elif len(changes) <= parameters:
        reason = f"{len(values)} time points are too few for order ({p}, {d}, {q})."
        return Candidate(p, d, q, drift, error_message=reason)
    try:
        process = fit(changes, p, q, constant)
    except NoLikelihoodError as error:
        return Candidate(p, d, q, drift, error_message=str(error))
    return Candidate(p, d, q, drift, process, 2 * parameters - 2 * process.log_likelihood)


def _is_flat(changes: Floats, values: Floats, constant: bool) -> bool:
    rest = changes - changes.mean() if constant else changes
    return not len(rest) or bool(np.abs(rest).max() <= 1e-12 * max(np.abs(values).max(), 1e-300))
