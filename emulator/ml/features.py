"""What a model knows of its input columns: statistics, categories, and how values encode.

Numeric NULL is the training mean. A category of its own, `_null_filler`, stands for NULL
if the training column had one; a category that training did not see counts nothing.
Statistics are those of the training rows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from emulator.ml.columns import Codes, Floats, dictionary_of

NULL_CATEGORY = "_null_filler"


@dataclass(frozen=True)
class NumericFeature:
    """A number column; `stddev` is the population's, `stddev_sample` BigQuery's STDDEV."""

    name: str
    type: str
    min: float
    max: float
    mean: float
    median: float
    stddev: float
    stddev_sample: float
    null_count: int

    def encode(self, values: Floats) -> Floats:
        """Return values minus their training mean, 0 for NULL (NaN)."""
        centred = values - self.mean
        centred[np.isnan(centred)] = 0.0
        return centred


@dataclass(frozen=True)
class CategoricalFeature:
    """A column that is one-hot encoded; `categories` ascend, the one for NULL is last.

    `counts` are training rows per category; `dropped` is the position that
    DUMMY_ENCODING leaves out.
    """

    name: str
    type: str
    categories: tuple[str, ...]
    counts: tuple[int, ...]
    null_count: int
    dropped: int | None = None

    @property
    def has_null(self) -> bool:
        """Whether NULL is a category of its own."""
        return self.null_count > 0

    @property
    def category_count(self) -> int:
        """Number of distinct values in training, NULL not counted."""
        return len(self.categories) - self.has_null

    def encode(self, array: pa.Array) -> Codes:
        """Return each row's position in `categories`; their number if it has none."""
        values, indices = dictionary_of(array)
        outside = len(self.categories)
        known = {category: at for at, category in enumerate(self.categories)}
        null = outside - 1 if self.has_null else outside
        if self.has_null:
            known.pop(NULL_CATEGORY)
        lookup = np.array([*(known.get(value, outside) for value in values), null], dtype=np.intp)
        return lookup[indices]


Feature = NumericFeature | CategoricalFeature


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
    name: str, kind: str, values: list[str], codes: Codes, *, dummy: bool
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
    kept = [at for at in range(1, len(counts)) if counts[at]]
    translation = np.full(len(counts), len(kept) + bool(counts[0]), dtype=np.intp)
    translation[kept] = np.arange(len(kept))
    if counts[0]:
        translation[0] = len(kept)
        kept.append(0)
    feature = CategoricalFeature(
        name=name,
        type=kind,
        categories=tuple(values[at - 1] if at else NULL_CATEGORY for at in kept),
        counts=tuple(int(counts[at]) for at in kept),
        null_count=int(counts[0]),
        dropped=int(np.argmax(counts[kept])) if dummy else None,
    )
    return feature, translation.astype(np.min_scalar_type(len(kept)))


def feature_to_json(feature: Feature) -> dict[str, Any]:
    """Return a feature as JSON data."""
    return asdict(feature)


def feature_from_json(data: dict[str, Any]) -> Feature:
    """Return the feature that `feature_to_json` wrote."""
    if "categories" not in data:
        return NumericFeature(**data)
    sequences = {"categories": tuple(data["categories"]), "counts": tuple(data["counts"])}
    return CategoricalFeature(**{**data, **sequences})
