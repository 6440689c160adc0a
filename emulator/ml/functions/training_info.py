"""ML.TRAINING_INFO: the loss of each iteration."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "TRAINING_INFO"
SETTINGS: frozenset[str] = frozenset()

_SCHEMA = pa.schema(
    [
        ("training_run", pa.int64()),
        ("iteration", pa.int64()),
        ("loss", pa.float64()),
        ("eval_loss", pa.float64()),
        ("learning_rate", pa.float64()),
        ("duration_ms", pa.int64()),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per iteration; the normal equation has one, without a rate."""
    rows = [
        {
            "training_run": 0,
            "iteration": step.index,
            "loss": step.loss,
            "eval_loss": step.eval_loss,
            "learning_rate": step.learning_rate,
            "duration_ms": step.duration_ms,
        }
        for step in model.iterations
    ]
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, schema=_SCHEMA))
    return result
