"""ML.VALIDATE_DATA_DRIFT: how far each column of one table is from the same of another."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.plain import columns_of, read_known
from emulator.ml.data.profile import BUCKETS, RANKS, Profile, profile_of_column
from emulator.ml.errors import StatementError
from emulator.ml.functions import distances
from emulator.ml.functions.matching import match, selected
from emulator.ml.functions.settings import integer
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "VALIDATE_DATA_DRIFT"
TAKES_MODEL = False
TAKES_DATA = True
TAKES_STUDY = True
SETTINGS = distances.SETTINGS | {
    *("num_histogram_buckets", "num_quantiles_histogram_buckets"),
    *("num_values_histogram_buckets", "num_rank_histogram_buckets"),
}


async def run(call: Call, session: Session) -> ResultTable:
    """Return one row per column that both have."""
    buckets = integer(call, "num_histogram_buckets", BUCKETS, 1000)
    for unused in ("num_quantiles_histogram_buckets", "num_values_histogram_buckets"):
        integer(call, unused, 10, 1000)  # they shape statistics that no metric reads
    ranks = integer(call, "num_rank_histogram_buckets", RANKS, 10_000)
    limits = distances.read_limits(call)
    if call.data is None or call.study is None:
        raise StatementError("ML.VALIDATE_DATA_DRIFT needs two tables or queries in brackets.")
    base, study = await _schema(call.data, session), await _schema(call.study, session)
    columns = list(columns_of(base))
    distances.check_names(call, limits, (column.name for column in columns))
    found = match(columns, list(columns_of(study)), limits.metric, NAME)
    if not found:
        return distances.report([], limits, session)
    first = dict(selected(base, column, as_text) for column, _, as_text in found)
    second = dict(selected(study, column, as_text) for _, column, as_text in found)
    one = await _profiles(call.data, first, buckets, ranks, session)
    other = await _profiles(call.study, second, buckets, ranks, session)
    names = [column.name.lower() for column, _, _ in found]
    return distances.report(((one[name], other[name]) for name in names), limits, session)


async def _schema(query: str, session: Session) -> pa.Schema:
    return (await session.query(f"SELECT * FROM ({query}) LIMIT 0")).schema


async def _profiles(
    query: str, columns: dict[str, str], buckets: int, ranks: int, session: Session
) -> dict[str, Profile]:
    """Return the profiles of some columns of a query by their names in lower case."""
    chosen = f"SELECT {', '.join(columns.values())} FROM ({query})"
    plain, found = await read_known(chosen, session)
    return {
        column.name.lower(): profile_of_column(plain, at, column, buckets, ranks)
        for at, column in enumerate(found)
    }
