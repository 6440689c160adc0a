"""The calendar grid of a series: its frequency, its timestamps, and where a timestamp stands.

The frequency is that of most gaps: the coarsest that is not clearly longer than the gap (two hours
are HOURLY, with every other hour interpolated; 23 hours are DAILY). Steps of months keep the day
of the first timestamp, cut to the length of the month, or the last day if all are last days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.arima.types import Booleans, Integers

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
STEPS = {"PER_MINUTE": MINUTE, "HOURLY": 60 * MINUTE, "DAILY": DAY, "WEEKLY": 7 * DAY}
MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "YEARLY": 12}
_LEAST_GAP = (
    ("YEARLY", 360 * DAY),
    ("QUARTERLY", 85 * DAY),
    ("MONTHLY", 27 * DAY),
    ("WEEKLY", 6 * DAY),
    ("DAILY", 17 * 60 * MINUTE),
    ("HOURLY", 42 * MINUTE),
)


def infer(times: Integers) -> str:
    """Return the frequency of at least two distinct timestamps."""
    gaps, counts = np.unique(np.diff(np.unique(times)), return_counts=True)
    totals: dict[str, int] = {}
    for gap, count in zip(gaps[::-1], counts[::-1], strict=True):
        name = _name(int(gap))
        totals[name] = totals.get(name, 0) + int(count)
    return max(totals, key=lambda name: totals[name])


def _name(gap: int) -> str:
    return next((name for name, least in _LEAST_GAP if gap >= least), "PER_MINUTE")


@dataclass(frozen=True)
class Grid:
    """Equally spaced timestamps, counted from the first."""

    frequency: str
    start: int
    """Microseconds since 1970-01-01 UTC."""
    last_days: bool = False

    @classmethod
    def over(cls, times: Integers, frequency: str) -> Grid:
        """Lay a grid from the first of the sorted `times`."""
        _, _, last = _split(times)
        return cls(frequency, int(times[0]), frequency in MONTHS and bool(last.all()))

    def nearest(self, times: Integers) -> Integers:
        """Return the index of the point next to each timestamp; of its month, by months."""
        return self.places(times + STEPS.get(self.frequency, 0) // 2)

    def places(self, times: Integers) -> Integers:
        """Return the index of the interval in which each timestamp falls."""
        if self.frequency in STEPS:
            return (times - self.start) // STEPS[self.frequency]
        months = _split(times)[0] - _split(np.array([self.start]))[0]
        return months // MONTHS[self.frequency]

    def times(self, first: int, count: int) -> Integers:
        """Return `count` timestamps from index `first` on."""
        index = np.arange(first, first + count, dtype=np.int64)
        if self.frequency in STEPS:
            return self.start + index * STEPS[self.frequency]
        month, rest, _ = _split(np.array([self.start]))
        months = month + index * MONTHS[self.frequency]
        begins = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        ends = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        days = np.where(self.last_days, ends - begins - 1, rest // DAY)
        return np.asarray((begins + np.minimum(days, ends - begins - 1)) * DAY + rest % DAY)


def _split(times: Integers) -> tuple[Integers, Integers, Booleans]:
    """Return the month, the microseconds since it began, and whether it is its last day."""
    days = times // DAY
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    begins = months.astype("datetime64[D]").astype(np.int64)
    ends = (months + 1).astype("datetime64[D]").astype(np.int64)
    return months.astype(np.int64), times - begins * DAY, days == ends - 1
