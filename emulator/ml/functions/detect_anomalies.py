"""ML.DETECT_ANOMALIES: rows farther from the model than a share of its training rows.

Of a time series: values that its forecast makes unlikely.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.clustering.parameters import Clusters
from emulator.ml.data.binding import bind
from emulator.ml.data.quantiles import quantile
from emulator.ml.decomposition.parameters import Components
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import Output, open_input
from emulator.ml.functions.settings import number, refuse_settings
from emulator.ml.model import Model
from emulator.ml.options import CLUSTERING, DECOMPOSITION, TIME_SERIES
from emulator.ml.results import ResultTable
from emulator.ml.time_series import judgement
from emulator.session import Session

NAME = "DETECT_ANOMALIES"
APPLIES = CLUSTERING | DECOMPOSITION | TIME_SERIES
SETTINGS = frozenset({"contamination", "anomaly_prob_threshold"})
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Compare each row of the input with the threshold that CONTAMINATION sets."""
    if model.type in TIME_SERIES:
        refuse_settings(call, "contamination")
        return await judgement.detect(model, call, session)
    refuse_settings(call, "anomaly_prob_threshold")
    if "contamination" not in call.settings:
        raise StatementError("ML.DETECT_ANOMALIES needs STRUCT(… AS contamination).")
    share = 1.0 - number(call, "contamination", 0.0, most=0.5)
    parameters = model.parameters
    assert isinstance(parameters, Clusters | Components)
    threshold = quantile(parameters.quantiles, share)
    async with open_input(model, call, session) as data:
        binding = bind(model.inputs, model.features, data.seen, str(model.name))
        output = Output(session, data.kinds)
        for rows in data.batches():
            columns = _measure(model, binding.encode(rows.seen))
            value = next(iter(columns.values()))
            flags = pa.array(np.asarray(value) > threshold)
            output.append({"is_anomaly": flags, **columns}, rows.given)
    return output.result


def _measure(model: Model, data: list[object]) -> dict[str, pa.Array]:
    if isinstance(model.parameters, Clusters):
        distances = model.parameters.distances(model.features, data)
        least, nearest = model.parameters.normalised(distances)
        ids = pa.array(nearest + 1, pa.int64())
        return {"normalized_distance": pa.array(least), "centroid_id": ids}
    assert isinstance(model.parameters, Components)
    points = model.parameters.points(model.features, data)
    return {"mean_squared_error": pa.array(model.parameters.errors(points, len(model.inputs)))}
