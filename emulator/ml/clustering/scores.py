"""The metrics of a clustering: Davies-Bouldin index and mean squared distance.

A cluster's spread is the root mean square distance of its rows from the model's centroid,
not from their own mean: that reproduces BigQuery's records.
"""

from __future__ import annotations

import numpy as np

from emulator.ml.clustering.parameters import distances
from emulator.ml.data.columns import Codes, Floats

CLUSTERING = ("davies_bouldin_index", "mean_squared_distance")


def clustering_metrics(
    nearest: Floats, clusters: Codes, centres: Floats, cosine: bool
) -> dict[str, float]:
    """Return the metrics of rows by their distance from the nearest centroid.

    Parameters
    ----------
    nearest, clusters : arrays of shape (rows,)
    centres : array of shape (clusters, coordinates)
        In units of deviations.
    """
    count = len(centres)
    sizes = np.bincount(clusters, minlength=count)
    squares = np.bincount(clusters, np.square(nearest), count)
    present = np.flatnonzero(sizes)
    spread = np.sqrt(squares[present] / sizes[present])
    between = distances(centres[present], centres[present], cosine)
    np.fill_diagonal(between, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (spread[:, None] + spread[None, :]) / between
    worst = ratios.max(axis=1) if len(present) > 1 else np.zeros(len(present))
    return {
        "davies_bouldin_index": float(worst.mean()),
        "mean_squared_distance": float(np.square(nearest).mean()),
    }
