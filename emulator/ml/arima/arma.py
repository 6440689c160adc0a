"""One ARMA process with a constant, by exact Gaussian maximum likelihood.

The innovations algorithm (statsmodels, Cython) gives the likelihood; variance and constant are
solved for, and the coefficients are searched over partial autocorrelations, so that every step
of the search is stationary and invertible. What R's `arima` and statsmodels maximise too. Of two
maxima the one with all roots off the unit circle wins, whose likelihood may be the lower one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from statsmodels.tsa.innovations.arma_innovations import arma_innovations

from emulator.ml.arima.types import Floats

_FARTHEST_POLE = 1 / 1.01
_FARTHEST_NOTCH = 1 / 1.05
_SEARCH = {"maxiter": 50}
_EDGE = 0.9999
_LEAST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Arma:
    """A fitted process; `constant` is its mean."""

    ar: tuple[float, ...]
    ma: tuple[float, ...]
    constant: float
    variance: float
    log_likelihood: float


class NoLikelihoodError(ValueError):
    """No parameters with a finite likelihood were found."""


def fit(values: Floats, p: int, q: int, constant: bool) -> Arma:
    """Fit ARMA(p, q) to a series of more points than parameters, shape (n,)."""
    scale = float(np.abs(values).max()) or 1.0
    scaled = values / scale

    def cost(free: Floats) -> float:
        ar, ma = _coefficients(free, p)
        _, variance, logs = _profile(scaled, ar, ma, constant)
        return float(0.5 * (np.log(max(variance, _LEAST)) + logs / len(scaled)))

    free = np.zeros(0)
    if p + q:
        with np.errstate(all="ignore"):
            starts = _starts(scaled, p, q)
            runs = [minimize(cost, at, method="BFGS", options=_SEARCH) for at in starts]
        inside = [run for run in runs if is_stable(*_coefficients(run.x, p))] or runs
        free = min(inside, key=lambda run: run.fun if np.isfinite(run.fun) else np.inf).x
    ar, ma = _coefficients(free, p)
    mean, variance, logs = _profile(scaled, ar, ma, constant)
    floor = max(variance, _LEAST)
    count = len(scaled)
    likelihood = -0.5 * (count * (np.log(2 * np.pi * floor) + 1) + logs) - count * np.log(scale)
    if not np.isfinite(likelihood):
        raise NoLikelihoodError("The model has no finite likelihood on this time series.")
    return Arma(
        tuple(ar.tolist()),
        tuple(ma.tolist()),
        mean * scale,
        variance * scale**2,
        float(likelihood),
    )


def is_stable(ar: Floats | tuple[float, ...], ma: Floats | tuple[float, ...]) -> bool:
    """Return whether the roots of both polynomials keep off the unit circle.

    A moving-average root at 1 does not count: it is a line with noise, differenced.
    """
    of_ar = np.roots(np.append(1.0, -np.array(ar)))
    of_ma = np.roots(np.append(1.0, ma))
    notches = of_ma[(np.abs(of_ma.imag) > 1e-3) | (of_ma.real < 0)]
    return bool(
        (np.abs(of_ar) < _FARTHEST_POLE).all() and (np.abs(notches) < _FARTHEST_NOTCH).all()
    )


def innovations(values: Floats, ar: Floats, ma: Floats) -> tuple[Floats, Floats]:
    """Return one-step prediction errors, shape as `values`, and their variances, shape (n,)."""
    with np.errstate(all="ignore"):
        errors, variances = arma_innovations(values, ar_params=ar, ma_params=ma)
    return errors, variances


def upcoming(values: Floats, process: Arma) -> tuple[float, ...]:
    """Return the last p values less the mean, and the next q predictions.

    From there on the autoregressive recursion predicts: see `predict`.
    """
    ar, ma = np.array(process.ar), np.array(process.ma)
    known = values - process.constant
    for _ in process.ma:
        errors, _ = innovations(np.append(known, 0.0), ar, ma)
        known = np.append(known, -errors[-1])
    kept = len(process.ar) + len(process.ma)
    return tuple(known[len(known) - kept :].tolist())


def predict(recent: tuple[float, ...], process: Arma, steps: int) -> Floats:
    """Return the next `steps` predictions from what `upcoming` returned."""
    p = len(process.ar)
    known = list(recent)
    while len(known) < p + steps:
        known.append(float(np.dot(process.ar, known[: -p - 1 : -1])) if p else 0.0)
    return np.array(known[p : p + steps]) + process.constant


def _profile(values: Floats, ar: Floats, ma: Floats, constant: bool) -> tuple[float, float, float]:
    """Return the best constant, the best variance, and the sum of logs of scaled variances."""
    try:
        both = np.stack([values, np.ones_like(values)], axis=1)
        errors, variances = innovations(both, ar, ma)
    except (ValueError, np.linalg.LinAlgError):
        return 0.0, np.inf, 0.0
    mean = 0.0
    if constant:
        ones = errors[:, 1] / variances
        mean = float(ones @ errors[:, 0] / (ones @ errors[:, 1]))
    rest = errors[:, 0] - mean * errors[:, 1]
    return mean, float((rest**2 / variances).mean()), float(np.log(variances).sum())


def _coefficients(free: Floats, p: int) -> tuple[Floats, Floats]:
    partial = _EDGE * np.tanh(free)
    return _levinson(partial[:p]), -_levinson(partial[p:])


def _levinson(partial: Floats) -> Floats:
    """Return the autoregression that has these partial autocorrelations."""
    out = np.zeros(0)
    for value in partial:
        out = np.append(out - value * out[::-1], value)
    return out


def _partial(coefficients: Floats) -> Floats | None:
    """Return the partial autocorrelations of an autoregression, None if not stationary."""
    out: list[float] = []
    rest = coefficients
    while len(rest):
        last = rest[-1]
        if abs(last) >= _EDGE:
            return None
        out.append(float(last))
        rest = (rest[:-1] + last * rest[-2::-1]) / (1 - last**2)
    return np.array(out[::-1])


def _starts(values: Floats, p: int, q: int) -> list[Floats]:
    """Return zeros and, if it is inside, the estimate of Hannan and Rissanen."""
    out = [np.zeros(p + q)]
    centred = values - values.mean()
    order = min(max(p, q) + 5, len(values) // 4)
    if order >= max(p, q) and len(values) > 2 * (order + p + q):
        long = _lags(centred, order, order)
        errors = np.zeros_like(centred)
        errors[order:] = centred[order:] - long @ _solve(long, centred[order:])
        first = order + max(p, q)
        design = np.hstack([_lags(centred, p, first), _lags(errors, q, first)])
        found = _solve(design, centred[first:])
        ar, ma = _partial(found[:p]), _partial(-found[p:])
        if ar is not None and ma is not None:
            out.append(np.arctanh(np.clip(np.append(ar, ma), -0.95, 0.95)))
    return out


def _lags(values: Floats, order: int, first: int) -> Floats:
    columns = [values[first - lag : len(values) - lag] for lag in range(1, order + 1)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(values) - first, 0))


def _solve(design: Floats, target: Floats) -> Floats:
    return np.asarray(np.linalg.lstsq(design, target, rcond=None)[0])
