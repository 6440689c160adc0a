"""Reads a training query once, in batches, into encoded training and evaluation rows.

Only compact columns are kept (`columns`), then designs (`design`). Everything about the
query's columns and rows that BigQuery refuses is refused here, by the column's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.ml import split, types
from emulator.ml.columns import (
    Codes,
    Floats,
    Hashes,
    hash_codes,
    hash_numbers,
)
from emulator.ml.design import Design, make_design
from emulator.ml.errors import TrainingDataError
from emulator.ml.features import (
    CategoricalFeature,
    Feature,
    NumericFeature,
    describe_categories,
    describe_numbers,
)
from emulator.ml.logistic import MOST_CLASSES
from emulator.ml.options import TrainingOptions
from emulator.ml.training_columns import Column, Columns


@dataclass(frozen=True)
class Part:
    """Encoded rows with their label: numbers, or positions of classes."""

    design: Design
    label: Floats | Codes


@dataclass(frozen=True)
class TrainingSet:
    """What a model trains on.

    Parameters
    ----------
    features : tuple of Feature
        In the order of the query.
    encoded : tuple of Feature
        In the order of the design: numbers, then categories.
    label, label_type : str
    classes : tuple of str or None
        Label values of the training rows, ascending, as text; None for a regression.
    training : Part
    evaluation : Part or None
        None if every row trains.
    split_method : str
        What AUTO_SPLIT came to.
    """

    features: tuple[Feature, ...]
    encoded: tuple[Feature, ...]
    label: str
    label_type: str
    classes: tuple[str, ...] | None
    training: Part
    evaluation: Part | None
    split_method: str

    @property
    def judged(self) -> Part:
        """The rows that metrics are computed on."""
        return self.training if self.evaluation is None else self.evaluation


def make_training_set(columns: Columns, options: TrainingOptions) -> TrainingSet:
    """Order, split and encode what a training query returned.

    Raises
    ------
    TrainingDataError
        If there is nothing to learn: no rows, NULL labels, one class, an all-NULL feature.
    """
    if columns.rows == 0:
        raise TrainingDataError("The training query returned zero rows; a model needs data.")
    raw = {c.position: c.collector.finish() for c in [columns.label, *columns.features]}
    flags = columns.split.collector.finish() if columns.split else None
    label = raw[columns.label.position]
    _check_label(columns, label)
    order = split.row_order(_hashes(columns, raw, flags), columns.rows)
    training, evaluation, method = _divide(order, flags, options)
    if not len(training):
        raise TrainingDataError(
            f"DATA_SPLIT_METHOD '{method}' leaves zero training rows by the values of "
            f'DATA_SPLIT_COL "{options.data_split_col}".'
        )
    classes, label = _classes(columns, label, training)
    if classes is not None:
        evaluation = evaluation[label[evaluation] < len(classes)]
    found = [
        _describe(column, raw.pop(column.position), training, options)
        for column in columns.features
    ]
    encoded = sorted(found, key=lambda one: isinstance(one[0], CategoricalFeature))
    return TrainingSet(
        features=tuple(feature for feature, _ in found),
        encoded=tuple(feature for feature, _ in encoded),
        label=columns.label.name,
        label_type=columns.label.type,
        classes=classes,
        training=_part(encoded, label, training),
        evaluation=_part(encoded, label, evaluation) if len(evaluation) else None,
        split_method=method,
    )


def _check_label(columns: Columns, label: Any) -> None:
    missing = (
        np.count_nonzero(label[1] == 0)
        if isinstance(label, tuple)
        else np.count_nonzero(np.isnan(label))
    )
    name = columns.label.name
    if missing == columns.rows:
        raise TrainingDataError(f'The label column "{name}" is NULL in every training row.')
    if missing:
        raise TrainingDataError(
            f'The label column "{name}" contains NULL values ({missing} of {columns.rows} rows). '
            f"Leave them out, for example with WHERE {name} IS NOT NULL."
        )


def _hashes(columns: Columns, raw: dict[int, Any], flags: Any) -> Iterator[tuple[str, Hashes]]:
    for column in [columns.label, *columns.features]:
        yield f"{column.name.lower()} {column.type}", _hash(raw[column.position])
    if flags is not None:
        yield "split", _hash(flags)


def _hash(data: Any) -> Hashes:
    return hash_codes(*data) if isinstance(data, tuple) else hash_numbers(data)


def _divide(
    order: split.Rows, flags: Any, options: TrainingOptions
) -> tuple[split.Rows, split.Rows, str]:
    """Return training rows, evaluation rows and the method that AUTO_SPLIT came to."""
    method, fraction = options.data_split_method, options.data_split_eval_fraction
    if method == "NO_SPLIT":
        return order, order[:0], method
    if method == "CUSTOM":
        values, codes = flags
        chosen = codes == values.index("false") + 1 if "false" in values else codes < 0
        return *split.by_flag(order, chosen), method
    if method == "SEQ":
        numbers = flags
        if isinstance(flags, tuple):
            numbers = np.where(flags[1] == 0, np.nan, flags[1])
        return *split.by_sequence(order, numbers, fraction), method
    training, evaluation = split.by_chance(order, fraction)
    if method == "AUTO_SPLIT":
        method = "RANDOM" if len(evaluation) else "NO_SPLIT"
    return training, evaluation, method


def _classes(
    columns: Columns, label: Any, training: split.Rows
) -> tuple[tuple[str, ...] | None, Any]:
    """Return the training rows' classes and each row's position in them (their number: none)."""
    if not isinstance(label, tuple):
        return None, label
    values, codes = label
    present = np.flatnonzero(np.bincount(codes[training], minlength=len(values) + 1))
    translation = np.full(len(values) + 1, len(present), dtype=np.intp)
    translation[present] = np.arange(len(present))
    classes = tuple(types.label_text(values[code - 1]) for code in present)
    if len(classes) < 2:
        raise TrainingDataError(
            f'The label column "{columns.label.name}" has a single class, "{classes[0]}", in the '
            "training rows; a classification model needs at least two."
        )
    if len(classes) > MOST_CLASSES:
        raise TrainingDataError(
            f'The label column "{columns.label.name}" has {len(classes)} classes; '
            f"LOGISTIC_REG models support at most {MOST_CLASSES}."
        )
    return classes, translation[codes]


def _describe(
    column: Column, data: Any, training: split.Rows, options: TrainingOptions
) -> tuple[Feature, Any]:
    """Return the feature, and its rows: centred numbers or positions of categories."""
    if isinstance(data, tuple):
        values, codes = data
        of_training = codes[training]
        empty = not of_training.any()
        if not empty:
            dummy = options.category_encoding_method == "DUMMY_ENCODING"
            feature, translation = describe_categories(
                column.name, column.type, values, of_training, dummy=dummy
            )
            return feature, translation[codes]
    else:
        of_training = data[training]
        empty = bool(np.isnan(of_training).all())
        if not empty:
            number = describe_numbers(column.name, column.type, of_training)
            return number, number.encode(data)
    raise TrainingDataError(
        f'The feature column "{column.name}" is NULL in every training row; leave it out.'
    )


def _part(encoded: list[tuple[Feature, Any]], label: Floats | Codes, rows: split.Rows) -> Part:
    numbers = [data for feature, data in encoded if isinstance(feature, NumericFeature)]
    matrix = np.empty((len(rows), len(numbers)))
    for column, values in enumerate(numbers):
        matrix[:, column] = values[rows]
    categorical = [(f, data) for f, data in encoded if isinstance(f, CategoricalFeature)]
    codes = [data[rows] for _, data in categorical]
    sizes = [len(feature.categories) for feature, _ in categorical]
    return Part(make_design(matrix, codes, sizes), label[rows])
