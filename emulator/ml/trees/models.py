"""A trained model and what can be asked of it: margins, contributions, importance, text.

A model names the release that wrote it. The same release scores it: an exact library if it was
fetched, and the installed XGBoost, which reads their format, if it was removed since (the
margins are the same to float32's last bits). What the installed one wrote, only it reads.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from emulator.ml.trees import exact, legacy
from emulator.ml.trees.errors import LibraryError
from emulator.ml.trees.importance import Importance, importance_of
from emulator.ml.trees.rows import BATCH_ROWS, as_floats, batches
from emulator.ml.trees.settings import threads

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TreeModel:
    """A booster as bytes (`model.bst`), the release that wrote them, and their sha256."""

    release: str
    data: bytes
    digest: str
    columns: int
    outputs: int
    weighted: bool = False

    @property
    def exact(self) -> bool:
        """Whether a release that BigQuery uses trained it."""
        return self.release in exact.RELEASES


class Reader(Protocol):
    """A model inside an XGBoost."""

    def margins(self, rows: Floats) -> Floats:
        """Return the margins, flat."""

    def contributions(self, rows: Floats, approximate: bool) -> Floats:
        """Return the contributions, flat."""

    def texts(self) -> list[str]:
        """Return every tree as text."""


class Scorer:
    """A model opened once for many batches; threads take turns."""

    def __init__(self, model: TreeModel) -> None:
        self.model = model
        self._reader = _reader(model)
        # 0.90 explains DART as if every tree counted in full.
        blind = model.weighted and model.release == "0.90"
        self._explainer = _current(model) if blind else self._reader
        self._turn = threading.Lock()

    def margins(self, matrix: npt.NDArray[np.generic]) -> Floats:
        """Return the sums of leaves, base score included.

        Parameters
        ----------
        matrix : array of shape (rows, columns)
            NaN is missing.

        Returns
        -------
        float32 array of shape (rows, outputs)
            One output is the predicted number; several are the logits of the classes.
        """
        found = np.empty((len(matrix), self.model.outputs), dtype=np.float32)
        for at, block in zip(batches(found), batches(self._fitting(matrix)), strict=True):
            with self._turn:
                at[:] = self._reader.margins(as_floats(block)).reshape(at.shape)
        return found

    def contributions(self, matrix: npt.NDArray[np.generic], *, approximate: bool) -> Floats:
        """Return what each column adds to each margin (Tree SHAP, or its fast approximation).

        Returns
        -------
        float32 array of shape (rows, outputs, columns + 1)
            The last is the bias; a row's sum is its margin.
        """
        shape = (len(matrix), self.model.outputs, self.model.columns + 1)
        found = np.empty(shape, dtype=np.float32)
        for at, block in zip(batches(found), batches(self._fitting(matrix)), strict=True):
            with self._turn:
                flat = self._explainer.contributions(as_floats(block), approximate)
            at[:] = flat.reshape(at.shape)
        return found

    def texts(self) -> list[str]:
        """Return every tree as XGBoost's text, with gain and cover; classes take turns."""
        with self._turn:
            return self._reader.texts()

    def importance(self) -> Importance:
        """Return how often and how well each column split."""
        return importance_of(self.texts(), self.model.columns)

    def _fitting(self, matrix: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        if matrix.ndim != 2 or matrix.shape[1] != self.model.columns:
            raise LibraryError(
                f"The matrix has the shape {matrix.shape}; the model was trained on "
                f"{self.model.columns} columns."
            )
        return matrix


def digest(data: bytes) -> str:
    """Return the sha256 of a model's bytes."""
    return hashlib.sha256(data).hexdigest()


def probabilities(margins: Floats) -> Floats:
    """Return the softmax of each row, in float32 as XGBoost computes it."""
    grown: Floats = np.exp(margins - margins.max(axis=1, keepdims=True))
    total = grown.sum(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    grown /= total
    return grown


def _reader(model: TreeModel) -> Reader:
    # 0.90 would end the whole process on a damaged model.
    if digest(model.data) != model.digest:
        raise LibraryError(
            f"The {len(model.data)} bytes of the tree model are damaged: their sha256 is not the "
            f"stored '{model.digest}'. Train the model again."
        )
    if model.exact and (path := exact.installed(model.release)):
        return legacy.Reader(path, model.release, model.data, threads(BATCH_ROWS))
    return _current(model)


def _current(model: TreeModel) -> Reader:
    from emulator.ml.trees import current  # loads XGBoost's package: only once it is needed

    return current.Reader(model.data, threads(BATCH_ROWS))
