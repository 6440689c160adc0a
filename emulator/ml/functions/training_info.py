"""ML.TRAINING_INFO: the loss of each iteration."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.model import Iteration, Model
from emulator.ml.options import CLUSTERING, DECOMPOSITION, SUPERVISED, TIME_SERIES
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "TRAINING_INFO"
APPLIES = SUPERVISED | CLUSTERING | DECOMPOSITION | TIME_SERIES
SETTINGS: frozenset[str] = frozenset()

_CLUSTERS = pa.list_(
    pa.struct(
        [
            ("centroid_id", pa.int64()),
            ("cluster_radius", pa.float64()),
            ("cluster_size", pa.int64()),
        ]
    )
)
_SCHEMA = pa.schema(
    [
        ("training_run", pa.int64()),
        ("iteration", pa.int64()),
        ("loss", pa.float64()),
        ("eval_loss", pa.float64()),
        ("learning_rate", pa.float64()),
        ("duration_ms", pa.int64()),
        ("cluster_info", _CLUSTERS),
    ]
)


_LEFT_OUT = (
    (SUPERVISED, ("cluster_info",)),
    (CLUSTERING, ("eval_loss", "learning_rate")),
    (DECOMPOSITION | TIME_SERIES, ("loss", "eval_loss", "learning_rate", "cluster_info")),
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per iteration; the normal equation has one, without a rate."""
    left_out = next((names for types, names in _LEFT_OUT if model.type in types))
    schema = pa.schema([field for field in _SCHEMA if field.name not in left_out])
    rows = [_row(step) for step in model.iterations]
    result = ResultTable(session, schema)
    result.append(pa.Table.from_pylist(rows, schema=schema))
    return result


def _row(step: Iteration) -> dict[str, Any]:
    clusters = [
        {"centroid_id": at, "cluster_radius": radius, "cluster_size": size}
        for at, (radius, size) in enumerate(step.clusters or (), start=1)
    ]
    return {
        "training_run": 0,
        "iteration": step.index,
        "loss": step.loss,
        "eval_loss": step.eval_loss,
        "learning_rate": step.learning_rate,
        "duration_ms": step.duration_ms,
        "cluster_info": clusters,
    }
