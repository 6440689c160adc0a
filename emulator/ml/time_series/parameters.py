"""The fitted series of an ARIMA_PLUS model, by their identifiers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emulator.ml.arima import FittedSeries


@dataclass(frozen=True)
class SeriesSet:
    """What an ARIMA_PLUS model learned.

    Parameters
    ----------
    ids : tuple of tuple
        Values of TIME_SERIES_ID_COL of each series, ascending; empty without that option.
    id_types : tuple of str
        "STRING" or "INT64" of each of its columns.
    series : tuple of FittedSeries
    """

    ids: tuple[tuple[Any, ...], ...]
    id_types: tuple[str, ...]
    series: tuple[FittedSeries, ...]

    def find(self, values: tuple[Any, ...]) -> FittedSeries | None:
        """Return the series of these identifiers, or None."""
        for ids, series in zip(self.ids, self.series, strict=True):
            if ids == values:
                return series
        return None

    def to_json(self) -> dict[str, Any]:
        """Return JSON data."""
        return {
            "ids": self.ids,
            "id_types": self.id_types,
            "series": [json.loads(one.to_json()) for one in self.series],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SeriesSet:
        """Return what `to_json` wrote."""
        return cls(
            tuple(tuple(one) for one in data["ids"]),
            tuple(data["id_types"]),
            tuple(FittedSeries.from_json(json.dumps(one)) for one in data["series"]),
        )
