"""ML.ADVANCED_WEIGHTS: weights with standard errors and p-values of the normal distribution."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.features import CategoricalFeature, NumericFeature
from emulator.ml.errors import StatementError
from emulator.ml.functions.coordinates import category_names
from emulator.ml.functions.settings import flag
from emulator.ml.functions.weights import INTERCEPT
from emulator.ml.glm.parameters import Weights
from emulator.ml.model import Model
from emulator.ml.options import GLM
from emulator.ml.options.glm import GlmOptions
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "ADVANCED_WEIGHTS"
APPLIES = GLM
SETTINGS = frozenset({"standardize"})

_SCHEMA = pa.schema(
    [
        ("processed_input", pa.string()),
        ("category", pa.string()),
        ("weight", pa.float64()),
        ("standard_error", pa.float64()),
        ("p_value", pa.float64()),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per number and per category, the intercept last."""
    weights, options = model.parameters, model.options
    assert isinstance(weights, Weights) and isinstance(options, GlmOptions)
    if weights.errors is None:
        raise StatementError(
            f"Model {model.name} was not trained with CALCULATE_P_VALUES = TRUE, "
            "which ML.ADVANCED_WEIGHTS needs."
        )
    standardize = flag(call, "standardize")
    rows = []
    for feature, values, errors in zip(
        model.features, weights.weights[0], weights.errors, strict=True
    ):
        numeric = isinstance(feature, NumericFeature)
        names = [None] if numeric else category_names(feature)
        scale = feature.stddev if isinstance(feature, NumericFeature) and standardize else 1.0
        for name, value, error in zip(names, values, errors, strict=True):
            dropped = isinstance(feature, CategoricalFeature) and error is None
            known = math.nan if dropped else error
            rows.append(_row(feature.name, name, value * scale, known and known * scale))
    if options.fit_intercept:
        bias = weights.intercepts[0]
        # As on BigQuery, the error of the intercept is only told where numbers are centred.
        error = weights.intercept_error if standardize else None
        if not standardize:
            bias = weights.raw_intercept(model.features, 0)
        rows.append(_row(INTERCEPT, None, bias, error))
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, schema=_SCHEMA))
    return result


def _row(name: str, category: str | None, weight: float, error: float | None) -> dict[str, Any]:
    p_value = None
    if error is not None:
        distance = abs(weight) / error if error else math.inf
        p_value = math.nan if math.isnan(error) else math.erfc(distance / math.sqrt(2.0))
    return {
        "processed_input": name,
        "category": category,
        "weight": weight,
        "standard_error": error,
        "p_value": p_value,
    }
