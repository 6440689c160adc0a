"""ML.WEIGHTS: one row per class (if more than two) and feature, then the intercept.

Weights are per unit of the column. Standardised, a number's weight is per population
deviation and the intercept is the one at every number's mean.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.features import Feature, NumericFeature
from emulator.ml.functions.coordinates import category_names
from emulator.ml.functions.settings import flag
from emulator.ml.glm.parameters import Weights
from emulator.ml.model import Model
from emulator.ml.options import GLM
from emulator.ml.options.glm import GlmOptions
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "WEIGHTS"
APPLIES = GLM
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
    assert isinstance(model.parameters, Weights) and isinstance(model.options, GlmOptions)
    several = model.parameters.outputs > 1
    rows = _rows(model, model.parameters, model.options, flag(call, "standardize"))
    schema = _SCHEMA.append(pa.field("class_label", pa.string())) if several else _SCHEMA
    table = pa.Table.from_pylist(rows, schema=schema)
    result = ResultTable(session, schema)
    result.append(table)
    return result


def _rows(
    model: Model, weights: Weights, options: GlmOptions, standardize: bool
) -> list[dict[str, Any]]:
    rows = []
    for output in range(weights.outputs):
        of_output = [
            _row(feature, values, standardize)
            for feature, values in zip(model.features, weights.weights[output], strict=True)
        ]
        if options.fit_intercept:
            bias = weights.intercepts[output]
            if not standardize:
                bias = weights.raw_intercept(model.features, output)
            of_output.append({"processed_input": INTERCEPT, "weight": bias, "category_weights": []})
        if model.classes is not None and weights.outputs > 1:
            of_output = [{**row, "class_label": model.classes[output]} for row in of_output]
        rows += of_output
    return rows


def _row(feature: Feature, weights: tuple[float, ...], standardize: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"processed_input": feature.name, "category_weights": []}
    if isinstance(feature, NumericFeature):
        row["weight"] = weights[0] * (feature.stddev if standardize else 1.0)
    else:
        pairs = zip(category_names(feature), weights, strict=True)
        row["category_weights"] = [{"category": name, "weight": size} for name, size in pairs]
    return row
