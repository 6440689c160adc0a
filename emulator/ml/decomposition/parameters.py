"""The components of a principal component analysis, and what they make of encoded rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emulator.ml.data.columns import Floats
from emulator.ml.data.features import Encoded, Feature, dense
from emulator.ml.data.standardise import spreads


@dataclass(frozen=True)
class Components:
    """What a PCA model learned.

    Parameters
    ----------
    loadings : tuple of tuple of tuple of float
        Per component and feature: one value per coordinate.
    eigenvalues : tuple of float
        Of the components, descending.
    total_variance : float
        Sum of all eigenvalues.
    quantiles : tuple of float
        Ascending reconstruction errors of training rows: all, or evenly chosen ones.
    scaled : bool
        Whether numbers count in units of their deviation.
    """

    loadings: tuple[tuple[tuple[float, ...], ...], ...]
    eigenvalues: tuple[float, ...]
    total_variance: float
    quantiles: tuple[float, ...]
    scaled: bool

    @property
    def matrix(self) -> Floats:
        """Loadings of shape (coordinates, components)."""
        return np.array([np.concatenate(one) for one in self.loadings]).T

    @property
    def ratios(self) -> Floats:
        """Share of the total variance of each component."""
        return np.array(self.eigenvalues) / self.total_variance

    def points(self, features: Sequence[Feature], data: Sequence[Encoded]) -> Floats:
        """Return rows as points, of shape (rows, coordinates)."""
        points = np.hstack([dense(f, rows) for f, rows in zip(features, data, strict=True)])
        return points / spreads(features, self.scaled)

    def errors(self, points: Floats, columns: int) -> Floats:
        """Return what the components leave of each point, squared, over the query's columns."""
        return reconstruction_errors(points, self.matrix, columns)


def reconstruction_errors(points: Floats, matrix: Floats, columns: int) -> Floats:
    """Return the squared distance of points from the components' space, over `columns`."""
    left = points - (points @ matrix) @ matrix.T
    return np.asarray(np.square(left).sum(axis=1) / columns)
