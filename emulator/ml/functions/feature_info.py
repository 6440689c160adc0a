"""ML.FEATURE_INFO: statistics of the training rows' columns, before a TRANSFORM clause."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.features import CategoricalFeature, Feature, NumericFeature
from emulator.ml.data.summary import Summary
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "FEATURE_INFO"
SETTINGS: frozenset[str] = frozenset()

_NUMBERS = ("min", "max", "mean", "median", "stddev")
_SCHEMA = pa.schema(
    [
        ("input", pa.string()),
        *((name, pa.float64()) for name in _NUMBERS),
        ("category_count", pa.int64()),
        ("null_count", pa.int64()),
        ("dimension", pa.int64()),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per column, in the order of the training query."""
    rows = [_of_summary(one) for one in model.summaries]
    # A model that was stored before summaries were has none, and shows what the clause made.
    rows = rows or [_of_feature(one) for one in model.features]
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, schema=_SCHEMA))
    return result


def _of_summary(summary: Summary) -> dict[str, Any]:
    row = asdict(summary)
    return {"input": row.pop("name"), **row}


def _of_feature(feature: Feature) -> dict[str, Any]:
    row: dict[str, Any] = {"input": feature.name, "null_count": feature.null_count}
    if isinstance(feature, NumericFeature):
        row |= {name: getattr(feature, name) for name in _NUMBERS}
        row["stddev"] = feature.stddev_sample
    elif isinstance(feature, CategoricalFeature):
        row["category_count"] = feature.category_count
    else:
        row["dimension"] = feature.width
    return row
