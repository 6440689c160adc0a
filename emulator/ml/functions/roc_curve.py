"""ML.ROC_CURVE: counts of a two-class model at thresholds of its score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from emulator.ml import roc
from emulator.ml.calls import Call
from emulator.ml.constants import constant
from emulator.ml.data.columns import Floats
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import judge
from emulator.ml.literals import read_value
from emulator.ml.model import Model, Roc
from emulator.ml.options import SUPERVISED
from emulator.ml.options.values import written
from emulator.ml.probabilities import sigmoid
from emulator.ml.results import ResultTable
from emulator.ml.syntax import Source
from emulator.session import Session

NAME = "ROC_CURVE"
APPLIES = SUPERVISED
SETTINGS: frozenset[str] = frozenset()
TAKES_DATA = True
TAKES_EXPRESSION = True
MOST_THRESHOLDS = 1_048_575  # what GENERATE_ARRAY makes at most


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per threshold, the highest threshold first."""
    if not model.is_binary:
        raise StatementError("ML.ROC_CURVE only applies to binary classification models.")
    curve = model.roc
    if call.data is not None:
        rows = await judge(model, call, session)
        known = rows.labels < 2
        chances = sigmoid(rows.scores[0][known])
        thresholds = await _thresholds(call, session)
        curve = roc.curve(chances, np.asarray(rows.labels[known] == 1), thresholds)
    elif call.expression is not None:
        raise StatementError("ML.ROC_CURVE needs input data to apply thresholds.")
    assert curve is not None
    table = _table(curve)
    result = ResultTable(session, table.schema)
    result.append(table)
    return result


async def _thresholds(call: Call, session: Session) -> Floats | None:
    if call.expression is None:
        return None
    source, what = Source(call.expression), "the thresholds of ML.ROC_CURVE"
    last = len(source.words)
    if source.is_word(0, "GENERATE_ARRAY", "(") and source.closing(1) == last - 1:
        parts = [read_value(source, *part) for part in source.split(2, last - 1)]
        values = [await constant(part, what, session) for part in parts]
        if len(values) in (2, 3) and all(map(_is_number, values)):
            return _checked(call, generate_array(*values).tolist())
    return _checked(call, await constant(read_value(source, 0, last), what, session))


def _checked(call: Call, values: Any) -> Floats:
    """Return thresholds as an array, if they are probabilities."""
    array = isinstance(values, list)
    wrong = [one for one in values if not (_is_number(one) and 0 <= one <= 1)] if array else []
    if not array or wrong:
        found = f"; {written(wrong[0])} is none" if wrong else ""
        raise StatementError(
            f"Invalid value for the thresholds of ML.ROC_CURVE: {call.expression}. Expected an "
            f"array of numbers from 0 to 1{found}."
        )
    return np.array(values, dtype=float)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def generate_array(start: float, stop: float, step: float = 1.0) -> Floats:
    """Return start, start + step, … up to stop, which rounding does not leave out."""
    if step == 0:
        raise StatementError("Sequence step cannot be 0.")
    count = np.floor((stop - start) / step + 1e-9) + 1
    if not count <= MOST_THRESHOLDS:
        raise StatementError(f"GENERATE_ARRAY makes more than {MOST_THRESHOLDS} thresholds.")
    made = start + step * np.arange(max(int(count), 0), dtype=np.float64)
    return np.asarray(np.minimum(made, stop) if step > 0 else np.maximum(made, stop))


def _table(curve: Roc) -> pa.Table:
    hits = np.array(curve.true_positives, dtype=np.int64)
    alarms = np.array(curve.false_positives, dtype=np.int64)
    with np.errstate(invalid="ignore"):
        return pa.table(
            {
                "threshold": np.array(curve.thresholds, dtype=float),
                "recall": hits / np.float64(curve.positives),
                "false_positive_rate": alarms / np.float64(curve.negatives),
                "true_positives": hits,
                "false_positives": alarms,
                "true_negatives": curve.negatives - alarms,
                "false_negatives": curve.positives - hits,
            }
        )
