"""JSON straight into a model's own types: the shortest way from bytes to checked rows.

Each model has a type of its rows and one of its columns, made of its features. What fits them
is what `api.inference.checks` would let pass, but for three things that types do not tell and
that are looked at here: keys that stand twice, whole numbers, and the number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec

from api.inference.batch import Row
from api.inference.cells import kind_of
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
        self._whole = [at for at, f in enumerate(features) if kind_of(f) == "INT64"]

    @cached_property
    def row(self) -> Any:
        """The type of one row."""
        return self._struct("Row", [TYPES[kind_of(feature)] for feature in self.features])

    @cached_property
    def columns(self) -> Any:
        """The type of an object of columns."""
        return self._struct("Columns", [list[TYPES[kind_of(f)]] for f in self.features])  # type: ignore[misc]

    def rows_of(self, structs: Sequence[Any]) -> list[Row] | None:
        """Return typed rows as tuples; None if a whole number is not."""
        rows = list(map(msgspec.structs.astuple, structs))
        for at in self._whole:
            for row in rows:
                value = row[at]
                if value is not None and not (value.is_integer() and -LARGEST <= value < LARGEST):
                    return None
        return rows

    def lists_of(self, columns: Any) -> list[list[Any]] | None:
        """Return typed columns as lists; None if lengths differ or a whole number is not."""
        lists = list(msgspec.structs.astuple(columns))
        if len({len(values) for values in lists}) > 1:
            return None
        for at in self._whole:
            for value in lists[at]:
                if value is not None and not (value.is_integer() and -LARGEST <= value < LARGEST):
                    return None
        return lists

    def _struct(self, name: str, types: Sequence[Any]) -> Any:
        # Fields are numbered: a column may be called what no attribute can be.
        fields = [(f"c{at}", kind) for at, kind in enumerate(types)]
        names = {f"c{at}": feature.name for at, feature in enumerate(self.features)}
        return msgspec.defstruct(name, fields, rename=names, forbid_unknown_fields=True, gc=False)
