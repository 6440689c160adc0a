"""The metrics of clusters and of principal components."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import Pipeline

from export.batch import Batch
from export.metrics.scores import Metrics, defined
from export.parity import Answers


class Clustering:
    """Davies-Bouldin index and mean squared distance, in the units of the prepared columns."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._centres = pipeline[-1].cluster_centers_
        self._squares = np.zeros(len(self._centres))
        self._counts = np.zeros(len(self._centres), dtype=np.int64)

    def add(self, batch: Batch, actual: Answers) -> None:
        """Take a pipeline's answers to a batch in."""
        owner = actual.values.argmin(axis=1)
        np.add.at(self._squares, owner, np.square(actual.values.min(axis=1)))
        np.add.at(self._counts, owner, 1)

    def metrics(self) -> Metrics:
        """Return the metrics; empty without rows."""
        used = np.flatnonzero(self._counts)
        if not len(used):
            return {}
        scatter = np.sqrt(self._squares[used] / self._counts[used])
        gaps = self._centres[used][:, None] - self._centres[used][None]
        apart = np.sqrt(np.square(gaps).sum(axis=2))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = (scatter[:, None] + scatter[None]) / apart
        np.fill_diagonal(ratios, 0.0)
        return defined(
            davies_bouldin_index=float(ratios.max(axis=1).mean()),
            mean_squared_distance=float(self._squares.sum() / self._counts.sum()),
        )

    @property
    def of_rows(self) -> None:
        """All rows count."""
        return None


class Decomposition:
    """The share of all variance about the origin that the components hold."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._prepare = pipeline[:-1]
        self._explained = self._total = 0.0

    def add(self, batch: Batch, actual: Answers) -> None:
        """Take a pipeline's answers to a batch in."""
        self._explained += float(np.square(actual.values).sum())
        self._total += float(np.square(self._prepare.transform(batch.frame)).sum())

    def metrics(self) -> Metrics:
        """Return the metric; empty if there is no variance."""
        if not self._total:
            return {}
        return defined(total_explained_variance_ratio=self._explained / self._total)

    @property
    def of_rows(self) -> None:
        """All rows count."""
        return None
