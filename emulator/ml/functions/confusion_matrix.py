"""ML.CONFUSION_MATRIX: rows by actual label, columns by predicted class, both ascending."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.columns import Codes
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import judge, threshold_of
from emulator.ml.model import Model
from emulator.ml.options import SUPERVISED
from emulator.ml.results import ResultTable
from emulator.ml.scoring import label_array, predicted_classes, probabilities
from emulator.session import Session

NAME = "CONFUSION_MATRIX"
APPLIES = SUPERVISED
SETTINGS = frozenset({"threshold"})
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per label of the input."""
    if model.classes is None:
        raise StatementError("ML.CONFUSION_MATRIX only applies to classification models.")
    threshold = threshold_of(model, call)
    if call.data is None and "threshold" in call.settings:
        raise StatementError("ML.CONFUSION_MATRIX needs input data to apply a threshold.")
    if call.data is None:
        assert model.confusion is not None
        counts = np.array(model.confusion.counts)
        present = np.flatnonzero(counts.sum(axis=1))
        expected, counts = label_array(model, present), counts[present]
    else:
        rows = await judge(model, call, session)
        predicted = predicted_classes(model, probabilities(model, rows.scores), threshold)
        expected, counts = _count(rows.values, predicted, len(model.classes))
    columns = [expected, *(pa.array(column, pa.int64()) for column in counts.T)]
    table = pa.table(columns, names=["expected_label", *column_names(model.classes)])
    result = ResultTable(session, table.schema)
    result.append(table)
    return result


def _count(values: pa.ChunkedArray, predicted: Codes, classes: int) -> tuple[pa.Array, Codes]:
    encoded = values.combine_chunks().dictionary_encode()
    found = encoded.dictionary.to_pylist()
    order = sorted(range(len(found)), key=lambda at: found[at])
    counts = np.zeros((len(found), classes), dtype=np.int64)
    np.add.at(counts, (encoded.indices.to_numpy(zero_copy_only=False), predicted), 1)
    return encoded.dictionary.take(pa.array(order, pa.int64())), counts[order]


def column_names(classes: tuple[str, ...]) -> list[str]:
    """Return labels as legal, distinct column names: `0` becomes `_0`."""
    names: list[str] = []
    taken = {"expected_label"}
    for label in classes:
        name = re.sub(r"\W", "_", label) or "_"
        name = f"_{name}" if name[0].isdigit() else name
        base, number = name, 0
        while name.lower() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names
