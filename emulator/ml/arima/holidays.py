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
LONGEST_WINDOW = 30
MOST_NAMES = 500


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


def during(holidays: tuple[Holiday, ...], grid: Grid, count: int) -> tuple[Holiday, ...]:
    """Return the holidays whose window touches the first `count` points; none if not modelled."""
    begin, end = (int(time) // DAY for time in grid.times(0, count)[[0, -1]])
    slack = 7 if grid.frequency == "WEEKLY" else 0
    return tuple(
        one
        for one in holidays
        if begin <= one.day + one.after and one.day - one.before <= end + slack
    )


def replaced(builtin: tuple[Holiday, ...], custom: tuple[Holiday, ...]) -> tuple[Holiday, ...]:
    """Return both, the custom holidays in place of the built-in ones of their region and name."""
    names = {(one.region, one.name) for one in custom}
    return custom + tuple(one for one in builtin if (one.region, one.name) not in names)


def wrong(holidays: tuple[Holiday, ...]) -> str | None:
    """Return what the manual forbids about custom holidays, None if they are fine."""
    windows: dict[tuple[str, str], tuple[int, int]] = {}
    for one in holidays:
        window = (one.before, one.after)
        if min(window) < 1 or sum(window) + 1 > LONGEST_WINDOW:
            return (
                f"Holiday '{one.name}' has preholiday_days {one.before} and postholiday_days "
                f"{one.after}; expected each at least 1, and a window of at most 30 days."
            )
        if windows.setdefault((one.region, one.name), window) != window:
            return f"Holiday '{one.name}' has different windows; expected the same in all years."
    if len({one.name for one in holidays}) > MOST_NAMES:
        return f"There are more than {MOST_NAMES} distinct values of holiday_name."
    return _wrong_overlap(holidays)


def _wrong_overlap(holidays: tuple[Holiday, ...]) -> str | None:
    """Return which occurrences overlap in a way that hides whose effect a day has.

    Those of one holiday may not share a day, those of two may not lie within each other. A name
    in several regions is one effect: the union of its days.
    """
    ordered = sorted(holidays, key=lambda one: (one.day - one.before, -(one.day + one.after)))
    last: dict[tuple[str, str], Holiday] = {}
    open_now: list[Holiday] = []
    for one in ordered:
        first = one.day - one.before
        before = last.get((one.region, one.name))
        if before is not None and first <= before.day + before.after:
            return (
                f"Holiday '{one.name}' of {_date(before)} and of {_date(one)} overlap; expected "
                "occurrences of a holiday that share no day."
            )
        last[one.region, one.name] = one
        open_now = [other for other in open_now if other.day + other.after >= first]
        for other in open_now:
            # Of two that begin on one day the longer comes first, so only the later can be inside.
            if other.name != one.name and one.day + one.after <= other.day + other.after:
                return (
                    f"Holiday '{one.name}' of {_date(one)} overlaps fully with '{other.name}' of "
                    f"{_date(other)}; expected windows that overlap in part at most."
                )
        open_now.append(one)
    return None


def _date(holiday: Holiday) -> str:
    return str(np.datetime64(holiday.day, "D"))


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
