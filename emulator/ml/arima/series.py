"""A fitted series: everything that forecasts, explanations and detection need, without the data.

Values are in the units in which the model is additive; `limits` leads back to the data's.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from emulator.ml.arima.arma import Arma
from emulator.ml.arima.auto import Candidate
from emulator.ml.arima.frequency import Grid
from emulator.ml.arima.holidays import HolidayEffect
from emulator.ml.arima.limits import Limits
from emulator.ml.arima.options import Holiday
from emulator.ml.arima.seasonality import Season

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class History:
    """The components of the training points; they add up to `data`."""

    data: Numbers
    trend: Numbers
    seasons: tuple[Numbers, ...]
    holidays: tuple[Numbers, ...]
    """In the order of `FittedSeries.holiday_names`."""
    spikes: Numbers
    steps: Numbers


@dataclass(frozen=True)
class FittedSeries:
    """The model of one series, or the `error_message` why there is none."""

    error_message: str | None = None
    grid: Grid | None = None
    count: int = 0
    """Points of the history on the grid."""
    horizon: int = 1000
    limits: Limits = field(default_factory=Limits)
    candidates: tuple[Candidate, ...] = ()
    levels: Numbers = ()
    """The last value of the trend input and of each of its d - 1 differences."""
    recent: Numbers = ()
    """See `arma.upcoming`."""
    seasons: tuple[Season, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    holiday_effects: tuple[HolidayEffect, ...] = ()
    has_spikes: bool | None = None
    has_steps: bool | None = None
    naive_error: float = 0.0
    """Mean absolute change from one training point to the next."""
    history: History | None = None

    @property
    def best(self) -> Candidate:
        """The candidate with the lowest AIC."""
        return self.candidates[0]

    @property
    def process(self) -> Arma:
        """The ARMA process of the best candidate."""
        if self.grid is None or self.best.process is None:
            raise ValueError(f"the time series has no model: {self.error_message}")
        return self.best.process

    @property
    def holiday_names(self) -> tuple[str, ...]:
        """The holidays in the order of their columns."""
        return tuple(dict.fromkeys(holiday.name for holiday in self.holidays))

    @property
    def seasonal_periods(self) -> tuple[str, ...]:
        """The names of the seasons, as ML.ARIMA_EVALUATE shows them."""
        return tuple(season.name for season in self.seasons) or ("NO_SEASONALITY",)

    def to_json(self) -> str:
        """Return the series as JSON, floats to the last bit."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> FittedSeries:
        """Return the series that `to_json` wrote."""
        read = _frozen(json.loads(text))
        read["grid"] = Grid(**read["grid"]) if read["grid"] else None
        read["limits"] = Limits(**read["limits"])
        read["candidates"] = tuple(_candidate(one) for one in read["candidates"])
        read["seasons"] = tuple(Season(**one) for one in read["seasons"])
        read["holidays"] = tuple(Holiday(**one) for one in read["holidays"])
        read["holiday_effects"] = tuple(HolidayEffect(**one) for one in read["holiday_effects"])
        read["history"] = History(**read["history"]) if read["history"] else None
        return cls(**read)


def _candidate(read: dict[str, Any]) -> Candidate:
    process = read.pop("process")
    return Candidate(**read, process=Arma(**process) if process else None)


def _frozen(value: Any) -> Any:
    """Return a JSON value with tuples for its lists."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {name: _frozen(item) for name, item in value.items()}
    return value
