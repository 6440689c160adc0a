"""ML.EVALUATE: metrics over the input, or those that training stored."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml import metrics
from emulator.ml.calls import Call
from emulator.ml.clustering.parameters import Clusters
from emulator.ml.clustering.scores import CLUSTERING as CLUSTERING_METRICS
from emulator.ml.clustering.scores import clustering_metrics
from emulator.ml.data.binding import bind
from emulator.ml.decomposition.parameters import Components
from emulator.ml.errors import StatementError
from emulator.ml.functions import arima_evaluate
from emulator.ml.functions.input import Judged, judge, open_input, threshold_of
from emulator.ml.functions.settings import refuse_settings
from emulator.ml.model import Model
from emulator.ml.options import CLUSTERING, DECOMPOSITION, SUPERVISED, TIME_SERIES
from emulator.ml.results import ResultTable
from emulator.ml.scoring import probabilities
from emulator.ml.time_series import judgement
from emulator.session import Session

NAME = "EVALUATE"
APPLIES = SUPERVISED | CLUSTERING | DECOMPOSITION | TIME_SERIES
OF_SERIES = ("perform_aggregation", "horizon", "confidence_level")
SETTINGS = frozenset({"threshold", *OF_SERIES})
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row of FLOAT64 metrics."""
    threshold = threshold_of(model, call)
    if model.type in TIME_SERIES:
        if call.data is not None:
            return await judgement.evaluate(model, call, session)
        refuse_settings(call, *OF_SERIES)
        return await arima_evaluate.run(model, call, session)
    refuse_settings(call, *OF_SERIES)
    if call.data is None and "threshold" in call.settings:
        raise StatementError("ML.EVALUATE needs input data to apply a threshold.")
    values: dict[str, float | None] = dict(model.metrics)
    if call.data is not None and model.label is not None:
        values = judge_rows(model, await judge(model, call, session), threshold)
    elif call.data is not None:
        values = await _measure(model, call, session)
    columns = {name: pa.array([value], pa.float64()) for name, value in values.items()}
    table = pa.table(columns)
    result = ResultTable(session, table.schema)
    result.append(table)
    return result


def judge_rows(model: Model, rows: Judged, threshold: float) -> dict[str, float | None]:
    """Return the metrics of scored rows; without a row each is NULL."""
    if not len(rows.labels):
        names = metrics.REGRESSION if model.classes is None else metrics.CLASSIFICATION
        return dict.fromkeys(names)
    if model.classes is None:
        return {**metrics.regression_metrics(rows.labels, rows.scores[0])}
    if model.is_binary:
        known = rows.labels < 2
        positive = np.asarray(rows.labels[known] == 1)
        return {**metrics.binary_metrics(positive, rows.scores[0][known], threshold)}
    losses = metrics.log_losses(rows.scores, rows.labels)
    chances = probabilities(model, rows.scores)
    return {**metrics.multiclass_metrics(rows.labels, chances, losses)}


async def _measure(model: Model, call: Call, session: Session) -> dict[str, float | None]:
    """Return the metrics of rows without label."""
    parameters = model.parameters
    found, explained, total = [], 0.0, 0.0
    async with open_input(model, call, session) as data:
        binding = bind(model.inputs, model.features, data.seen, str(model.name))
        for rows in data.batches():
            encoded = binding.encode(rows.seen)
            if isinstance(parameters, Clusters):
                found.append(parameters.distances(model.features, encoded))
            else:
                assert isinstance(parameters, Components)
                points = parameters.points(model.features, encoded)
                explained += float(np.square(points @ parameters.matrix).sum())
                total += float(np.square(points).sum())
    if not isinstance(parameters, Clusters):
        return {"total_explained_variance_ratio": explained / total if total else None}
    distances = np.concatenate(found)
    if not len(distances):
        return dict.fromkeys(CLUSTERING_METRICS)
    centres = parameters.centres(model.features)
    return {
        **clustering_metrics(
            distances.min(axis=1), distances.argmin(axis=1), centres, parameters.cosine
        )
    }
