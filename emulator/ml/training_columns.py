"""The columns of a training query by their use, and what the query's schema may not be."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml import types
from emulator.ml.columns import CategoryColumn, NumberColumn
from emulator.ml.errors import NotEmulated, TrainingDataError
from emulator.ml.options import TrainingOptions


@dataclass(frozen=True)
class Column:
    """One column of the query and what collects it."""

    position: int
    name: str
    type: str
    collector: NumberColumn | CategoryColumn


class Columns:
    """The columns of a training query by their use, filled batch by batch."""

    def __init__(self, schema: pa.Schema, options: TrainingOptions) -> None:
        _check_names(schema)
        self._options = options
        self._is_class = options.model_type == "LOGISTIC_REG"
        self.label = self._label(schema, options.label)
        self.split = self._split(schema)
        used = {self.label.position} | ({self.split.position} if self.split else set())
        self.features = [
            _feature(position, field)
            for position, field in enumerate(schema)
            if position not in used
        ]
        if not self.features:
            raise TrainingDataError(
                "The training query has no feature: every column is the label or DATA_SPLIT_COL."
            )
        self.rows = 0

    def append(self, batch: pa.RecordBatch) -> None:
        """Take the next batch of the query."""
        self.rows += batch.num_rows
        for column in (self.label, *([self.split] if self.split else []), *self.features):
            array = batch.column(column.position)
            if column is self.split and column.type == "TIMESTAMP":
                array = pc.cast(array, pa.timestamp("us", tz="UTC")).cast(pa.int64())
            column.collector.append(array)

    def _label(self, schema: pa.Schema, name: str) -> Column:
        position = _position(schema, name, "label")
        field = schema.field(position)
        kind = types.type_name(field)
        allowed = types.LABELS if self._is_class else types.NUMERIC
        if kind not in allowed:
            raise TrainingDataError(
                f'Label column "{field.name}" has type {kind}; '
                f"a {self._options.model_type} model needs one of {', '.join(sorted(allowed))}."
            )
        collector = CategoryColumn if self._is_class else NumberColumn
        return Column(position, field.name, kind, collector(field.name))

    def _split(self, schema: pa.Schema) -> Column | None:
        name = self._options.data_split_col
        if name is None:
            return None
        position = _position(schema, name, "data split")
        field = schema.field(position)
        kind = types.type_name(field)
        allowed = ("BOOL",) if self._options.data_split_method == "CUSTOM" else _SEQUENCES
        if kind not in allowed:
            raise TrainingDataError(
                f'Data split column "{field.name}" has type {kind}; DATA_SPLIT_METHOD '
                f"'{self._options.data_split_method}' needs {' or '.join(allowed)}."
            )
        collector = NumberColumn if kind in _SEQUENCES[:-1] else CategoryColumn
        return Column(position, field.name, kind, collector(field.name))


_SEQUENCES = ("INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "TIMESTAMP", "STRING")


def _check_names(schema: pa.Schema) -> None:
    seen: set[str] = set()
    for name in schema.names:
        if name.lower() in seen:
            raise TrainingDataError(
                "Duplicate column names in the result are not supported. "
                f"Found duplicate(s): {name}"
            )
        seen.add(name.lower())


def _position(schema: pa.Schema, name: str, role: str) -> int:
    for position, column in enumerate(schema.names):
        if column.lower() == name.lower():
            return position
    raise TrainingDataError(
        f'The {role} column "{name}" is not among the columns of the training query: '
        f"{', '.join(schema.names)}."
    )


def _feature(position: int, field: pa.Field) -> Column:
    kind = types.type_name(field)
    if kind in types.NUMERIC:
        return Column(position, field.name, kind, NumberColumn(field.name))
    if kind in types.CATEGORICAL:
        return Column(position, field.name, kind, CategoryColumn(field.name))
    raise NotEmulated(
        f'A feature of type {kind} (column "{field.name}")',
        "Cast it to STRING, BOOL, INT64, FLOAT64 or NUMERIC, or leave it out.",
    )
