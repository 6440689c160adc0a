"""A tree ensemble as a part of a stored model, and what it makes of encoded rows."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emulator.ml.data.columns import Floats
from emulator.ml.data.features import Encoded, Feature
from emulator.ml.trees.importance import Importance
from emulator.ml.trees.matrix import Encoding, fill, widths
from emulator.ml.trees.models import Scorer, TreeModel

MOST_OPEN = 16


@dataclass(frozen=True)
class Ensemble:
    """What a tree model learned.

    Parameters
    ----------
    release, data, digest, columns, outputs, weighted
        The booster, as `TreeModel`; `data` in Base64.
    encoding : Encoding
        How categories become numbers.
    """

    release: str
    data: str
    digest: str
    columns: int
    outputs: int
    weighted: bool
    encoding: Encoding

    @classmethod
    def of(cls, model: TreeModel, encoding: Encoding) -> Ensemble:
        """Return a trained booster as it is stored."""
        text = base64.b64encode(model.data).decode()
        return cls(
            model.release,
            text,
            model.digest,
            model.columns,
            model.outputs,
            model.weighted,
            encoding,
        )

    @property
    def booster(self) -> bytes:
        """The booster's file, `model.bst`."""
        return base64.b64decode(self.data)

    def scores(self, features: Sequence[Feature], data: Sequence[Encoded], rows: int) -> Floats:
        """Return scores of shape (outputs, rows): predictions, or log odds of classes."""
        margins = _open(self).margins(self._matrix(features, data, rows))
        return _contrast(margins.T.astype(np.float64))

    def attributions(
        self,
        features: Sequence[Feature],
        data: Sequence[Encoded],
        rows: int,
        *,
        approximate: bool = False,
    ) -> tuple[Floats, Floats]:
        """Return each feature's part of the scores, and the baseline that they add up from.

        Returns
        -------
        parts : array of shape (features, outputs, rows)
        baseline : array of shape (outputs,)
        """
        matrix = self._matrix(features, data, rows)
        found = _open(self).contributions(matrix, approximate=approximate).astype(np.float64)
        places = np.cumsum([0, *widths(features, self.encoding)])
        parts = [found[:, :, start:stop].sum(axis=2) for start, stop in itertools.pairwise(places)]
        stacked = _contrast(np.stack(parts).transpose(2, 0, 1)).transpose(1, 0, 2)
        bias = found[0, :, -1] if rows else np.zeros(self.outputs)
        return stacked, _contrast(bias)

    def importance(self) -> Importance:
        """Return how often and how well each column of the matrix split."""
        return _open(self).importance()

    def texts(self) -> list[str]:
        """Return every tree as XGBoost's text."""
        return _open(self).texts()

    def _matrix(
        self, features: Sequence[Feature], data: Sequence[Encoded], rows: int
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        matrix = np.empty((rows, self.columns), dtype=np.float32)
        fill(matrix, features, data, self.encoding)
        return matrix


def _contrast(margins: Floats) -> Floats:
    """Return the log odds of the second of two classes; anything else as it is."""
    return margins[1:] - margins[:1] if len(margins) == 2 else margins


@lru_cache(maxsize=MOST_OPEN)
def _open(ensemble: Ensemble) -> Scorer:
    return Scorer(
        TreeModel(
            ensemble.release,
            ensemble.booster,
            ensemble.digest,
            ensemble.columns,
            ensemble.outputs,
            ensemble.weighted,
        )
    )
