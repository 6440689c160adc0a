"""Trees of the exact libraries: XGBoost 0.90 and 1.1.1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from emulator.ml.trees.capi import Booster, Library, Matrix, load
from emulator.ml.trees.rows import Rows

Floats = npt.NDArray[np.float32]

MARGIN, CONTRIBUTIONS, APPROXIMATE = 1, 4, 8


class Boosting:
    """A booster in training."""

    def __init__(
        self,
        path: Path,
        version: str,
        parameters: dict[str, str],
        training: Rows,
        evaluation: Rows | None,
    ) -> None:
        self.release = version
        library = load(path, version)
        parts = [training] if evaluation is None else [training, evaluation]
        matrices = [Matrix(library, part.matrix, part.label, part.weights) for part in parts]
        self._booster = Booster(library, matrices)
        for name, value in parameters.items():
            self._booster.set(name, value)

    def advance(self, number: int) -> str:
        """Grow one round; return the losses as the library prints them."""
        self._booster.update(number)
        return self._booster.evaluate(number)

    def data(self) -> bytes:
        """Return the model as it is now."""
        return self._booster.data()


class Reader:
    """A trained model, read by the library that wrote it."""

    def __init__(self, path: Path, version: str, data: bytes, threads: int) -> None:
        self._library: Library = load(path, version)
        self._booster = Booster(self._library, data=data)
        self._booster.set("nthread", str(threads))
        self._booster.set("verbosity", "0")

    def margins(self, rows: Floats) -> Floats:
        """Return the margins, flat."""
        return self._booster.predict(Matrix(self._library, rows), MARGIN)

    def contributions(self, rows: Floats, approximate: bool) -> Floats:
        """Return the contributions, flat."""
        option = CONTRIBUTIONS | (APPROXIMATE if approximate else 0)
        return self._booster.predict(Matrix(self._library, rows), option)

    def texts(self) -> list[str]:
        """Return every tree as text."""
        return self._booster.texts()
