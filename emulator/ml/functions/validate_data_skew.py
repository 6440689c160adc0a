"""ML.VALIDATE_DATA_SKEW: how far each column of some rows is from the model's training data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.plain import PlainColumn, columns_of, read_known, refuse_unknown
from emulator.ml.data.profile import Profile, profile_of_column
from emulator.ml.errors import StatementError
from emulator.ml.functions import distances
from emulator.ml.functions.matching import needs_text, selected
from emulator.ml.functions.settings import flag
from emulator.ml.model import Model
from emulator.ml.options import BY_TYPE
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "VALIDATE_DATA_SKEW"
TAKES_DATA = True
SETTINGS = distances.SETTINGS | {"enable_visualization_link"}
APPLIES = frozenset(BY_TYPE) - {"ARIMA_PLUS"}


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per column of the data that is a feature of the model."""
    limits = distances.read_limits(call)
    if flag(call, "enable_visualization_link"):
        raise StatementError(
            f"ML.VALIDATE_DATA_SKEW with enable_visualization_link needs a registered model; "
            f"{model.name} is not registered in Vertex AI."
        )
    if call.data is None:
        raise StatementError(
            "ML.VALIDATE_DATA_SKEW needs TABLE and a table name, or a query in brackets."
        )
    if not model.profiles:
        raise StatementError(
            f"The model {model.name} has no statistics of its training data; train it again by "
            "CREATE OR REPLACE MODEL."
        )
    distances.check_names(call, limits, (profile.name for profile in model.profiles))
    return distances.report(await _pairs(model, call.data, limits.metric, session), limits, session)


async def _pairs(
    model: Model, data: str, metric: str, session: Session
) -> list[tuple[Profile, Profile]]:
    """Return the profiles of training and of the data, feature by feature."""
    schema = (await session.query(f"SELECT * FROM ({data}) LIMIT 0")).schema
    trained = {profile.name.lower(): profile for profile in model.profiles}
    chosen = list(_matching(trained, schema, metric))
    asked = dict(selected(schema, one.column, one.as_text) for one in chosen)
    if not asked:
        return []
    plain, columns = await read_known(f"SELECT {', '.join(asked.values())} FROM ({data})", session)
    places = {column.name: at for at, column in enumerate(columns)}
    found = []
    for one in chosen:
        at = places[one.column.name]
        found.append((one.profile, profile_of_column(plain, at, columns[at])))
    return found


class _Match(NamedTuple):
    """A profile, the column that has its name, and whether that is read as text."""

    profile: Profile
    column: PlainColumn
    as_text: bool


def _matching(trained: dict[str, Profile], schema: pa.Schema, metric: str) -> Iterator[_Match]:
    """Yield the features that the data have; a model keeps no texts of its numbers."""
    for column in columns_of(schema):
        profile = trained.get(column.name.lower())
        if profile is None:
            continue
        refuse_unknown(column, NAME)
        as_text = needs_text(profile.is_numeric, column, metric)
        if as_text is not None and not (as_text and profile.is_numeric):
            yield _Match(profile, column, as_text)
