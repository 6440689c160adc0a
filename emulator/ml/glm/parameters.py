"""The weights of a linear or logistic model, and what they make of encoded rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from emulator.ml.data.columns import Floats
from emulator.ml.data.features import Encoded, Feature, NumericFeature, is_one_hot


@dataclass(frozen=True)
class Weights:
    """What a linear or logistic model learned.

    Parameters
    ----------
    intercepts : tuple of float
        One per output, at the mean of every number and no category.
    weights : tuple of tuple of tuple of float
        Per output and feature: one weight per coordinate, e.g. per category.
    intercept_error, errors : float, tuple of tuple of float, or None
        Standard errors of a model with CALCULATE_P_VALUES; None for what was not fitted.
    """

    intercepts: tuple[float, ...]
    weights: tuple[tuple[tuple[float, ...], ...], ...]
    intercept_error: float | None = None
    errors: tuple[tuple[float | None, ...], ...] | None = None

    @property
    def outputs(self) -> int:
        """Number of scores a row has."""
        return len(self.intercepts)

    def contributions(
        self, features: Sequence[Feature], data: Sequence[Encoded]
    ) -> Iterator[Floats]:
        """Yield each feature's part of the scores, of shape (outputs, rows)."""
        for at, (feature, rows) in enumerate(zip(features, data, strict=True)):
            weights = np.array([one[at] for one in self.weights])
            if isinstance(feature, NumericFeature):
                yield weights * (rows - feature.mean)
            elif is_one_hot(feature):
                unseen = np.zeros((self.outputs, 1))
                yield np.hstack([weights, unseen])[:, rows]
            else:
                yield np.asarray((rows @ weights.T).T)

    def scores(self, features: Sequence[Feature], data: Sequence[Encoded], rows: int) -> Floats:
        """Return scores of shape (outputs, rows): predictions, or log odds of classes."""
        total = np.empty((self.outputs, rows))
        total[:] = np.array(self.intercepts)[:, None]
        for part in self.contributions(features, data):
            total += part
        return total

    def attributions(
        self, features: Sequence[Feature], data: Sequence[Encoded], rows: int
    ) -> tuple[Floats, Floats]:
        """Return each feature's part of the scores, and the baseline that they add up from.

        Returns
        -------
        parts : array of shape (features, outputs, rows)
        baseline : array of shape (outputs,)
        """
        return np.stack(list(self.contributions(features, data))), np.array(self.intercepts)

    def raw_intercept(self, features: Sequence[Feature], output: int) -> float:
        """Return the intercept at zero of every number, as ML.WEIGHTS shows it."""
        total = self.intercepts[output]
        for position, feature in enumerate(features):
            if isinstance(feature, NumericFeature):
                total -= self.weights[output][position][0] * feature.mean
        return total
