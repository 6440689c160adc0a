"""ML.FEATURE_IMPORTANCE: how often and how well each feature splits in a tree model."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.model import Model
from emulator.ml.options import TREES
from emulator.ml.results import ResultTable
from emulator.ml.trees.matrix import widths
from emulator.ml.trees.parameters import Ensemble
from emulator.session import Session

NAME = "FEATURE_IMPORTANCE"
APPLIES = TREES
SETTINGS: frozenset[str] = frozenset()


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per feature: splits, and their mean gain and cover."""
    assert isinstance(model.parameters, Ensemble)
    found = model.parameters.importance()
    starts = np.cumsum([0, *widths(model.features, model.parameters.encoding)])[:-1]
    weight = np.add.reduceat(found.weight, starts)
    often = np.maximum(weight, 1.0)
    table = pa.table(
        {
            "feature": [feature.name for feature in model.features],
            "importance_weight": weight,
            "importance_gain": np.add.reduceat(found.gain * found.weight, starts) / often,
            "importance_cover": np.add.reduceat(found.cover * found.weight, starts) / often,
        }
    )
    result = ResultTable(session, table.schema)
    result.append(table)
    return result
