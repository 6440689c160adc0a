"""ML.PREDICT: the model's outputs, then every column of the input."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.columns import Floats
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import batches_of, open_input, passed_types, threshold_of
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.ml.scoring import bind, label_array, predicted_classes, probabilities
from emulator.session import Session

NAME = "PREDICT"
SETTINGS = frozenset({"threshold", "keep_original_columns"})
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Predict every row of the input, batch by batch."""
    if "keep_original_columns" in call.settings:
        raise StatementError("keep_original_columns only applies to PCA models.")
    threshold = threshold_of(model, call)
    async with open_input(call, session) as reader:
        scorer = bind(model, reader.schema)
        kinds = await passed_types(call, reader.schema, session)
        result: ResultTable | None = None
        for batch in batches_of(reader):
            outputs = predict(model, scorer.scores(batch), threshold)
            rows = with_inputs(outputs, batch)
            result = result or ResultTable(session, rows.schema, kinds)
            result.append(rows)
    assert result is not None
    return result


def predict(model: Model, scores: Floats, threshold: float) -> dict[str, pa.Array]:
    """Return the model's output columns for scores of shape (outputs, rows)."""
    name = f"predicted_{model.label}"
    if model.classes is None:
        return {name: pa.array(scores[0])}
    chances = probabilities(model, scores)
    labels = label_array(model, predicted_classes(model, chances, threshold))
    return {name: labels, f"{name}_probs": _probabilities(model, chances)}


def with_inputs(outputs: dict[str, pa.Array], batch: pa.RecordBatch) -> pa.RecordBatch:
    """Put output columns in front of the input's.

    Raises
    ------
    StatementError
        If the input has a column of an output's name.
    """
    taken = {name.lower() for name in outputs}
    for name in batch.schema.names:
        if name.lower() in taken:
            raise StatementError(
                "Duplicate column names in the result are not supported. "
                f"Found duplicate(s): {name}. Leave the column out of the input."
            )
    columns = [*outputs.values(), *batch.columns]
    return pa.RecordBatch.from_arrays(columns, [*outputs, *batch.schema.names])


def _probabilities(model: Model, chances: Floats) -> pa.Array:
    """Return ARRAY<STRUCT<label, prob>>, the highest label first."""
    classes, rows = chances.shape
    order = list(reversed(range(classes)))
    labels = label_array(model, order * rows)
    probs = pa.array(chances[order].T.ravel())
    pairs = pa.StructArray.from_arrays([labels, probs], ["label", "prob"])
    offsets = pa.array(range(0, classes * rows + 1, classes), pa.int32())
    return pa.ListArray.from_arrays(offsets, pairs)
