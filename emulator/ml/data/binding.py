"""Finds a model's columns in an input and encodes them batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.data import types
from emulator.ml.data.expansion import NUMBER, Plain, expand
from emulator.ml.data.features import Encoded, Feature
from emulator.ml.data.training_columns import InputColumn
from emulator.ml.errors import InputDataError


@dataclass(frozen=True)
class Source:
    """Where the values of a feature are: a column of the input and how it is read."""

    position: int
    plain: Plain


@dataclass(frozen=True)
class Binding:
    """A model's features bound to the columns of some input."""

    features: tuple[Feature, ...]
    sources: tuple[Source, ...]

    def encode(self, batch: pa.RecordBatch) -> list[Encoded]:
        """Return each feature's encoded rows."""
        return [
            feature.encode(source.plain.read(batch.column(source.position)))
            for feature, source in zip(self.features, self.sources, strict=True)
        ]


def positions_of(schema: pa.Schema) -> dict[str, int]:
    """Return each column's position by its name in lower case.

    Raises
    ------
    InputDataError
        If two columns have the same name.
    """
    places: dict[str, int] = {}
    for position, name in enumerate(schema.names):
        if name.lower() in places:
            raise InputDataError(f'The input has the column "{name}" twice.')
        places[name.lower()] = position
    return places


def bind(
    inputs: Sequence[InputColumn], features: tuple[Feature, ...], schema: pa.Schema, model: str
) -> Binding:
    """Find a model's columns in an input, by name in any case.

    Raises
    ------
    InputDataError
        If a column is missing, or has another type than in training.
    """
    places = positions_of(schema)
    sources: dict[str, Source] = {}
    for column in inputs:
        if column.name.lower() not in places:
            raise InputDataError(
                f'The input misses the feature column "{column.name}" ({column.type}) of model '
                f"{model}; it has: {', '.join(schema.names)}."
            )
        position = places[column.name.lower()]
        field = schema.field(position).with_name(column.name)
        _check_told(column, schema.field(position))
        check_type(column, field.type)
        if pa.types.is_null(field.type):
            plains = _plains_of_null(column, features)
        else:
            plains = expand(field)
        sources |= {plain.name.lower(): Source(position, plain) for plain in plains}
    missing = [f.name for f in features if f.name.lower() not in sources]
    if missing:
        raise InputDataError(f'The input misses "{missing[0]}", a feature of model {model}.')
    return Binding(features, tuple(sources[feature.name.lower()] for feature in features))


def check_type(column: InputColumn, kind: pa.DataType) -> None:
    """Check a column's type: any number for a number, else the type of training.

    Raises
    ------
    InputDataError
        If the type is another one.
    """
    if pa.types.is_null(kind):
        return
    found = types.type_name(kind)
    if column.type in types.NUMERIC and found not in types.NUMERIC:
        raise InputDataError(
            f'Column "{column.name}" has type {found} in the input; '
            "the model was trained with a number."
        )
    plain = column.type in types.CATEGORICAL or column.type == "TIMESTAMP"
    if plain and found != column.type:
        raise InputDataError(
            f'Column "{column.name}" has type {found} in the input; '
            f"the model was trained with {column.type}."
        )
    if (
        column.type.split("<")[0] in ("ARRAY", "STRUCT")
        and found.split("<")[0] != (column.type.split("<")[0])
    ):
        raise InputDataError(
            f'Column "{column.name}" has type {found} in the input; '
            f"the model was trained with {column.type}."
        )


def _check_told(column: InputColumn, field: pa.Field) -> None:
    """Refuse JSON and GEOGRAPHY, which would pass for the STRING or BYTES of training."""
    found = types.type_of(field)
    if found != types.type_name(field.type):
        raise InputDataError(
            f'Column "{column.name}" has type {found} in the input; '
            f"the model was trained with {column.type}."
        )


def _plains_of_null(column: InputColumn, features: tuple[Feature, ...]) -> tuple[Plain, ...]:
    """Return columns of NULLs for a column without a type of its own."""
    kind = types.arrow_type(column.type)
    typed = expand(pa.field(column.name, kind))

    def nulls(plain: Plain) -> Plain:
        return Plain(plain.name, plain.type, NUMBER, lambda a: plain.read(pc.cast(a, kind)))

    return tuple(nulls(plain) for plain in typed)
