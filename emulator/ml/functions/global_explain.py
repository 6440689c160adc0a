"""ML.GLOBAL_EXPLAIN: mean absolute attributions, computed when the model was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.errors import StatementError
from emulator.ml.functions.settings import flag
from emulator.ml.model import Model
from emulator.ml.options import SUPERVISED
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "GLOBAL_EXPLAIN"
APPLIES = SUPERVISED
SETTINGS = frozenset({"class_level_explain"})
MOST_PER_CLASS = 10

_SCHEMA = pa.schema([("feature", pa.string()), ("attribution", pa.float64())])


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return features by importance, for the model or for each of its classes."""
    if model.explanation is None:
        raise StatementError(
            f"Model {model.name} was not trained with ENABLE_GLOBAL_EXPLAIN = TRUE, "
            "which ML.GLOBAL_EXPLAIN needs."
        )
    by_class = flag(call, "class_level_explain")
    if by_class and model.classes is None:
        raise StatementError("class_level_explain only applies to classification models.")
    values = np.array(model.explanation)
    schema, rows = _SCHEMA, _ranked(model, values.mean(axis=0))
    if by_class:
        schema = pa.schema([("class_name", pa.string()), *_SCHEMA])
        rows = [
            {"class_name": label, **row}
            for label, sizes in zip(model.classes or (), values, strict=True)
            for row in _ranked(model, sizes)[:MOST_PER_CLASS]
        ]
    result = ResultTable(session, schema)
    result.append(pa.Table.from_pylist(rows, schema=schema))
    return result


def _ranked(model: Model, sizes: Any) -> list[dict[str, Any]]:
    pairs = zip(model.features, sizes, strict=True)
    rows = [{"feature": f.name, "attribution": float(size)} for f, size in pairs]
    return sorted(rows, key=lambda row: -float(row["attribution"]))
