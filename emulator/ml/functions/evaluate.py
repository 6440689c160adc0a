"""ML.EVALUATE: metrics over the input, or those that training stored."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml import metrics
from emulator.ml.calls import Call
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import Judged, judge, threshold_of
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.ml.scoring import probabilities
from emulator.session import Session

NAME = "EVALUATE"
SETTINGS = frozenset({"threshold"})
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row of FLOAT64 metrics."""
    threshold = threshold_of(model, call)
    if call.data is None and "threshold" in call.settings:
        raise StatementError("ML.EVALUATE needs input data to apply a threshold.")
    values: dict[str, float] = dict(model.metrics)
    if call.data is not None:
        values = judge_rows(model, await judge(model, call, session), threshold)
    columns = {name: pa.array([value], pa.float64()) for name, value in values.items()}
    table = pa.table(columns)
    result = ResultTable(session, table.schema)
    result.append(table)
    return result


def judge_rows(model: Model, rows: Judged, threshold: float) -> dict[str, float]:
    """Return the metrics of scored rows; without a row each is NULL."""
    if not len(rows.labels):
        names = metrics.REGRESSION if model.classes is None else metrics.CLASSIFICATION
        return dict.fromkeys(names)  # type: ignore[return-value]
    if model.classes is None:
        return metrics.regression_metrics(rows.labels, rows.scores[0])
    if model.is_binary:
        known = rows.labels < 2
        return metrics.binary_metrics(
            np.asarray(rows.labels[known] == 1), rows.scores[0][known], threshold
        )
    losses = metrics.log_losses(rows.scores, rows.labels)
    return metrics.multiclass_metrics(rows.labels, probabilities(model, rows.scores), losses)
