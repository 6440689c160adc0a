"""JSON straight into a model's own types: the shortest way from bytes to checked rows.

Each model has a type of its rows and one of its columns, made of its features. What fits them
is what `api.inference.checks` would let pass, but for three things that types do not tell and
that are looked at here: keys that stand twice, whole numbers, and the number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

import msgspec

from api.inference.batch import MANY, Batch, Row, are_whole, table_of_lists
from api.inference.cells import kind_of
from api.scoring.compiled import Scorer
from export.artifact import Feature

TYPES: dict[str, Any] = {"STRING": str | None, "INT64": float | None, "FLOAT64": float | None}
LARGEST = 2.0**63


class Types:
    """What a model's rows and columns are, as msgspec knows it.

    Parameters
    ----------
    features : sequence of Feature
        The model's; each becomes a field, whatever its name is.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        self._getters = [attrgetter(f"c{at}") for at in range(len(self.features))]
        self._whole = [at for at, f in enumerate(features) if kind_of(f) == "INT64"]

    @cached_property
    def row(self) -> Any:
        """The type of one row."""
        return self._struct("Row", [TYPES[kind_of(feature)] for feature in self.features])

    @cached_property
    def columns(self) -> Any:
        """The type of an object of columns."""
        return self._struct("Columns", [list[TYPES[kind_of(f)]] for f in self.features])  # type: ignore[misc]

    def batch_of_rows(self, structs: Sequence[Any], scorer: Scorer) -> Batch | None:
        """Return typed rows as a batch; None if a whole number is not."""
        if len(structs) >= MANY:
            return self._table([list(map(getter, structs)) for getter in self._getters], scorer)
        rows: list[Row] = list(map(msgspec.structs.astuple, structs))
        fit = all(_is_whole(row[at]) for row in rows for at in self._whole)
        return rows if fit else None

    def batch_of_columns(self, columns: Any, scorer: Scorer) -> Batch | None:
        """Return typed columns as a batch; None if lengths differ or a whole number is not."""
        lists = list(msgspec.structs.astuple(columns))
        if len({len(values) for values in lists}) > 1:
            return None
        if len(lists[0]) >= MANY:
            return self._table(lists, scorer)
        rows: list[Row] = list(zip(*lists, strict=True))
        return rows if all(_is_whole(value) for at in self._whole for value in lists[at]) else None

    def _table(self, lists: Sequence[Sequence[Any]], scorer: Scorer) -> Batch | None:
        table = table_of_lists(lists, scorer)
        return table if all(are_whole(table.columns[at]) for at in self._whole) else None

    def _struct(self, name: str, types: Sequence[Any]) -> Any:
        # Fields are numbered: a column may be called what no attribute can be.
        fields = [(f"c{at}", kind) for at, kind in enumerate(types)]
        names = {f"c{at}": feature.name for at, feature in enumerate(self.features)}
        return msgspec.defstruct(name, fields, rename=names, forbid_unknown_fields=True, gc=False)


def _is_whole(value: float | None) -> bool:
    return value is None or (value.is_integer() and -LARGEST <= value < LARGEST)
