"""ML.PRINCIPAL_COMPONENT_INFO: the eigenvalues of the components."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.decomposition.parameters import Components
from emulator.ml.model import Model
from emulator.ml.options import DECOMPOSITION
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "PRINCIPAL_COMPONENT_INFO"
APPLIES = DECOMPOSITION
SETTINGS: frozenset[str] = frozenset()


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per component, the largest eigenvalue first."""
    assert isinstance(model.parameters, Components)
    ratios = model.parameters.ratios
    table = pa.table(
        {
            "principal_component_id": np.arange(len(ratios)),
            "eigenvalue": np.array(model.parameters.eigenvalues),
            "explained_variance_ratio": ratios,
            "cumulative_explained_variance_ratio": np.cumsum(ratios),
        }
    )
    result = ResultTable(session, table.schema)
    result.append(table)
    return result
