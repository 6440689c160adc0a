"""The holidays of an ARIMA_PLUS model: those of its regions and those of its own query."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pyarrow as pa

from emulator.ml import arima
from emulator.ml.data import types
from emulator.ml.errors import TrainingDataError

MOST_ROWS = 50_000
_EPOCH = date(1970, 1, 1)
_NAME = re.compile(r"[^\W\d]\w*")
# Name, type, and the value where the column is left out.
_COLUMNS: tuple[tuple[str, str, Any], ...] = (
    ("region", "STRING", None),
    ("holiday_name", "STRING", None),
    ("primary_date", "DATE", None),
    ("preholiday_days", "INT64", 1),
    ("postholiday_days", "INT64", 1),
)


def modelled(regions: tuple[str, ...], custom: pa.Table | None) -> tuple[arima.Holiday, ...]:
    """Return the holidays of the regions, with those of `custom_holiday` in their place.

    Raises
    ------
    TrainingDataError
        If the query of `custom_holiday` returned something else than holidays.
    """
    builtin = arima.us_holidays() if "US" in regions else ()
    return builtin if custom is None else arima.replaced_holidays(builtin, _read(custom))


def _read(table: pa.Table) -> tuple[arima.Holiday, ...]:
    if table.num_rows > MOST_ROWS:
        raise _wrong(f"returned {table.num_rows} rows; expected at most {MOST_ROWS}")
    columns = [_column(table, *column) for column in _COLUMNS]
    found = tuple(
        arima.Holiday(region, name, (day - _EPOCH).days, before, after)
        for region, name, day, before, after in zip(*columns, strict=True)
    )
    for one in found:
        if _NAME.fullmatch(one.name) is None:
            raise _wrong(
                f"has the holiday_name '{one.name}'; expected letters, digits and _, such as "
                "members_day, because it names a column of ML.EXPLAIN_FORECAST"
            )
    problem = arima.wrong_holidays(found)
    if problem is not None:
        raise TrainingDataError(f"custom_holiday: {problem}")
    return found


def _column(table: pa.Table, name: str, kind: str, default: Any) -> list[Any]:
    if name not in table.column_names:
        if default is None:
            raise _wrong(f'has no column "{name}" ({kind})')
        return [default] * table.num_rows
    array = table.column(name)
    actual = types.type_name(array.type)
    if actual != kind:
        raise _wrong(f'has a column "{name}" of type {actual}; expected {kind}')
    values = array.to_pylist()
    if default is None and None in values:
        raise _wrong(f'has NULL in column "{name}"')
    return [default if value is None else value for value in values]


def _wrong(what: str) -> TrainingDataError:
    return TrainingDataError(f"The query of custom_holiday {what}.")
