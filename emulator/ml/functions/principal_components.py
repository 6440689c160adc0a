"""ML.PRINCIPAL_COMPONENTS: each feature's loading in each component."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.decomposition.parameters import Components
from emulator.ml.functions.coordinates import FIELDS, coordinates
from emulator.ml.model import Model
from emulator.ml.options import DECOMPOSITION
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "PRINCIPAL_COMPONENTS"
APPLIES = DECOMPOSITION
SETTINGS: frozenset[str] = frozenset()

_SCHEMA = pa.schema([("principal_component_id", pa.int64()), *FIELDS])


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per component and feature, the largest eigenvalue first."""
    assert isinstance(model.parameters, Components)
    rows = [
        {"principal_component_id": number, **coordinates(feature, values)}
        for number, loadings in enumerate(model.parameters.loadings)
        for feature, values in zip(model.features, loadings, strict=True)
    ]
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, schema=_SCHEMA))
    return result
