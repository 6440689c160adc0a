"""What one column of a query is to a model: one or several plain columns.

A STRUCT becomes `{struct}_{field}` for each field. A TIMESTAMP becomes its seconds and seven
categories, as Google's page on automatic preprocessing lists them. An ARRAY is one column:
categories of which a row has any number, a vector of numbers, or a sparse vector of
STRUCT(index, value).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.data import types
from emulator.ml.errors import ModelError, NotEmulated, TrainingDataError

Read = Callable[[pa.Array], pa.Array]

NUMBER, CATEGORY, CATEGORIES, VECTOR, SPARSE = (
    "number",
    "category",
    "categories",
    "vector",
    "sparse vector",
)


@dataclass(frozen=True)
class Plain:
    """A column that models know, and how it is read from the query's column.

    Parameters
    ----------
    name : str
    type : str
        BigQuery's, e.g. "ARRAY<STRING>".
    kind : str
        NUMBER, CATEGORY, CATEGORIES, VECTOR or SPARSE.
    read : callable
        From the query's Arrow column to this one.
    is_whole : bool
        Whether it holds the values of the column, and not a part of them such as the month.
    """

    name: str
    type: str
    kind: str
    read: Read
    is_whole: bool = True


def expand(field: pa.Field) -> tuple[Plain, ...]:
    """Return the plain columns of a query's column.

    Raises
    ------
    NotEmulated
        If no model takes a feature of that type.
    """
    return tuple(_expand(field.name, field.type, _same))


def _expand(name: str, kind: pa.DataType, read: Read) -> Iterator[Plain]:
    named = types.type_name(kind)
    if named in types.NUMERIC:
        yield Plain(name, named, NUMBER, read)
    elif named in types.CATEGORICAL:
        yield Plain(name, named, CATEGORY, lambda array: types.as_text(read(array)))
    elif named == "TIMESTAMP":
        yield from _moments(name, read)
    elif pa.types.is_struct(kind) and not any(pa.types.is_struct(f.type) for f in kind):
        for position, field in enumerate(kind):
            if not field.name:
                raise TrainingDataError(
                    f'The STRUCT column "{name}" has a field without name; write STRUCT(x AS a).'
                )
            yield from _expand(f"{name}_{field.name}", field.type, _field(read, position))
    elif types.is_array(kind):
        yield _array(name, kind.value_type, named, read)
    else:
        raise _refused(name, named)


def _array(name: str, element: pa.DataType, named: str, read: Read) -> Plain:
    inner = types.type_name(element)
    if inner in types.NUMERIC:
        return Plain(name, named, VECTOR, read)
    if inner in types.CATEGORICAL:
        return Plain(name, named, CATEGORIES, read)
    fields = [types.type_name(field.type) for field in element] if _is_struct(element) else []
    if len(fields) == 2 and fields[0] == "INT64" and fields[1] in types.NUMERIC:
        return Plain(name, named, SPARSE, read)
    raise _refused(name, named)


def _is_struct(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind))


def _refused(name: str, named: str) -> ModelError:
    return NotEmulated(
        f'A feature of type {named} (column "{name}")',
        "Cast it to STRING, BOOL, INT64, FLOAT64 or NUMERIC, or leave it out.",
    )


def _same(array: pa.Array) -> pa.Array:
    return array


def _field(read: Read, position: int) -> Read:
    def field(array: pa.Array) -> pa.Array:
        return pc.struct_field(read(array), [position])

    return field


def _moments(name: str, read: Read) -> Iterator[Plain]:
    def seconds(array: pa.Array) -> pa.Array:
        exact = pc.cast(_utc(read(array)), pa.int64())
        return pc.divide(pc.cast(exact, pa.float64()), 1e6)

    yield Plain(name, "TIMESTAMP", NUMBER, seconds)
    for prefix, part in _PARTS.items():

        def category(array: pa.Array, part: Read = part) -> pa.Array:
            return pc.cast(part(_utc(read(array))), pa.string())

        yield Plain(f"_TS_{prefix}_{name}", "TIMESTAMP", CATEGORY, category, is_whole=False)


def _utc(array: pa.Array) -> pa.Array:
    return pc.cast(array, pa.timestamp("us", tz="UTC"), safe=False)


# Numbered as EXTRACT numbers them: Sunday is 1, and weeks before the first Sunday are 0.
_PARTS: dict[str, Read] = {
    "DOM": pc.day,
    "DOW": lambda array: pc.day_of_week(array, count_from_zero=False, week_start=7),
    "MOY": pc.month,
    "HOD": pc.hour,
    "MOH": pc.minute,
    "WOY": lambda array: pc.cast(pc.strftime(array, "%U"), pa.int64()),
    "YEAR": pc.year,
}
