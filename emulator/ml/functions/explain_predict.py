"""ML.EXPLAIN_PREDICT: predictions with what each feature added to the raw score.

A number's attribution is its slope times its distance from the training mean, a category's
its weight, a tree model's are Shapley values; with the baseline they are the score. Of two
classes the score is the log odds of the predicted one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.columns import Floats
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import Output, open_input, threshold_of
from emulator.ml.functions.settings import flag, integer
from emulator.ml.model import Model
from emulator.ml.options import SUPERVISED, TREES
from emulator.ml.results import ResultTable
from emulator.ml.scoring import Scorer, label_array, make_scorer, predicted_classes, probabilities
from emulator.session import Session

NAME = "EXPLAIN_PREDICT"
APPLIES = SUPERVISED
SETTINGS = frozenset({"top_k_features", "threshold", "approx_feature_contrib"})
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Explain every row of the input, batch by batch."""
    threshold = threshold_of(model, call)
    approximate = flag(call, "approx_feature_contrib")
    if "approx_feature_contrib" in call.settings and model.type not in TREES:
        raise StatementError("approx_feature_contrib only applies to tree models.")
    most = min(integer(call, "top_k_features", 5), len(model.features))
    async with open_input(model, call, session) as data:
        scorer = make_scorer(model, data.seen)
        output = Output(session, data.kinds)
        for rows in data.batches():
            output.append(_explain(scorer, rows.seen, threshold, most, approximate), rows.given)
    return output.result


def _explain(
    scorer: Scorer, batch: pa.RecordBatch, threshold: float, most: int, approximate: bool
) -> dict[str, pa.Array]:
    model = scorer.model
    parts, baseline = scorer.attributions(batch, approximate)
    base = baseline[:, None] + np.zeros(batch.num_rows)
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
