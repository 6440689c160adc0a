"""ML.ROC_CURVE: counts of a two-class model at thresholds of its score."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml import roc
from emulator.ml.calls import Call
from emulator.ml.data.columns import Floats
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import judge
from emulator.ml.literals import read_value
from emulator.ml.model import Model, Roc
from emulator.ml.options import SUPERVISED
from emulator.ml.probabilities import sigmoid
from emulator.ml.results import ResultTable
from emulator.ml.syntax import Source
from emulator.session import Session

NAME = "ROC_CURVE"
APPLIES = SUPERVISED
SETTINGS: frozenset[str] = frozenset()
TAKES_DATA = True
TAKES_EXPRESSION = True


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
    source = Source(call.expression)
    if source.is_word(0, "GENERATE_ARRAY", "("):
        parts = source.split(2, len(source.words) - 1)
        values = [read_value(source, *part) for part in parts]
        if len(values) in (2, 3) and all(isinstance(value, int | float) for value in values):
            return generate_array(*values)
    found = await session.query(f"SELECT {call.expression} AS thresholds")
    return np.array(found.column(0)[0].as_py(), dtype=float)


def generate_array(start: float, stop: float, step: float = 1.0) -> Floats:
    """Return start, start + step, … up to stop, which rounding does not leave out."""
    if step == 0:
        raise StatementError("Sequence step cannot be 0.")
    count = int(np.floor((stop - start) / step + 1e-9)) + 1
    return start + step * np.arange(max(count, 0), dtype=np.float64)


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
