"""Holiday effects: what the days around a holiday stand off the line through the days beside.

For daily and weekly series longer than a year. The effect of one day of a holiday's window is
its mean over the occurrences, kept where it is above two standard errors. Where holidays
overlap, only the largest positive and the smallest negative effect count, as the manual says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.arima.frequency import DAY, STEPS, Grid
from emulator.ml.arima.options import Holiday
from emulator.ml.arima.types import Booleans, Floats

SIGNIFICANT = 2.0
LEAST_DAYS = 365


@dataclass(frozen=True)
class HolidayEffect:
    """The effect of one holiday on one day of its window."""

    name: str
    offset: int
    value: float


def applies(grid: Grid, count: int) -> bool:
    """Return whether a series is daily or weekly and longer than a year."""
    step = STEPS.get(grid.frequency, 0)
    return grid.frequency in ("DAILY", "WEEKLY") and count * step > LEAST_DAYS * DAY


def covered(holidays: tuple[Holiday, ...], grid: Grid, count: int) -> Booleans:
    """Return which of the first `count` points lie in the window of a holiday."""
    out = np.zeros(count, dtype=bool)
    for holiday in holidays:
        for place, _ in _window(holiday, grid):
            if 0 <= place < count:
                out[place] = True
    return out


def estimate(
    values: Floats, holidays: tuple[Holiday, ...], grid: Grid
) -> tuple[HolidayEffect, ...]:
    """Return the significant effects on a series without seasons, shape (n,)."""
    inside = covered(holidays, grid, len(values))
    if not inside.any() or inside.all():
        return ()
    beside = np.flatnonzero(~inside)
    excess = values - np.interp(np.arange(len(values)), beside, values[beside])
    sigma = _noise(values, ~inside)
    found: dict[tuple[str, int], list[float]] = {}
    for holiday in holidays:
        for place, offset in _window(holiday, grid):
            if 0 <= place < len(values):
                found.setdefault((holiday.name, offset), []).append(float(excess[place]))
    return tuple(
        HolidayEffect(name, offset, float(np.mean(seen)))
        for (name, offset), seen in found.items()
        if abs(np.mean(seen)) > SIGNIFICANT * sigma / np.sqrt(len(seen))
    )


def effects(
    found: tuple[HolidayEffect, ...],
    holidays: tuple[Holiday, ...],
    grid: Grid,
    first: int,
    count: int,
) -> dict[str, Floats]:
    """Return the effect of each holiday on `count` points from `first` on; they add up."""
    by_day = {(effect.name, effect.offset): effect.value for effect in found}
    raw = {name: np.zeros(count) for name in dict.fromkeys(holiday.name for holiday in holidays)}
    for holiday in holidays:
        for place, offset in _window(holiday, grid):
            if 0 <= place - first < count and (holiday.name, offset) in by_day:
                raw[holiday.name][place - first] = by_day[holiday.name, offset]
    if not raw:
        return raw
    table = np.stack(list(raw.values()))
    columns = np.arange(count)
    kept = np.zeros_like(table)
    for best, sign in ((table.argmax(axis=0), 1), (table.argmin(axis=0), -1)):
        strong = sign * table[best, columns] > 0
        kept[best[strong], columns[strong]] = table[best[strong], columns[strong]]
    return dict(zip(raw, kept, strict=True))


def _window(holiday: Holiday, grid: Grid) -> list[tuple[int, int]]:
    """Return the points of a holiday's window and their offsets; one point if weekly."""
    offsets = range(-holiday.before, holiday.after + 1) if grid.frequency == "DAILY" else (0,)
    noon = np.array([holiday.day + offset for offset in offsets], dtype=np.int64) * DAY + DAY - 1
    return list(zip(grid.places(noon).tolist(), offsets, strict=True))


def _noise(values: Floats, used: Booleans) -> float:
    middle = values[1:-1] - (values[:-2] + values[2:]) / 2
    both = used[1:-1] & used[:-2] & used[2:]
    return float(1.4826 * np.median(np.abs(middle[both])) / np.sqrt(1.5)) if both.any() else np.inf
