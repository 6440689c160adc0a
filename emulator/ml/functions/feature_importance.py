"""ML.FEATURE_IMPORTANCE: how often and how well each feature splits in a tree model."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.columns import Floats
from emulator.ml.model import Model
from emulator.ml.options import TREES
from emulator.ml.results import ResultTable
from emulator.ml.transform.parameters import Transform
from emulator.ml.trees.matrix import widths
from emulator.ml.trees.parameters import Ensemble
from emulator.session import Session

NAME = "FEATURE_IMPORTANCE"
APPLIES = TREES
SETTINGS: frozenset[str] = frozenset()

_PART_OF_TIME = re.compile(r"^_TS_[A-Z]+_")


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return splits with their mean gain and cover, per feature or column before TRANSFORM."""
    assert isinstance(model.parameters, Ensemble)
    found = model.parameters.importance()
    starts = np.cumsum([0, *widths(model.features, model.parameters.encoding)])[:-1]
    parts = [found.weight, found.gain * found.weight, found.cover * found.weight]
    totals = np.array([np.add.reduceat(part, starts) for part in parts])
    names = [feature.name for feature in model.features]
    if model.transform is not None:
        names, totals = _before(model.transform, names, totals)
    weight, gain, cover = totals
    often = np.maximum(weight, 1.0)
    table = pa.table(
        {
            "feature": names,
            "importance_weight": weight,
            "importance_gain": gain / often,
            "importance_cover": cover / often,
        }
    )
    result = ResultTable(session, table.schema)
    result.append(table)
    return result


def _before(transform: Transform, names: list[str], totals: Floats) -> tuple[list[str], Floats]:
    """Return columns before a TRANSFORM clause, each with all splits on what is made of it."""
    made = [set(_columns(transform, name)) for name in names]
    before = [column.name for column in transform.inputs]
    sums = [totals[:, [column in of for of in made]].sum(axis=1) for column in before]
    return before, np.array(sums).reshape(-1, len(totals)).T


def _columns(transform: Transform, feature: str) -> tuple[str, ...]:
    """Return the columns that a feature is made of; its name is an output's or begins with it."""
    plain = _PART_OF_TIME.sub("", feature)
    for name in (feature, plain):
        for output in sorted(transform.outputs, key=lambda one: -len(one.name)):
            if name == output.name or name.startswith(f"{output.name}_"):
                return output.columns
    return ()
