"""ML.WEIGHTS: one row per class (if more than two) and feature, then the intercept.

Weights are per unit of the column. Standardised, a number's weight is per population
deviation and the intercept is the one at every number's mean.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.features import NumericFeature
from emulator.ml.functions.settings import flag
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "WEIGHTS"
SETTINGS = frozenset({"standardize"})
INTERCEPT = "__INTERCEPT__"

_CATEGORIES = pa.list_(pa.struct([("category", pa.string()), ("weight", pa.float64())]))
_SCHEMA = pa.schema(
    [
        ("processed_input", pa.string()),
        ("weight", pa.float64()),
        ("category_weights", _CATEGORIES),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return the weights of a linear or logistic model."""
    rows = _rows(model, flag(call, "standardize"))
    schema = _SCHEMA if model.outputs == 1 else _SCHEMA.append(pa.field("class_label", pa.string()))
    table = pa.Table.from_pylist(rows, schema=schema)
    result = ResultTable(session, schema)
    result.append(table)
    return result


def _rows(model: Model, standardize: bool) -> list[dict[str, Any]]:
    rows = []
    for output in range(model.outputs):
        of_output = [_row(model, output, at, standardize) for at in range(len(model.features))]
        if model.options.fit_intercept:
            bias = model.intercepts[output] if standardize else model.raw_intercept(output)
            of_output.append({"processed_input": INTERCEPT, "weight": bias, "category_weights": []})
        if model.classes is not None and model.outputs > 1:
            of_output = [{**row, "class_label": model.classes[output]} for row in of_output]
        rows += of_output
    return rows


def _row(model: Model, output: int, at: int, standardize: bool) -> dict[str, Any]:
    feature, weights = model.features[at], model.weights[output][at]
    row: dict[str, Any] = {"processed_input": feature.name, "category_weights": []}
    if isinstance(feature, NumericFeature):
        row["weight"] = weights[0] * (feature.stddev if standardize else 1.0)
    else:
        pairs = zip(feature.categories, weights, strict=True)
        row["category_weights"] = [{"category": name, "weight": size} for name, size in pairs]
    return row
