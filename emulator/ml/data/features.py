"""What a model knows of its input columns: statistics, categories, and how values encode.

Numeric NULL is the training mean. A category of its own, `_null_filler`, stands for NULL
if the training column had one; a category that training did not see counts nothing.
Statistics are those of the training rows.

A feature encodes a plain column (`expansion`) to compact data whose rows an index selects:
numbers, positions of categories, or for arrays a matrix. `dense` has numbers around their mean.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array, issparse

from emulator.ml.data.arrays import Sparse, as_matrix, as_sparse, category_runs
from emulator.ml.data.columns import Codes, Floats, as_floats, dictionary_of
from emulator.ml.errors import InputDataError

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

    @property
    def width(self) -> int:
        """Number of coordinates."""
        return 1

    def filled(self, values: Floats) -> Floats:
        """Return values with their training mean for NULL (NaN)."""
        return np.where(np.isnan(values), self.mean, values)

    def encode(self, array: pa.Array) -> Floats:
        """Return numbers of shape (rows,)."""
        return self.filled(as_floats(array, self.name, InputDataError))


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
    def width(self) -> int:
        """Number of coordinates."""
        return len(self.categories)

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


@dataclass(frozen=True)
class MultiHotFeature(CategoricalFeature):
    """An ARRAY of categories: a row has any number of them, each counted once."""

    def encode(self, array: pa.Array) -> Sparse:
        """Return 1 where a row has a category, of shape (rows, categories)."""
        offsets, elements = category_runs(array)
        return multi_hot(super().encode(elements), offsets, self.width)


@dataclass(frozen=True)
class VectorFeature:
    """An ARRAY of numbers, dense, or sparse as STRUCT(index, value); NULL elements are the mean."""

    name: str
    type: str
    means: tuple[float, ...]
    is_sparse: bool
    null_count: int

    @property
    def width(self) -> int:
        """Number of coordinates."""
        return len(self.means)

    def encode(self, array: pa.Array) -> Floats | Sparse:
        """Return numbers as they are, of shape (rows, dimension)."""
        if self.is_sparse:
            return as_sparse(array, self.name, self.width, InputDataError)
        return self.filled(as_matrix(array, self.name, self.width, InputDataError))

    def filled(self, matrix: Floats) -> Floats:
        """Return the matrix with means for NULL (NaN)."""
        return np.where(np.isnan(matrix), np.array(self.means), matrix)


Feature = NumericFeature | CategoricalFeature | MultiHotFeature | VectorFeature
Encoded = Any  # what `encode` of any feature returns: rows run along the first axis


def is_one_hot(feature: Feature) -> bool:
    """Whether a feature's encoded rows are positions of categories."""
    return isinstance(feature, CategoricalFeature) and not isinstance(feature, MultiHotFeature)


def dense(feature: Feature, data: Encoded) -> Floats:
    """Return encoded rows as coordinates of shape (rows, width), numbers around their mean."""
    if isinstance(feature, NumericFeature):
        return (np.asarray(data) - feature.mean)[:, None]
    if not is_one_hot(feature):
        return np.asarray(data.toarray() if issparse(data) else data)
    out = np.zeros((len(data), feature.width + 1))
    out[np.arange(len(data)), data] = 1.0
    return out[:, :-1]


def multi_hot(codes: Codes, offsets: Codes, width: int) -> Sparse:
    """Return 1 where a row's run has a category; `width` stands for none."""
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    known = codes < width
    cells = np.unique(rows[known] * width + codes[known]) if width else np.empty(0, np.int64)
    ones = np.ones(len(cells))
    positions = (cells // max(width, 1), cells % max(width, 1))
    return csr_array((ones, positions), shape=(len(offsets) - 1, width))


_CLASSES: dict[str, Any] = {
    each.__name__: each
    for each in (NumericFeature, CategoricalFeature, MultiHotFeature, VectorFeature)
}


def feature_to_json(feature: Feature) -> dict[str, Any]:
    """Return a feature as JSON data."""
    return {"class": type(feature).__name__, **asdict(feature)}


def feature_from_json(data: dict[str, Any]) -> Feature:
    """Return the feature that `feature_to_json` wrote."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k != "class"}
    feature: Feature = _CLASSES[data["class"]](**values)
    return feature
