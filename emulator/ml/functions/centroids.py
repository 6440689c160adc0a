"""ML.CENTROIDS: each feature's value in each cluster."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.clustering.parameters import Clusters
from emulator.ml.data.features import NumericFeature
from emulator.ml.functions.coordinates import FIELDS, coordinates
from emulator.ml.functions.settings import flag
from emulator.ml.model import Model
from emulator.ml.options import CLUSTERING
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "CENTROIDS"
APPLIES = CLUSTERING
SETTINGS = frozenset({"standardize"})

_SCHEMA = pa.schema([("centroid_id", pa.int64()), *FIELDS])


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per centroid and feature; a share of zero is left out."""
    assert isinstance(model.parameters, Clusters)
    standardized = flag(call, "standardize")
    rows = []
    for number, centroid in enumerate(model.parameters.centroids, start=1):
        for feature, values in zip(model.features, centroid, strict=True):
            if isinstance(feature, NumericFeature):
                spread = feature.stddev_sample or 1.0
                value = values[0] / spread if standardized else values[0] + feature.mean
                values = (value,)
            row = coordinates(feature, values, without_zeros=True)
            rows.append({"centroid_id": number, **row})
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, schema=_SCHEMA))
    return result
