"""The columns of a training query by their use, and what the query's schema may not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.data import expansion, types
from emulator.ml.data.arrays import RunsColumn, SparseColumn, VectorColumn
from emulator.ml.data.columns import CategoryColumn, NumberColumn
from emulator.ml.data.expansion import Plain, expand
from emulator.ml.errors import NotEmulated, TrainingDataError
from emulator.ml.options.base import SupervisedOptions, TrainingOptions
from emulator.ml.options.kmeans import KMeansOptions
from emulator.ml.options.trees import TreeOptions

COLLECTORS: dict[str, Any] = {
    expansion.NUMBER: NumberColumn,
    expansion.CATEGORY: CategoryColumn,
    expansion.CATEGORIES: RunsColumn,
    expansion.VECTOR: VectorColumn,
    expansion.SPARSE: SparseColumn,
}
_SEQUENCES = ("INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "TIMESTAMP", "STRING")


@dataclass(frozen=True)
class InputColumn:
    """A feature column of the query; several features may come from it."""

    name: str
    type: str


@dataclass(frozen=True)
class Column:
    """One column of the query, or one of those that it expands to, and what collects it."""

    position: int
    plain: Plain
    collector: Any

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.plain.name

    @property
    def type(self) -> str:
        """BigQuery's type of the column."""
        return self.plain.type


class Columns:
    """The columns of a training query by their use, filled batch by batch."""

    def __init__(self, schema: pa.Schema, options: TrainingOptions) -> None:
        _check_names(schema)
        self.label: Column | None = None
        self.split: Column | None = None
        self.start: Column | None = None
        self.weight: Column | None = None
        if isinstance(options, SupervisedOptions):
            self.label = _label(schema, options)
            self.split = _split(schema, options)
        if isinstance(options, TreeOptions) and options.instance_weight_col is not None:
            self.weight = _weight(schema, options.instance_weight_col)
        if isinstance(options, KMeansOptions) and options.kmeans_init_col is not None:
            self.start = _start(schema, options.kmeans_init_col)
        used = {column.position for column in self._special()}
        fields = [(at, field) for at, field in enumerate(schema) if at not in used]
        if not fields:
            raise TrainingDataError(
                "The training query has no feature: every column has another use, such as the "
                "label's."
            )
        for _, field in fields:
            _check_feature(field)
        self.inputs = tuple(InputColumn(f.name, types.type_of(f)) for _, f in fields)
        self.features = [
            Column(at, plain, COLLECTORS[plain.kind](plain.name))
            for at, field in fields
            for plain in expand(field)
        ]
        _check_unique([column.name for column in self.features])
        self._check_weighted()
        self.rows = 0

    def append(self, batch: pa.RecordBatch) -> None:
        """Take the next batch of the query."""
        self.rows += batch.num_rows
        for column in (*self._special(), *self.features):
            column.collector.append(column.plain.read(batch.column(column.position)))

    def _check_weighted(self) -> None:
        for column in self.features:
            if self.weight is not None and column.type.startswith("ARRAY"):
                raise TrainingDataError(
                    f'INSTANCE_WEIGHT_COL cannot be used with the ARRAY feature "{column.name}"; '
                    "it is only supported for features that are no arrays."
                )

    def _special(self) -> Iterator[Column]:
        uses = (self.label, self.split, self.start, self.weight)
        yield from (one for one in uses if one is not None)


def _check_feature(field: pa.Field) -> None:
    """Refuse what Arrow shows as STRING or BYTES and is neither."""
    kind = types.type_of(field)
    if kind != types.type_name(field.type):
        raise NotEmulated(
            f'A feature of type {kind} (column "{field.name}")',
            "Take plain values out of it, such as JSON_VALUE or ST_X return, or leave it out.",
        )


def _label(schema: pa.Schema, options: SupervisedOptions) -> Column:
    position = _position(schema, options.label, "label")
    field = schema.field(position)
    kind = types.type_of(field)
    allowed = types.LABELS if options.is_classifier else types.NUMERIC
    if kind not in allowed:
        raise TrainingDataError(
            f'Label column "{field.name}" has type {kind}; '
            f"a {options.model_type} model needs one of {', '.join(sorted(allowed))}."
        )
    return _as_it_is(position, field, CategoryColumn if options.is_classifier else NumberColumn)


def _split(schema: pa.Schema, options: SupervisedOptions) -> Column | None:
    name = options.data_split_col
    if name is None:
        return None
    position = _position(schema, name, "data split")
    field = schema.field(position)
    kind = types.type_of(field)
    allowed = ("BOOL",) if options.data_split_method == "CUSTOM" else _SEQUENCES
    if kind not in allowed:
        raise TrainingDataError(
            f'Data split column "{field.name}" has type {kind}; DATA_SPLIT_METHOD '
            f"'{options.data_split_method}' needs {' or '.join(allowed)}."
        )
    if kind == "TIMESTAMP":
        plain = Plain(field.name, kind, expansion.NUMBER, _microseconds)
        return Column(position, plain, NumberColumn(field.name))
    return _as_it_is(position, field, NumberColumn if kind in types.NUMERIC else CategoryColumn)


def _start(schema: pa.Schema, name: str) -> Column:
    position = _position(schema, name, "KMEANS_INIT_COL")
    field = schema.field(position)
    if not pa.types.is_boolean(field.type):
        raise TrainingDataError(
            f'KMEANS_INIT_COL "{field.name}" has type {types.type_of(field)}; it must be BOOL.'
        )
    return _as_it_is(position, field, NumberColumn)


def _weight(schema: pa.Schema, name: str) -> Column:
    position = _position(schema, name, "INSTANCE_WEIGHT_COL")
    field = schema.field(position)
    if types.type_of(field) not in types.NUMERIC:
        raise TrainingDataError(
            f'INSTANCE_WEIGHT_COL "{field.name}" has type {types.type_of(field)}; '
            "it must be a number."
        )
    return _as_it_is(position, field, NumberColumn)


def _as_it_is(position: int, field: pa.Field, collector: Any) -> Column:
    plain = Plain(field.name, types.type_of(field), expansion.NUMBER, lambda array: array)
    return Column(position, plain, collector(field.name))


def _microseconds(array: pa.Array) -> pa.Array:
    return pc.cast(pc.cast(array, pa.timestamp("us", tz="UTC")), pa.int64())


def _check_names(schema: pa.Schema) -> None:
    seen: set[str] = set()
    for name in schema.names:
        if name.lower() in seen:
            raise TrainingDataError(
                "Duplicate column names in the result are not supported. "
                f"Found duplicate(s): {name}"
            )
        seen.add(name.lower())


def _check_unique(names: list[str]) -> None:
    """Refuse two features of one name, as a STRUCT's field and a column may have."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise TrainingDataError(
                f'Two features of the training query are called "{name}"; a STRUCT "s" with the '
                'field "f" makes the feature "s_f". Rename one of them.'
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
