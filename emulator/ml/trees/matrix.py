"""Encoded rows of features as the float32 matrix that trees split on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

from emulator.ml.data.features import CategoricalFeature, Encoded, Feature, is_one_hot
from emulator.ml.trees.encodings import (
    label_encoded,
    one_hot_encoded,
    target_encoded,
    target_means,
)

Floats = npt.NDArray[np.float32]
LABEL, ONE_HOT, TARGET = "LABEL_ENCODING", "ONE_HOT_ENCODING", "TARGET_ENCODING"


@dataclass(frozen=True)
class Encoding:
    """How categories become numbers.

    Parameters
    ----------
    method : str
        LABEL, ONE_HOT or TARGET.
    targets : tuple
        Of TARGET: for each feature the cells of its categories, empty for a number.
    """

    method: str
    targets: tuple[tuple[tuple[float, ...], ...], ...] = ()


def learn(
    features: Sequence[Feature],
    data: Sequence[Encoded],
    training: npt.NDArray[np.int64],
    label: npt.NDArray[np.float32],
    classes: int,
    method: str,
) -> Encoding:
    """Return the encoding of training rows."""
    if method != TARGET:
        return Encoding(method)
    targets = tuple(
        tuple(
            tuple(map(float, row))
            for row in target_means(rows[training].astype(np.intp), feature.width, label, classes)
        )
        if is_one_hot(feature)
        else ()
        for feature, rows in zip(features, data, strict=True)
    )
    return Encoding(method, targets)


def widths(features: Sequence[Feature], encoding: Encoding) -> list[int]:
    """Return how many columns of the matrix each feature has."""
    return [_width(feature, encoding, at) for at, feature in enumerate(features)]


def _width(feature: Feature, encoding: Encoding, at: int) -> int:
    if not is_one_hot(feature) or encoding.method == ONE_HOT:
        return feature.width
    return 1 if encoding.method == LABEL else len(encoding.targets[at][0])


def fill(
    matrix: Floats, features: Sequence[Feature], data: Sequence[Encoded], encoding: Encoding
) -> None:
    """Write encoded rows into a matrix, feature by feature."""
    start = 0
    for at, (feature, rows) in enumerate(zip(features, data, strict=True)):
        width = _width(feature, encoding, at)
        matrix[:, start : start + width] = _cells(feature, rows, encoding, at)
        start += width


def _cells(feature: Feature, rows: Encoded, encoding: Encoding, at: int) -> Floats:
    if not is_one_hot(feature) or not isinstance(feature, CategoricalFeature):
        cells = rows.toarray() if issparse(rows) else np.asarray(rows)
        return np.asarray(cells.reshape(len(cells), -1), dtype=np.float32)
    positions = np.asarray(rows, dtype=np.intp)
    if encoding.method == LABEL:
        return label_encoded(positions, feature.category_count)[:, None]
    if encoding.method == TARGET:
        return target_encoded(positions, np.array(encoding.targets[at]))
    cells = one_hot_encoded(positions, feature.width)
    return np.roll(cells, 1, axis=1) if feature.has_null else cells
