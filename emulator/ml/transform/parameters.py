"""The TRANSFORM clause of a model, its statistics frozen when the model was trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from emulator.ml.data.training_columns import InputColumn

_TYPES = {str(kind): kind for kind in (pa.int64(), pa.float64(), pa.string(), pa.bool_())}
_TYPES |= {f"list<{name}>": pa.list_(kind) for name, kind in _TYPES.items()}


@dataclass(frozen=True)
class Output:
    """A column that the clause makes.

    Parameters
    ----------
    name : str
    sql : str
        Its expression; statistics are `_statistic_0`, `_statistic_1` and so on.
    written : str
        The expression as the statement has it.
    columns : tuple of str
        Columns of the query that it needs.
    type : str
        BigQuery's.
    passes : bool
        Whether it is the label or another column that prediction does not need.
    """

    name: str
    sql: str
    written: str
    columns: tuple[str, ...]
    type: str
    passes: bool


@dataclass(frozen=True)
class Statistic:
    """A value over the training rows, and its Arrow type."""

    value: Any
    type: str


@dataclass(frozen=True)
class Transform:
    """What a TRANSFORM clause does to rows.

    Parameters
    ----------
    inputs : tuple of InputColumn
        Columns of the query that the outputs need, those that only pass left out.
    outputs : tuple of Output
    statistics : tuple of Statistic
    """

    inputs: tuple[InputColumn, ...]
    outputs: tuple[Output, ...]
    statistics: tuple[Statistic, ...]

    @property
    def table(self) -> pa.Table:
        """One row of all statistics."""
        return pa.table(
            {
                statistic_name(at): pa.array([one.value], arrow_type(one.type))
                for at, one in enumerate(self.statistics)
            }
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Transform:
        """Return the transform that was kept as JSON data."""
        return cls(
            tuple(InputColumn(**one) for one in data["inputs"]),
            tuple(Output(**{**one, "columns": tuple(one["columns"])}) for one in data["outputs"]),
            tuple(Statistic(**one) for one in data["statistics"]),
        )


def statistic_name(at: int) -> str:
    """Return the column of a statistic."""
    return f"_statistic_{at}"


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a statistic by its name."""
    return _TYPES[name]


def kept_type(kind: pa.DataType) -> str:
    """Return the name under which a statistic's type is kept."""
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return "double"
    if pa.types.is_integer(kind):
        return "int64"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{kept_type(kind.value_type)}>"
    return "bool" if pa.types.is_boolean(kind) else "string"
