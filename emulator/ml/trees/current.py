"""Trees of the installed XGBoost, and its reading of what the exact libraries wrote."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xgboost

from emulator.ml.trees.errors import LibraryError
from emulator.ml.trees.rows import Rows

Floats = npt.NDArray[np.float32]

RELEASE = str(xgboost.__version__)


class Boosting:
    """A booster in training."""

    def __init__(self, parameters: dict[str, str], training: Rows, evaluation: Rows | None) -> None:
        self.release = RELEASE
        self._parts = [_matrix(training, parameters, None)]
        if evaluation is not None:
            self._parts.append(_matrix(evaluation, parameters, self._parts[0]))
        self._booster = xgboost.Booster(parameters, self._parts)

    def advance(self, number: int) -> str:
        """Grow one round; return the losses as XGBoost prints them."""
        try:
            self._booster.update(self._parts[0], number)
            named = [(part, str(place)) for place, part in enumerate(self._parts)]
            return str(self._booster.eval_set(named, number))
        except xgboost.core.XGBoostError as error:
            raise _refusal(error) from error

    def data(self) -> bytes:
        """Return the model as it is now."""
        return bytes(self._booster.save_raw("ubj"))


class Reader:
    """A trained model, of any release up to this one."""

    def __init__(self, data: bytes, threads: int) -> None:
        self._booster = xgboost.Booster({"nthread": threads, "verbosity": 0})
        try:
            self._booster.load_model(bytearray(data))
        except xgboost.core.XGBoostError as error:
            raise _refusal(error) from error

    def margins(self, rows: Floats) -> Floats:
        """Return the margins, flat."""
        found = self._booster.inplace_predict(rows, predict_type="margin", validate_features=False)
        return np.asarray(found, dtype=np.float32).ravel()

    def contributions(self, rows: Floats, approximate: bool) -> Floats:
        """Return the contributions, flat."""
        found = self._booster.predict(
            xgboost.DMatrix(rows),
            pred_contribs=True,
            approx_contribs=approximate,
            validate_features=False,
        )
        return np.asarray(found, dtype=np.float32).ravel()

    def texts(self) -> list[str]:
        """Return every tree as text."""
        return [str(tree) for tree in self._booster.get_dump(with_stats=True)]


def _matrix(
    rows: Rows, parameters: dict[str, str], reference: xgboost.DMatrix | None
) -> xgboost.DMatrix:
    """Return the rows as XGBoost wants them; for `hist` as one byte a cell, not eight."""
    try:
        if parameters["tree_method"] != "hist":
            return xgboost.DMatrix(rows.matrix, rows.label, weight=rows.weights)
        return xgboost.QuantileDMatrix(
            rows.matrix,
            rows.label,
            weight=rows.weights,
            ref=reference,
            max_bin=int(parameters["max_bin"]),
            nthread=int(parameters["nthread"]),
        )
    except xgboost.core.XGBoostError as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> LibraryError:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return LibraryError(f"XGBoost {RELEASE} refused the data or options: '{lines[0]}'.")
