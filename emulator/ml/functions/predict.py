"""ML.PREDICT: the model's outputs, then the columns of the input.

A PCA model leaves its own feature columns out unless KEEP_ORIGINAL_COLUMNS asks for them;
others pass, as the manual's example and BigQuery's recorded answers need.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.clustering.parameters import Clusters
from emulator.ml.data.binding import bind
from emulator.ml.data.columns import Floats
from emulator.ml.decomposition.parameters import Components
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import Output, open_input, threshold_of
from emulator.ml.functions.settings import flag
from emulator.ml.model import Model
from emulator.ml.options import CLUSTERING, DECOMPOSITION, SUPERVISED
from emulator.ml.results import ResultTable
from emulator.ml.scoring import label_array, make_scorer, predicted_classes, probabilities
from emulator.session import Session

NAME = "PREDICT"
APPLIES = SUPERVISED | CLUSTERING | DECOMPOSITION
SETTINGS = frozenset({"threshold", "keep_original_columns"})
TAKES_DATA = True
MOST_NEAREST = 5

Predict = Callable[[pa.RecordBatch], dict[str, pa.Array]]


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Predict every row of the input, batch by batch."""
    left_out = _left_out(model, call)
    threshold = threshold_of(model, call)
    async with open_input(model, call, session) as data:
        predict = _predictor(model, data.seen, threshold)
        output = Output(session, data.kinds)
        for rows in data.batches():
            kept = [name for name in rows.given.schema.names if name.lower() not in left_out]
            output.append(predict(rows.seen), rows.given.select(kept))
    return output.result


def _left_out(model: Model, call: Call) -> set[str]:
    if model.type not in DECOMPOSITION:
        if "keep_original_columns" in call.settings:
            raise StatementError("keep_original_columns only applies to PCA models.")
        return set()
    columns = model.inputs if model.transform is None else model.transform.inputs
    kept = flag(call, "keep_original_columns")
    return set() if kept else {column.name.lower() for column in columns}


def _predictor(model: Model, schema: pa.Schema, threshold: float) -> Predict:
    if model.label is not None:
        scorer = make_scorer(model, schema)
        return lambda batch: predict(model, scorer.scores(batch), threshold)
    binding = bind(model.inputs, model.features, schema, str(model.name))
    if isinstance(model.parameters, Clusters):
        clusters = model.parameters
        return lambda batch: _nearest(clusters.distances(model.features, binding.encode(batch)))
    assert isinstance(model.parameters, Components)
    components = model.parameters
    return lambda batch: _projected(
        components, components.points(model.features, binding.encode(batch))
    )


def predict(model: Model, scores: Floats, threshold: float) -> dict[str, pa.Array]:
    """Return a supervised model's output columns for scores of shape (outputs, rows)."""
    name = f"predicted_{model.label}"
    if model.classes is None:
        return {name: pa.array(scores[0])}
    chances = probabilities(model, scores)
    labels = label_array(model, predicted_classes(model, chances, threshold))
    return {name: labels, f"{name}_probs": _probabilities(model, chances)}


def _probabilities(model: Model, chances: Floats) -> pa.Array:
    """Return ARRAY<STRUCT<label, prob>>, the highest label first."""
    classes, rows = chances.shape
    order = list(reversed(range(classes)))
    labels = label_array(model, order * rows)
    return _lists(classes, rows, label=labels, prob=pa.array(chances[order].T.ravel()))


def _nearest(distances: Floats) -> dict[str, pa.Array]:
    """Return the nearest centroid, and the nearest few with their distances, ascending."""
    count = min(MOST_NEAREST, distances.shape[1])
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    near = np.take_along_axis(distances, order, axis=1)
    ids = pa.array(order.ravel() + 1, pa.int64())
    pairs = _lists(count, len(order), CENTROID_ID=ids, DISTANCE=pa.array(near.ravel()))
    return {
        "CENTROID_ID": pa.array(order[:, 0] + 1, pa.int64()),
        "NEAREST_CENTROIDS_DISTANCE": pairs,
    }


def _projected(components: Components, points: Floats) -> dict[str, pa.Array]:
    scores = points @ components.matrix
    return {f"principal_component_{at + 1}": pa.array(one) for at, one in enumerate(scores.T)}


def _lists(each: int, rows: int, **fields: pa.Array) -> pa.Array:
    """Return one list of `each` structs a row."""
    structs = pa.StructArray.from_arrays(list(fields.values()), list(fields))
    return pa.ListArray.from_arrays(pa.array(range(0, each * rows + 1, each), pa.int32()), structs)
