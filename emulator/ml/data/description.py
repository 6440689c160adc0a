"""Describes the columns of training rows: which feature each is, and its encoded rows."""

from __future__ import annotations

import numpy as np
from scipy.sparse import issparse

from emulator.ml.data.arrays import Ragged, Sparse
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.features import (
    NULL_CATEGORY,
    CategoricalFeature,
    MultiHotFeature,
    NumericFeature,
    VectorFeature,
    multi_hot,
)


def describe_numbers(name: str, kind: str, values: Floats) -> NumericFeature:
    """Return the feature of a column that has at least one number."""
    known = values[~np.isnan(values)]
    mean = float(known.mean())
    mean += float((known - mean).mean())
    squares = float(np.square(known - mean).sum())
    middle = (len(known) - 1) // 2
    return NumericFeature(
        name=name,
        type=kind,
        min=float(known.min()),
        max=float(known.max()),
        mean=mean,
        median=float(np.partition(known, middle)[middle]),
        stddev=float(np.sqrt(squares / len(known))),
        stddev_sample=float(np.sqrt(squares / max(len(known) - 1, 1))),
        null_count=len(values) - len(known),
    )


def describe_categories(
    name: str, kind: str, values: list[str], codes: Codes, *, dummy: bool = False
) -> tuple[CategoricalFeature, Codes]:
    """Return the feature of the categories that training rows hold, and a code translation.

    Parameters
    ----------
    values : list of str
        All values of the column, ascending; code 1 is the first, 0 is NULL.
    codes : array of int
        Codes of the training rows.
    dummy : bool
        Leave out the most frequent category (the first of several).

    Returns
    -------
    feature : CategoricalFeature
    translation : array of int of length len(values) + 1
        From a column's code to a position in `feature.categories`.
    """
    counts = np.bincount(codes, minlength=len(values) + 1)
    kept, translation = _kept(counts)
    feature = CategoricalFeature(
        name=name,
        type=kind,
        categories=tuple(values[at - 1] if at else NULL_CATEGORY for at in kept),
        counts=tuple(int(counts[at]) for at in kept),
        null_count=int(counts[0]),
        dropped=int(np.argmax(counts[kept])) if dummy else None,
    )
    return feature, translation


def describe_runs(
    name: str, kind: str, data: Ragged, training: Codes
) -> tuple[MultiHotFeature, Sparse]:
    """Return the feature of the categories that training rows' arrays hold, and all rows."""
    everything = multi_hot(data.codes.astype(np.intp), data.offsets, len(data.values) + 1)
    counts = everything[training].sum(axis=0).astype(np.int64)
    kept, _ = _kept(counts)
    feature = MultiHotFeature(
        name=name,
        type=kind,
        categories=tuple(data.values[at - 1] if at else NULL_CATEGORY for at in kept),
        counts=tuple(int(counts[at]) for at in kept),
        null_count=int(counts[0]),
    )
    return feature, everything[:, kept].tocsr()


def describe_vectors(
    name: str, kind: str, data: Floats | Sparse, training: Codes
) -> tuple[VectorFeature, Floats | Sparse]:
    """Return the feature of a column of vectors, and all rows."""
    if issparse(data):
        means = data[training].mean(axis=0)
        return VectorFeature(name, kind, tuple(map(float, means)), True, 0), data
    missing = np.isnan(data[training])
    totals = np.where(missing, 0.0, data[training]).sum(axis=0)
    means = totals / np.maximum((~missing).sum(axis=0), 1)
    feature = VectorFeature(name, kind, tuple(map(float, means)), False, int(missing.sum()))
    return feature, feature.filled(data)


def _kept(counts: Codes) -> tuple[list[int], Codes]:
    """Return the codes that occur, NULL's last, and the position of each code among them."""
    kept = [at for at in range(1, len(counts)) if counts[at]]
    translation = np.full(len(counts), len(kept) + bool(counts[0]), dtype=np.intp)
    translation[kept] = np.arange(len(kept))
    if counts[0]:
        translation[0] = len(kept)
        kept.append(0)
    return kept, translation.astype(np.min_scalar_type(len(kept)))
