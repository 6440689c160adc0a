"""What ML.VALIDATE_DATA_DRIFT and ML.VALIDATE_DATA_SKEW have in common: thresholds, rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.profile import JENSEN_SHANNON, L_INFINITY, Profile, distance
from emulator.ml.errors import StatementError
from emulator.ml.functions.settings import choice, share, shares
from emulator.ml.results import ResultTable
from emulator.session import Session

SETTINGS = frozenset(
    {
        *("categorical_default_threshold", "categorical_metric_type"),
        *("numerical_default_threshold", "numerical_metric_type", "thresholds"),
    }
)

_SCHEMA = pa.schema(
    [
        ("input", pa.string()),
        ("metric", pa.string()),
        ("threshold", pa.float64()),
        ("value", pa.float64()),
        ("is_anomaly", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Limits:
    """What the settings of a call say about distances.

    Parameters
    ----------
    words, numbers : float
        Thresholds of columns that have none of their own.
    own : dict
        Thresholds by the column's name in lower case.
    metric : str
        Of columns that are no numbers.
    """

    words: float
    numbers: float
    own: dict[str, float]
    metric: str


def read_limits(call: Call) -> Limits:
    """Return the settings of a call.

    Raises
    ------
    StatementError
        If a threshold is not from 0 to below 1, or a metric is unknown.
    """
    choice(call, "numerical_metric_type", (JENSEN_SHANNON,))
    return Limits(
        words=share(call, "categorical_default_threshold", 0.3),
        numbers=share(call, "numerical_default_threshold", 0.3),
        own=shares(call, "thresholds"),
        metric=choice(call, "categorical_metric_type", (L_INFINITY, JENSEN_SHANNON)),
    )


def check_names(call: Call, limits: Limits, names: Iterable[str]) -> None:
    """Refuse a threshold of a column that is not there.

    Raises
    ------
    StatementError
        Naming the column.
    """
    known = {name.lower() for name in names}
    for name in limits.own:
        if name not in known:
            raise StatementError(
                f"thresholds of ML.{call.function} name the column {name}, which is not in the "
                f"data; there are: {', '.join(sorted(known))}."
            )


def report(
    pairs: Iterable[tuple[Profile, Profile]], limits: Limits, session: Session
) -> ResultTable:
    """Return a row per pair of profiles; its value is NULL where one of them has no values."""
    rows = []
    for first, second in pairs:
        default = limits.numbers if first.is_numeric else limits.words
        threshold = limits.own.get(first.name.lower(), default)
        value = distance(first, second, limits.metric)
        rows.append(
            {
                "input": first.name,
                "metric": JENSEN_SHANNON if first.is_numeric else limits.metric,
                "threshold": threshold,
                "value": value,
                "is_anomaly": None if value is None else value > threshold,
            }
        )
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, _SCHEMA))
    return result
