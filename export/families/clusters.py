"""KMEANS: scikit-learn's KMeans with BigQuery ML's centroids and preprocessing.

A distance by angle is the Euclidean one of vectors of length 1 over the root of 2: the same
estimator, behind steps that give every row that length. A row of zeros has no direction and
the distance 1 to all: an own axis, on which every row is `ANCHOR`, gives it that.
Source: Google's manual of CREATE MODEL for k-means; bqml's recorded cases for the units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Normalizer, PolynomialFeatures, StandardScaler

from export.families.design import Floats, Row, filled_matrix
from export.families.standard import Standard

# Too small to turn any other row, and no zero to scikit-learn.
ANCHOR = 1e-12


@dataclass(frozen=True)
class Clusters:
    """What a k-means model consists of.

    Parameters
    ----------
    standard : Standard
        Its features.
    centroids : ndarray of shape (n_clusters, n_columns)
        In the units of the prepared columns; cluster 1 first.
    cosine : bool
        Whether distances are by angle.
    """

    standard: Standard
    centroids: Floats
    cosine: bool


def read_clusters(centroids: Sequence[Row], standard: Standard, *, cosine: bool) -> Clusters:
    """Read the rows of ML.CENTROIDS, whose numbers are in their own units."""
    count = max(int(row["centroid_id"]) for row in centroids)
    found = filled_matrix(centroids, standard.features, count, "centroid_id", 1)
    return Clusters(standard, (found - standard.origins) / standard.spreads, cosine)


def transplanted(clusters: Clusters) -> Pipeline:
    """Return a pipeline of the centroids that BigQuery ML holds."""
    model = KMeans(n_clusters=len(clusters.centroids), n_init=1)
    centres = _unit(clusters.centroids) if clusters.cosine else clusters.centroids
    return _pipeline(clusters, _with_centres(model, centres))


def retrained(clusters: Clusters, features: pd.DataFrame, options: Mapping[str, Any]) -> Pipeline:
    """Return a pipeline whose centroids scikit-learn moves on from BigQuery ML's.

    From the same start both number the clusters alike; how far they move is how far BigQuery
    ML's early stop was from a fixed point.
    """
    start = _unit(clusters.centroids) if clusters.cosine else clusters.centroids
    model = KMeans(
        n_clusters=len(start), init=start, n_init=1,
        max_iter=int(options.get("max_iterations", 20)), tol=0.0, algorithm="lloyd",
    )  # fmt: skip
    pipeline = _pipeline(clusters, model)
    points = pipeline[:-1].transform(features)
    model.fit(points)
    return pipeline


def _pipeline(clusters: Clusters, model: KMeans) -> Pipeline:
    steps: list[tuple[str, Any]] = [("prepare", clusters.standard.preparation())]
    if clusters.cosine:
        width = clusters.centroids.shape[1]
        anchor = PolynomialFeatures(degree=1).fit(np.zeros((1, width)))
        spreads = np.array([1 / ANCHOR, *[1.0] * width])
        steps += [
            ("anchor", anchor),
            ("small", _divided(spreads)),
            ("length", Normalizer()),
            ("root", _divided(np.full(width + 1, np.sqrt(2)))),
        ]
    return Pipeline([*steps, ("model", model)])


def _with_centres(model: KMeans, centres: Floats) -> KMeans:
    """Fit a model on its own centroids: they stay where they are."""
    return model.set_params(init=centres, max_iter=1).fit(centres)


def _unit(points: Floats) -> Floats:
    """Return centroids as directions, with nothing on the axis of rows without one."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    unit: Floats = points / np.where(lengths > 0, lengths, 1.0) / np.sqrt(2)
    return np.hstack([np.zeros((len(unit), 1)), unit])


def _divided(spreads: Floats) -> StandardScaler:
    step = StandardScaler(with_mean=False).fit(np.ones((1, len(spreads))))
    step.scale_ = spreads
    return step
