"""ML.VALIDATE_DATA_DRIFT: how far each column of one table is from the same of another."""

from __future__ import annotations

from emulator.ml.calls import Call
from emulator.ml.data.plain import PlainColumn, read_plain
from emulator.ml.data.profile import BUCKETS, RANKS, profile_of_column
from emulator.ml.errors import InputDataError, StatementError
from emulator.ml.functions import distances
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
    """Return one row per column."""
    buckets = integer(call, "num_histogram_buckets", BUCKETS, 1000)
    for unused in ("num_quantiles_histogram_buckets", "num_values_histogram_buckets"):
        integer(call, unused, 10, 1000)  # they shape statistics that no metric reads
    ranks = integer(call, "num_rank_histogram_buckets", RANKS, 10_000)
    limits = distances.read_limits(call)
    if call.data is None or call.study is None:
        raise StatementError("ML.VALIDATE_DATA_DRIFT needs two tables or queries in brackets.")
    base, columns = await read_plain(call.data, session, NAME)
    study, others = await read_plain(call.study, session, NAME)
    places = _places(columns, others)
    distances.check_names(call, limits, (column.name for column in columns))
    pairs = (
        (
            profile_of_column(base, at, column, buckets, ranks),
            profile_of_column(study, places[at], others[places[at]], buckets, ranks),
        )
        for at, column in enumerate(columns)
    )
    return distances.report(pairs, limits, session)


def _places(columns: list[PlainColumn], others: list[PlainColumn]) -> list[int]:
    """Return where each column of the base is in the study."""
    known = {column.name.lower(): at for at, column in enumerate(others)}
    for column in columns:
        at = known.get(column.name.lower())
        if at is None:
            raise InputDataError(
                f'Column "{column.name}" of the base data is not in the study data; select the '
                "same columns from both."
            )
        if others[at].is_numeric != column.is_numeric:
            raise InputDataError(
                f'Column "{column.name}" is {column.value_kind} in the base data and '
                f"{others[at].value_kind} in the study data; cast one of them."
            )
    return [known[column.name.lower()] for column in columns]
