"""The clusters of a k-means model, and what they make of encoded rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.features import Encoded, Feature, dense
from emulator.ml.data.standardise import origins, spreads


@dataclass(frozen=True)
class Clusters:
    """What a k-means model learned.

    Parameters
    ----------
    centroids : tuple of tuple of tuple of float
        Per cluster and feature: a number around its mean, in its own unit, or the share of
        each category.
    radii : tuple of float
        Per cluster: root mean square distance of its training rows.
    sizes : tuple of int
        Training rows per cluster.
    quantiles : tuple of float
        Ascending normalized distances of training rows: all, or evenly chosen ones.
    cosine : bool
        Whether distances are by angle.
    standardised : bool
        Whether numbers count in units of their deviation.
    """

    centroids: tuple[tuple[tuple[float, ...], ...], ...]
    radii: tuple[float, ...]
    sizes: tuple[int, ...]
    quantiles: tuple[float, ...]
    cosine: bool
    standardised: bool

    def distances(self, features: Sequence[Feature], data: Sequence[Encoded]) -> Floats:
        """Return each row's distance from each centroid, of shape (rows, clusters)."""
        points = np.hstack([dense(f, rows) for f, rows in zip(features, data, strict=True)])
        return distances(self._seen(features, points), self.centres(features), self.cosine)

    def centres(self, features: Sequence[Feature]) -> Floats:
        """Return the centroids in the units of distances, of shape (clusters, coordinates)."""
        return self._seen(features, np.array([np.concatenate(one) for one in self.centroids]))

    def _seen(self, features: Sequence[Feature], points: Floats) -> Floats:
        origin = origins(features) if seen_from_zero(self.cosine, self.standardised) else 0.0
        return (points + origin) / spreads(features, self.standardised)

    def normalised(self, distance: Floats) -> tuple[Floats, Codes]:
        """Return each row's least distance in radii of the cluster, and that cluster's position."""
        radii = np.array(self.radii)
        ratio = distance / np.where(radii > 0, radii, 1.0)
        nearest = ratio.argmin(axis=1)
        return ratio[np.arange(len(ratio)), nearest], nearest


def seen_from_zero(cosine: bool, standardised: bool) -> bool:
    """Whether angles are those of the numbers as they are, and not around their means."""
    return cosine and not standardised


def distances(points: Floats, centres: Floats, cosine: bool) -> Floats:
    """Return Euclidean distances, or the root of 1 - cosine, of shape (points, centres)."""
    products = points @ centres.T
    squares = np.square(points).sum(axis=1)[:, None]
    centre_squares = np.square(centres).sum(axis=1)
    if cosine:
        return cosine_distances(products, squares, centre_squares)
    out = np.empty_like(products)
    for at, centre in enumerate(centres):  # differences keep the digits that products lose
        out[:, at] = np.sqrt(np.square(points - centre).sum(axis=1))
    return out


def cosine_distances(products: Floats, squares: Floats, centre_squares: Floats) -> Floats:
    """Return the root of 1 - cosine; a zero vector is at right angles to everything."""
    lengths = np.sqrt(squares * centre_squares)
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return np.sqrt(np.maximum(1.0 - cosines, 0.0))
