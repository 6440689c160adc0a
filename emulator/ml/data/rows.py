"""The encoded rows of features as the design that models multiply with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emulator.ml.data import split
from emulator.ml.data.columns import Floats
from emulator.ml.data.design import Design, make_design
from emulator.ml.data.features import Encoded, Feature, NumericFeature, dense, is_one_hot
from emulator.ml.data.training_data import TrainingSet

Pairs = list[tuple[Feature, Encoded]]


def in_design_order(features: Sequence[Feature], data: Sequence[Encoded]) -> Pairs:
    """Return features with their rows as a design has them: numbers, then one-hot columns."""
    return sorted(zip(features, data, strict=True), key=lambda one: is_one_hot(one[0]))


def take_design(given: TrainingSet) -> tuple[tuple[Feature, ...], Design]:
    """Return features in the order of a design and the design of all training rows.

    The data of the set are taken out, so that they are not in memory twice.
    """
    pairs = in_design_order(given.features, given.data)
    given.data.clear()
    return tuple(feature for feature, _ in pairs), design_of(pairs, given.training)


def places_of(features: Sequence[Feature]) -> dict[str, slice]:
    """Return the coordinates of features that stand in the order of a design."""
    places, start = {}, 0
    for feature in features:
        places[feature.name] = slice(start, start + feature.width)
        start += feature.width
    return places


def design_of(pairs: Pairs, rows: split.Rows) -> Design:
    """Return the design of some rows."""
    columns = [pair for pair in pairs if not is_one_hot(pair[0])]
    categorical = [pair for pair in pairs if is_one_hot(pair[0])]
    matrix = np.empty((len(rows), sum(feature.width for feature, _ in columns)))
    at = 0
    for feature, data in columns:
        matrix[:, at : at + feature.width] = dense(feature, data[rows])
        at += feature.width
    codes = [data[rows] for _, data in categorical]
    return make_design(matrix, codes, [feature.width for feature, _ in categorical])


def number_squares(features: Sequence[Feature], design: Design) -> Floats:
    """Return the mean square of each column of numbers, one-hot columns not among them.

    Of a number column it is the variance of the values that are not NULL.
    """
    found = [np.empty(0)]
    at = 0
    for feature in features:
        if is_one_hot(feature):
            break
        if isinstance(feature, NumericFeature):
            found.append(np.array([feature.stddev**2]))
        else:
            found.append(np.square(design.numbers[:, at : at + feature.width]).mean(axis=0))
        at += feature.width
    return np.concatenate(found)


def raw_shift(features: Sequence[Feature], size: int) -> Floats:
    """Return the shift that takes centred numbers back to their own zero."""
    shift = np.zeros(size)
    at = 0
    for feature in features:
        if isinstance(feature, NumericFeature):
            shift[at] = -feature.mean
        at += feature.width
    return shift
