"""Seasons: which a series has, their components, and their continuation.

Found in ascending order, where two cycles are there and the seasonal strength of Wang, Smith
and Hyndman is above 0.64 (the rule of R's `nsdiffs`), above 0.8 with under three cycles; asked
for by SEASONALITIES, they are taken as given. Calendar months are 30 days, quarters 91, years
365. Each phase goes on by Holt's double exponential smoothing from its mean slope, with the
weights that repeat BigQuery's recorded forecasts of daily visits within 0.02 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.arima import stl
from emulator.ml.arima.types import Floats

PERIODS = {
    "PER_MINUTE": {"DAILY": 1440, "WEEKLY": 10_080, "MONTHLY": 43_200, "YEARLY": 525_600},
    "HOURLY": {"DAILY": 24, "WEEKLY": 168, "MONTHLY": 720, "QUARTERLY": 2190, "YEARLY": 8760},
    "DAILY": {"WEEKLY": 7, "MONTHLY": 30, "QUARTERLY": 91, "YEARLY": 365},
    "WEEKLY": {"MONTHLY": 4, "QUARTERLY": 13, "YEARLY": 52},
    "MONTHLY": {"QUARTERLY": 3, "YEARLY": 12},
    "QUARTERLY": {"YEARLY": 4},
    "YEARLY": {},
}
STRONG = 0.64
STRONG_IN_TWO_CYCLES = 0.8
LEVEL_WEIGHT = 0.482
SLOPE_WEIGHT = 0.0027


@dataclass(frozen=True)
class Season:
    """The state of one season after the history, phase by phase."""

    name: str
    level: tuple[float, ...]
    slope: tuple[float, ...]


def find(values: Floats, frequency: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the seasons to model, in ascending order of period."""
    periods = {
        name: period
        for name, period in PERIODS[frequency].items()
        if len(values) >= 2 * period and (asked == ("AUTO",) or name in asked)
    }
    if asked != ("AUTO",):
        return tuple(periods)
    found = []
    rest = values
    for name, period in periods.items():
        season, trend = stl.seasonal(rest, period)
        if _strength(season, rest - trend) > _threshold(len(values) / period):
            found.append(name)
            rest = rest - season
    return tuple(found)


def _threshold(cycles: float) -> float:
    return STRONG if cycles >= 3 else STRONG_IN_TWO_CYCLES


def _strength(season: Floats, detrended: Floats) -> float:
    noise, whole = (detrended - season).var(), detrended.var()
    return float(1 - noise / whole) if whole > 1e-24 * (detrended**2).max() > 0 else 0.0


def components(values: Floats, frequency: str, names: tuple[str, ...]) -> dict[str, Floats]:
    """Return the component of each season, shape (n,); several are refined in two rounds."""
    out = {name: np.zeros(len(values)) for name in names}
    for _ in range(min(len(names), 2)):
        for name in names:
            others = sum((out[other] for other in names if other != name), np.zeros(len(values)))
            out[name], _ = stl.seasonal(values - others, PERIODS[frequency][name])
    return out


def continued(name: str, component: Floats, frequency: str) -> Season:
    """Return the smoothed level and slope of every phase at the end of a component."""
    period = PERIODS[frequency][name]
    cycles = component[len(component) % period :].reshape(-1, period)
    level = cycles[0]
    slope = (cycles[-1] - cycles[0]) / (len(cycles) - 1)
    for row in cycles[1:]:
        before = level
        level = LEVEL_WEIGHT * row + (1 - LEVEL_WEIGHT) * (level + slope)
        slope = SLOPE_WEIGHT * (level - before) + (1 - SLOPE_WEIGHT) * slope
    return Season(name, tuple(level.tolist()), tuple(slope.tolist()))


def predict(season: Season, steps: int) -> Floats:
    """Return the next `steps` values of a season."""
    step = np.arange(steps)
    phase = step % len(season.level)
    cycle = 1 + step // len(season.level)
    level, slope = np.array(season.level), np.array(season.slope)
    return np.asarray(level[phase] + cycle * slope[phase])
