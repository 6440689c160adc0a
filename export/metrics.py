"""ML.EVALUATE's metrics, by BigQuery ML's definitions, of the pipeline's predictions.

scikit-learn's own functions differ in three places: the median error is the lower median,
log loss of three or more classes is the mean over classes of the mean within a class, and
roc_auc compares 1001 quantiles of both sides' scores, of which equal ones count half.

Rows come in parts. Median and roc_auc need the rows themselves: beyond `MOST` numbers they
are of a sample, whose size `of_rows` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from export.batch import Batch
from export.manifest import Value
from export.moments import Moments
from export.parity import Answers, finite
from export.sample import Sample

Numbers = NDArray[np.float64]
Metrics = dict[str, float | None]
LEAST = 1e-15
PARTS = 1000
MOST = 2_000_000


class Scores(Protocol):
    """Takes answers in and ends as metrics."""

    def add(self, batch: Batch, actual: Answers) -> None:
        """Take a pipeline's answers to a batch in."""

    def metrics(self) -> Metrics:
        """Return the metrics; empty if no row told what was true."""

    @property
    def of_rows(self) -> int | None:
        """How many rows stand for all in median and roc_auc; None if all do."""


def scores(task: str, classes: Sequence[Any] | None, pipeline: Pipeline | None = None) -> Scores:
    """Return what takes the answers of a task in.

    Parameters
    ----------
    task : str
        The manifest's.
    classes : sequence or None
        Of a classification.
    pipeline : sklearn.pipeline.Pipeline, optional
        What answers; a clustering's and a decomposition's metrics need it.
    """
    if task == "regression":
        return Regression()
    if task == "classification":
        return Classification(classes or ())
    assert pipeline is not None
    return Clustering(pipeline) if task == "clustering" else Decomposition(pipeline)


def evaluate(labels: Sequence[Value], predicted: Answers) -> Metrics:
    """Return the metrics of predictions.

    Parameters
    ----------
    labels : sequence
        What was true; a row with None is left out.
    predicted : Answers
        What was predicted, in the same order.
    """
    task = "regression" if predicted.classes is None else "classification"
    found = scores(task, predicted.classes)
    found.add(Batch(pd.DataFrame(), predicted, tuple(labels)), predicted)
    return found.metrics()


def known(truth: Sequence[Value]) -> NDArray[np.bool_]:
    """Return which rows tell what was true: neither NULL nor NaN."""
    return np.array([value is not None and value == value for value in truth], dtype=np.bool_)


class Regression:
    """Errors, R² and explained variance."""

    def __init__(self) -> None:
        self._truth, self._errors = Moments(), Moments()
        self._absolute = self._squared = self._logs = 0.0
        self._sample = Sample(MOST)

    def add(self, batch: Batch, actual: Answers) -> None:
        """Take a pipeline's answers to a batch in."""
        told = known(batch.truth)
        truth = np.array(batch.truth, dtype="float64")[told]
        predicted = actual.values[told, 0]
        error = truth - predicted
        self._truth.add(truth)
        self._errors.add(error)
        self._absolute += float(np.abs(error).sum())
        self._squared += float(np.square(error).sum())
        with np.errstate(invalid="ignore", divide="ignore"):
            self._logs += float(np.square(np.log1p(truth) - np.log1p(predicted)).sum())
        keys = [key for key, kept in zip(batch.keys, told, strict=True) if kept]
        self._sample.add(keys, pd.DataFrame({"error": np.abs(error)}))

    def metrics(self) -> Metrics:
        """Return the metrics; empty if no row told what was true."""
        count = self._truth.count
        if not count:
            return {}
        absolute = np.sort(self._sample.rows()["error"].to_numpy())
        with np.errstate(invalid="ignore", divide="ignore"):
            explained = 1 - np.float64(self._squared) / self._truth.squares
            variance = 1 - np.float64(self._errors.squares) / self._truth.squares
        return _finite(
            mean_absolute_error=self._absolute / count,
            mean_squared_error=self._squared / count,
            mean_squared_log_error=self._logs / count,
            median_absolute_error=float(absolute[(len(absolute) - 1) // 2]),
            r2_score=float(explained),
            explained_variance=float(variance),
        )

    @property
    def of_rows(self) -> int | None:
        """How many rows stand for all in the median; None if all do."""
        return _sampled(self._sample)


class Classification:
    """Precision to roc_auc; of two classes, those of the second."""

    def __init__(self, classes: Sequence[Any]) -> None:
        self._classes = list(classes)
        self._judged = [1] if len(classes) == 2 else list(range(len(classes)))
        size = len(classes)
        self._counts = np.zeros((size + 1, size), dtype=np.int64)  # last: a class never seen
        self._losses = np.zeros(size)
        self._sample = Sample(MOST // max(1, len(self._judged)))

    def add(self, batch: Batch, actual: Answers) -> None:
        """Take a pipeline's answers to a batch in."""
        place = {label: index for index, label in enumerate(self._classes)}
        told = known(batch.truth)
        true = np.array(
            [place.get(v, len(place)) for v, k in zip(batch.truth, told, strict=True) if k],
            dtype=np.intp,
        )
        labels = actual.labels or ()
        guessed = [place[v] for v, k in zip(labels, told, strict=True) if k]
        values = actual.values[told]
        np.add.at(self._counts, (true, np.array(guessed, dtype=np.intp)), 1)
        seen = np.flatnonzero(true < len(place))
        losses = -np.log(np.maximum(values[seen, true[seen]], LEAST))
        np.add.at(self._losses, true[seen], losses)
        keys = [key for key, kept in zip(batch.keys, told, strict=True) if kept]
        columns = {f"score_{c}": values[:, c] for c in self._judged}
        self._sample.add(keys, pd.DataFrame({"true": true, **columns}))

    def metrics(self) -> Metrics:
        """Return the metrics; empty if no row told what was true."""
        total = int(self._counts.sum())
        if not total:
            return {}
        parts = np.array([self._class_scores(c) for c in self._judged])
        precision, recall, f1 = parts.mean(axis=0)
        rows = self._sample.rows()
        true = rows["true"].to_numpy()
        areas = [_roc_auc(rows[f"score_{c}"].to_numpy(), true == c) for c in self._judged]
        return _finite(
            precision=float(precision),
            recall=float(recall),
            accuracy=float(np.trace(self._counts) / total),
            f1_score=float(f1),
            log_loss=self._log_loss(),
            roc_auc=float(np.mean(areas)),
        )

    @property
    def of_rows(self) -> int | None:
        """How many rows stand for all in roc_auc; None if all do."""
        return _sampled(self._sample)

    def _class_scores(self, place: int) -> tuple[float, float, float]:
        hits = float(self._counts[place, place])
        guessed, true = self._counts[:, place].sum(), self._counts[place].sum()
        precision = hits / guessed if guessed else 0.0
        recall = hits / true if true else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        return precision, recall, f1

    def _log_loss(self) -> float:
        counts = self._counts[:-1].sum(axis=1)
        if not counts.any():
            return float("nan")
        if len(counts) == 2:
            return float(self._losses.sum() / counts.sum())
        return float(np.mean(self._losses[counts > 0] / counts[counts > 0]))


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
        return _finite(
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
        return _finite(total_explained_variance_ratio=self._explained / self._total)

    @property
    def of_rows(self) -> None:
        """All rows count."""
        return None


def _finite(**values: float) -> Metrics:
    return {name: finite(value) for name, value in values.items()}


def _sampled(sample: Sample) -> int | None:
    return sample.most if sample.offered > sample.most else None


def _roc_auc(scores: Numbers, positive: NDArray[np.bool_]) -> float:
    if positive.all() or not positive.any():
        return float("nan")
    highs = _boundaries(scores[positive])
    lows = _boundaries(scores[~positive])
    wins = int(np.searchsorted(lows, highs, side="left").sum())
    ties = int(np.searchsorted(lows, highs, side="right").sum()) - wins
    return min(1.0, wins / (PARTS + 1) / PARTS + ties / 2 / (PARTS + 1) ** 2)


def _boundaries(scores: Numbers) -> Numbers:
    """Return the 1001 boundaries of a thousand parts, each one of the scores.

    Ranks are counted in whole numbers: a rounding error would take the neighbour.
    """
    ranks = -(-np.arange(PARTS + 1) * len(scores) // PARTS)
    boundaries: Numbers = np.sort(scores)[np.maximum(ranks, 1) - 1]
    return boundaries
