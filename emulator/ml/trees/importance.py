"""ML.FEATURE_IMPORTANCE from the text of the trees, one way for every release.

`weight` counts the splits on a column; `gain` and `cover` are their means, over all trees, as
XGBoost's own scores are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_SPLIT = re.compile(r"\[f(\d+)<[^\]]*\].*?gain=([^,\s]+),cover=([^,\s]+)")


@dataclass(frozen=True)
class Importance:
    """Scores of shape (columns,); 0 where no tree splits on the column."""

    weight: npt.NDArray[np.float64]
    gain: npt.NDArray[np.float64]
    cover: npt.NDArray[np.float64]


def importance_of(texts: Sequence[str], columns: int) -> Importance:
    """Return the importance of every column."""
    splits = np.array(
        [found.groups() for text in texts for found in _SPLIT.finditer(text)], dtype=np.float64
    ).reshape(-1, 3)
    column = splits[:, 0].astype(np.intp)
    weight = np.bincount(column, minlength=columns)
    gain, cover = (np.bincount(column, splits[:, place], columns) for place in (1, 2))
    often = np.maximum(weight, 1.0)
    return Importance(weight.astype(np.float64), gain / often, cover / often)
