"""Reads a training query once, in batches, into encoded rows, divided by the options.

Only compact columns are kept (`columns`, `arrays`). Everything about the query's columns and
rows that BigQuery refuses is refused here, by the column's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from emulator.ml.data import split, types
from emulator.ml.data.arrays import Ragged
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.description import (
    describe_categories,
    describe_numbers,
    describe_runs,
    describe_vectors,
)
from emulator.ml.data.features import Encoded, Feature
from emulator.ml.data.hashing import Hashes, hash_rows
from emulator.ml.data.profile import Profile, profile_of_values
from emulator.ml.data.training_columns import Column, Columns, InputColumn
from emulator.ml.errors import TrainingDataError
from emulator.ml.options.base import SupervisedOptions, TrainingOptions


@dataclass(frozen=True)
class Label:
    """The label of every row: numbers, or positions of classes.

    Parameters
    ----------
    name, type : str
    classes : tuple of str or None
        Label values of the training rows, ascending, as text; None for a regression.
    values : array of shape (rows,)
        A class that no training row has is the number of classes.
    """

    name: str
    type: str
    classes: tuple[str, ...] | None
    values: Floats | Codes


@dataclass(frozen=True)
class TrainingSet:
    """What a model trains on.

    Parameters
    ----------
    inputs : tuple of InputColumn
        Feature columns of the query, in its order.
    features : tuple of Feature
        What they expand to, in the same order.
    profiles : tuple of Profile
        Of the feature columns over all rows, NULL before it was filled.
    data : list
        Encoded rows of each feature; who trains may take them out.
    training, evaluation : arrays of row positions
        `evaluation` is empty if every row trains.
    split_method : str
        What AUTO_SPLIT came to.
    label : Label or None
    starts : array of bool of shape (rows,) or None
        Which rows KMEANS_INIT_COL names.
    weights : array of shape (rows,) or None
        Values of INSTANCE_WEIGHT_COL.
    """

    inputs: tuple[InputColumn, ...]
    features: tuple[Feature, ...]
    profiles: tuple[Profile, ...]
    data: list[Encoded]
    training: split.Rows
    evaluation: split.Rows
    split_method: str
    label: Label | None
    starts: Any
    weights: Floats | None


def make_training_set(columns: Columns, options: TrainingOptions) -> TrainingSet:
    """Order, split and encode what a training query returned.

    Raises
    ------
    TrainingDataError
        If there is nothing to learn: no rows, NULL labels, one class, an all-NULL feature.
    """
    if columns.rows == 0:
        raise TrainingDataError("The training query returned zero rows; a model needs data.")
    raw = [column.collector.finish() for column in columns.features]
    label = columns.label and columns.label.collector.finish()
    flags = columns.split and columns.split.collector.finish()
    if columns.label is not None:
        _check_label(columns.label, label, columns.rows)
    order = split.row_order(_hashes(columns, raw, label, flags), columns.rows)
    training, evaluation, method = _divide(order, flags, options)
    if not len(training):
        raise _no_training_rows(columns, method, options)
    found = None
    if columns.label is not None:
        found = _label(columns.label, label, training)
        if found.classes is not None:
            evaluation = evaluation[found.values[evaluation] < len(found.classes)]
    described, profiles = [], []
    for position, column in enumerate(columns.features):
        data, raw[position] = raw[position], None
        if column.plain.is_whole:
            profiles.append(profile_of_values(column.name, column.type, data))
        described.append(_describe(column, data, training, options))
    return TrainingSet(
        inputs=columns.inputs,
        features=tuple(feature for feature, _ in described),
        profiles=tuple(profiles),
        data=[data for _, data in described],
        training=training,
        evaluation=evaluation,
        split_method=method,
        label=found,
        starts=columns.start and columns.start.collector.finish() == 1.0,
        weights=None if columns.weight is None else _weights(columns.weight),
    )


def _no_training_rows(columns: Columns, method: str, options: TrainingOptions) -> TrainingDataError:
    reason = f"DATA_SPLIT_EVAL_FRACTION = {getattr(options, 'data_split_eval_fraction', None)}"
    if columns.split is not None:
        reason = f'the values of DATA_SPLIT_COL "{columns.split.name}"'
    return TrainingDataError(
        f"DATA_SPLIT_METHOD '{method}' leaves zero training rows of {columns.rows} by {reason}."
    )


def _check_label(column: Column, label: Any, rows: int) -> None:
    missing = (
        np.count_nonzero(label[1] == 0)
        if isinstance(label, tuple)
        else np.count_nonzero(np.isnan(label))
    )
    name = column.name
    if isinstance(label, tuple) and column.type == "FLOAT64" and not np.isfinite(label[0]).all():
        raise TrainingDataError(
            f'The label column "{name}" holds NaN or infinite values; they are no classes.'
        )
    if missing == rows:
        raise TrainingDataError(f'The label column "{name}" is NULL in every training row.')
    if missing:
        raise TrainingDataError(
            f'The label column "{name}" contains NULL values ({missing} of {rows} rows). '
            f"Leave them out, for example with WHERE {name} IS NOT NULL."
        )


def _weights(column: Column) -> Floats:
    weights: Floats = column.collector.finish()
    if not (weights >= 0).all():
        raise TrainingDataError(
            f'INSTANCE_WEIGHT_COL "{column.name}" has values that are NULL or negative; '
            "a weight is a number of at least 0."
        )
    return weights


def _hashes(
    columns: Columns, raw: list[Any], label: Any, flags: Any
) -> Iterator[tuple[str, Hashes]]:
    if columns.label is not None:
        yield f"{columns.label.name.lower()} {columns.label.type}", hash_rows(label)
    for column, data in zip(columns.features, raw, strict=True):
        yield f"{column.name.lower()} {column.type}", hash_rows(data)
    if flags is not None:
        yield "split", hash_rows(flags)


def _divide(
    order: split.Rows, flags: Any, options: TrainingOptions
) -> tuple[split.Rows, split.Rows, str]:
    """Return training rows, evaluation rows and the method that AUTO_SPLIT came to."""
    if not isinstance(options, SupervisedOptions):
        return order, order[:0], "NO_SPLIT"
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


def _label(column: Column, label: Any, training: split.Rows) -> Label:
    """Return each row's number, or position in the training rows' classes."""
    if not isinstance(label, tuple):
        return Label(column.name, column.type, None, label)
    values, codes = label
    present = np.flatnonzero(np.bincount(codes[training], minlength=len(values) + 1))
    translation = np.full(len(values) + 1, len(present), dtype=np.intp)
    translation[present] = np.arange(len(present))
    classes = tuple(types.label_text(values[code - 1]) for code in present)
    if len(classes) < 2:
        raise TrainingDataError(
            f'The label column "{column.name}" has a single class, "{classes[0]}", in the '
            "training rows; a classification model needs at least two."
        )
    return Label(column.name, column.type, classes, translation[codes])


def _describe(
    column: Column, data: Any, training: split.Rows, options: TrainingOptions
) -> tuple[Feature, Encoded]:
    """Return the feature and its encoded rows."""
    name, kind = column.name, column.type
    if isinstance(data, Ragged):
        return describe_runs(name, kind, data, training)
    if isinstance(data, tuple):
        values, codes = data
        of_training = codes[training]
        if of_training.any():
            dummy = getattr(options, "category_encoding_method", "") == "DUMMY_ENCODING"
            feature, translation = describe_categories(name, kind, values, of_training, dummy=dummy)
            return feature, translation[codes]
    elif issparse(data) or data.ndim == 2:
        return describe_vectors(name, kind, data, training)
    else:
        of_training = data[training]
        if not np.isnan(of_training).all():
            number = describe_numbers(name, kind, of_training)
            return number, number.filled(data)
    raise TrainingDataError(
        f'The feature column "{name}" is NULL in every training row; leave it out.'
    )
