"""Measures the statistics of a TRANSFORM clause, which BigQuery does not tell.

ML.TRANSFORM answers a few chosen values, NULL among them, and for vocabularies and quantiles the
distinct values of the features table, aggregated in BigQuery.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from export.errors import UnsupportedError
from export.families.clause import (
    BUCKETS,
    ENCODERS,
    SCALERS,
    Buckets,
    Fill,
    Learned,
    Made,
    Scale,
    Vocabulary,
)
from export.nodes import Node
from export.warehouse import Warehouse

PROBE = "_probe"


def learn(
    warehouse: Warehouse, node: Node, clause: Sequence[Made], types: Mapping[str, str]
) -> dict[str, Learned]:
    """Measure the statistics of each feature, by its name.

    Parameters
    ----------
    warehouse : Warehouse
    node : Node
    clause : sequence of Made
    types : mapping of str to str
        BigQuery's type of each input column.
    """
    ask = _Asker(warehouse, node, types)
    return {made.name: _LEARNERS.get(made.function, _nothing)(made, ask) for made in clause}


class _Asker:
    """Asks ML.TRANSFORM what becomes of values of one column."""

    def __init__(self, warehouse: Warehouse, node: Node, types: Mapping[str, str]) -> None:
        self._warehouse, self._node, self._types = warehouse, node, types

    def values(self, made: Made, literals: Sequence[str]) -> list[Any]:
        """Return what becomes of SQL literals, in their order."""
        kind = self._types[made.source]
        rows = [f"struct({at} as n, cast({sql} as {kind}) as v)" for at, sql in enumerate(literals)]
        found = self._of(made, f"select n as {PROBE}, v from unnest([{', '.join(rows)}])", PROBE)
        return [row["y"] for row in sorted(found, key=lambda row: int(row["p"]))]

    def below(self, made: Made, value: float) -> float:
        """Return the greatest value of the column's type below a value."""
        whole = self._types[made.source] == "INT64"
        return np.ceil(value) - 1 if whole else float(np.nextafter(value, -np.inf))

    def column(self, made: Made) -> list[dict[str, Any]]:
        """Return what becomes of the distinct values of the column: `p` becomes `y`."""
        return self._of(made, self._distinct(made), PROBE)

    def ranges(self, made: Made) -> list[dict[str, Any]]:
        """Return the least and greatest value, `low` and `high`, that becomes each `y`."""
        return self._warehouse.rows(
            f"select `{made.name}` as y, min({PROBE}) as low, max({PROBE}) as high from "
            f"{self._transform(made, self._distinct(made))} group by 1 order by 2"
        )

    def ends(self, made: Made) -> tuple[float, float]:
        """Return the least and greatest value of the column outside of the test split."""
        (row,) = self._warehouse.rows(
            f"select min(`{made.source}`) as low, max(`{made.source}`) as high from "
            f"`{self._node.tables['features']}` where split != 'test'"
        )
        return float(row["low"]), float(row["high"])

    def _of(self, made: Made, values: str, probe: str) -> list[dict[str, Any]]:
        sql = f"select {probe} as p, `{made.name}` as y from {self._transform(made, values)}"
        return self._warehouse.rows(sql)

    def _distinct(self, made: Made) -> str:
        return (
            f"select `{made.source}` as {PROBE}, `{made.source}` as v from "
            f"`{self._node.tables['features']}` where `{made.source}` is not null group by 1, 2"
        )

    def _transform(self, made: Made, values: str) -> str:
        others = [
            f"cast(null as {kind}) as `{name}`"
            for name, kind in self._types.items()
            if name != made.source
        ]
        columns = ", ".join([PROBE, f"v as `{made.source}`", *others])
        return f"ml.transform(model `{self._node.relation}`, (select {columns} from ({values})))"


def _nothing(made: Made, ask: _Asker) -> None:
    return None


def _scale(made: Made, ask: _Asker) -> Scale:
    """Return the line through two points; within the range no value is clipped."""
    low, high = ask.ends(made)
    high = high if high > low else low + 1.0
    first, second = map(float, ask.values(made, [repr(low), repr(high)]))
    clipped = made.function == "MIN_MAX_SCALER"
    if first == second:  # a constant column becomes 0
        return Scale(low, 1.0, clipped)
    spread = (high - low) / (second - first)
    return Scale(low - first * spread, spread, clipped)


def _fill(made: Made, ask: _Asker) -> Fill:
    (value,) = ask.values(made, ["null"])
    if not isinstance(value, int | float):
        raise UnsupportedError(
            f'The TRANSFORM clause fills "{made.source}" with {value!r}; the export rebuilds '
            "ML.IMPUTER of numbers."
        )
    return Fill(float(value))


def _buckets(made: Made, ask: _Asker) -> Buckets:
    if made.function == "BUCKETIZE":
        points = sorted(float(one.sql()) for one in made.arguments[0].expressions)
        if len(made.arguments) > 1 and made.arguments[1].sql().lower() == "true":
            points = points[1:-1]
    else:
        points = [float(row["low"]) for row in ask.ranges(made)[1:]]
    before = [ask.below(made, point) for point in points] or [0.0]
    found = ask.values(made, [repr(float(one)) for one in (*before, *points)])
    names = [found[0], *found[len(before) :]]
    if found[: len(before)] != names[: len(before)]:
        raise UnsupportedError(
            f'The buckets of "{made.source}" do not begin at values of the features table; the '
            "export cannot tell where. Use ML.BUCKETIZE with split points."
        )
    return Buckets(tuple(points), tuple(map(str, names)))


def _vocabulary(made: Made, ask: _Asker) -> Vocabulary:
    words: dict[int, str] = {}
    dropped = None
    for row in ask.column(made):
        index, value = _index(row["y"])
        if index:
            words[index] = row["p"]
            dropped = index if value == 0.0 else dropped
    if sorted(words) != list(range(1, len(words) + 1)):
        raise UnsupportedError(
            f'The vocabulary of "{made.source}" holds words that the features table has not.'
        )
    return Vocabulary(tuple(words[at] for at in sorted(words)), dropped)


def _index(encoded: Any) -> tuple[int, float]:
    if isinstance(encoded, list):
        (entry,) = encoded
        return int(entry["index"]), float(entry["value"])
    return int(encoded), 1.0


_LEARNERS: dict[str, Callable[[Made, _Asker], Learned]] = {
    **dict.fromkeys(SCALERS, _scale),
    **dict.fromkeys(BUCKETS, _buckets),
    **dict.fromkeys(ENCODERS, _vocabulary),
    "IMPUTER": _fill,
}
