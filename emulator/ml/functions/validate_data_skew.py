"""ML.VALIDATE_DATA_SKEW: how far each column of some rows is from the model's training data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.plain import PlainColumn, columns_of, read_known
from emulator.ml.data.profile import L_INFINITY, Profile, profile_of_column
from emulator.ml.errors import StatementError
from emulator.ml.functions import distances
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
    schema = (await session.query(f"SELECT * FROM ({call.data}) LIMIT 0")).schema
    trained = {profile.name.lower(): profile for profile in model.profiles}
    chosen = list(_matching(trained, schema, limits.metric))
    selected = {schema.field(one.column.path[0]).name: one.selected for one in chosen}
    if not selected:
        return distances.report([], limits, session)
    query = f"SELECT {', '.join(selected.values())} FROM ({call.data})"
    plain, columns = await read_known(query, session)
    places = {column.name: at for at, column in enumerate(columns)}
    pairs = (
        (one.profile, profile_of_column(plain, at, columns[at]))
        for one in chosen
        for at in [places[one.column.name]]
    )
    return distances.report(pairs, limits, session)


class _Match(NamedTuple):
    """A profile, the column that has its name, and how that is selected."""

    profile: Profile
    column: PlainColumn
    selected: str


def _matching(trained: dict[str, Profile], schema: pa.Schema, metric: str) -> Iterator[_Match]:
    """Yield the features that the data have, those of an incomparable type left out.

    The manual's rule: where types differ, the Jensen-Shannon divergence leaves a feature out and
    L-infinity compares values as texts.
    """
    for column in columns_of(schema):
        profile = trained.get(column.name.lower())
        if profile is None or not column.is_known:
            continue
        given = f"`{schema.field(column.path[0]).name}`"
        if profile.is_numeric == column.is_numeric:
            yield _Match(profile, column, given)
        elif column.is_numeric and metric == L_INFINITY and not column.is_array:
            if len(column.path) == 1:
                yield _Match(profile, column, f"CAST({given} AS STRING) AS {given}")
