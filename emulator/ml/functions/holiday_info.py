"""ML.HOLIDAY_INFO: the holidays that the series of a model were fitted with."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.model import Model
from emulator.ml.options import TIME_SERIES
from emulator.ml.results import ResultTable
from emulator.ml.time_series.tables import series_of
from emulator.session import Session

NAME = "HOLIDAY_INFO"
APPLIES = TIME_SERIES
SETTINGS: frozenset[str] = frozenset()

_SCHEMA = pa.schema(
    [
        ("region", pa.string()),
        ("holiday_name", pa.string()),
        ("primary_date", pa.date32()),
        ("preholiday_days", pa.int64()),
        ("postholiday_days", pa.int64()),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per occurrence in the time of history and horizon."""
    found = {one for series in series_of(model).series for one in series.holidays}
    rows = sorted(found, key=lambda one: (one.region, one.name, one.day))
    columns = [
        pa.array([one.region for one in rows], pa.string()),
        pa.array([one.name for one in rows], pa.string()),
        pa.array([one.day for one in rows], pa.int32()).cast(pa.date32()),
        pa.array([one.before for one in rows], pa.int64()),
        pa.array([one.after for one in rows], pa.int64()),
    ]
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_arrays(columns, schema=_SCHEMA))
    return result
