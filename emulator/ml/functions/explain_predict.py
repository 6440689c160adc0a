"""ML.EXPLAIN_PREDICT: predictions with what each feature added to the raw score.

A number's attribution is its slope times its distance from the training mean, a category's
its weight; together with the baseline they are the score. Of two classes the score is the
log odds of the predicted one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.columns import Floats
from emulator.ml.functions.input import batches_of, open_input, passed_types, threshold_of
from emulator.ml.functions.predict import with_inputs
from emulator.ml.functions.settings import integer
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.ml.scoring import Scorer, bind, label_array, predicted_classes, probabilities
from emulator.session import Session

NAME = "EXPLAIN_PREDICT"
SETTINGS = frozenset({"top_k_features", "threshold"})
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Explain every row of the input, batch by batch."""
    threshold = threshold_of(model, call)
    most = min(integer(call, "top_k_features", 5), len(model.features))
    result: ResultTable | None = None
    async with open_input(call, session) as reader:
        scorer = bind(model, reader.schema)
        kinds = await passed_types(call, reader.schema, session)
        for batch in batches_of(reader):
            rows = with_inputs(_explain(scorer, batch, threshold, most), batch)
            result = result or ResultTable(session, rows.schema, kinds)
            result.append(rows)
    assert result is not None
    return result


def _explain(
    scorer: Scorer, batch: pa.RecordBatch, threshold: float, most: int
) -> dict[str, pa.Array]:
    model = scorer.model
    parts = np.stack(list(scorer.contributions(batch)))
    base = np.array(model.intercepts)[:, None] + np.zeros(batch.num_rows)
    scores = base + parts.sum(axis=0)
    columns: dict[str, pa.Array] = {}
    if model.classes is None:
        parts, base, scores = parts[:, 0], base[0], scores[0]
        columns[f"predicted_{model.label}"] = pa.array(scores)
    else:
        chances = probabilities(model, scores)
        chosen = predicted_classes(model, chances, threshold)
        rows = np.arange(batch.num_rows)
        columns[f"predicted_{model.label}"] = label_array(model, chosen)
        columns["probability"] = pa.array(chances[chosen, rows])
        sign = np.where(chosen == 1, 1.0, -1.0) if model.is_binary else np.ones(len(rows))
        output = np.zeros(len(rows), dtype=np.intp) if model.is_binary else chosen
        parts = parts[:, output, rows] * sign
        base, scores = base[output, rows] * sign, scores[output, rows] * sign
    columns["top_feature_attributions"] = _top(model, parts, most)
    columns["baseline_prediction_value"] = pa.array(base)
    columns["prediction_value"] = pa.array(scores)
    columns["approximation_error"] = pa.array(np.zeros(batch.num_rows))
    return columns


def _top(model: Model, parts: Floats, most: int) -> pa.Array:
    """Return the `most` features of each row with the largest absolute parts, largest first."""
    order = np.argsort(-np.abs(parts), axis=0, kind="stable")[:most]
    names = pa.array([feature.name for feature in model.features])
    rows = parts.shape[1]
    pairs = pa.StructArray.from_arrays(
        [
            names.take(pa.array(order.T.ravel())),
            pa.array(np.take_along_axis(parts, order, axis=0).T.ravel()),
        ],
        ["feature", "attribution"],
    )
    return pa.ListArray.from_arrays(pa.array(range(0, most * rows + 1, most), pa.int32()), pairs)
