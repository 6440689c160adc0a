"""The metrics of a classification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from export.batch import Batch
from export.metrics.scores import MOST, Metrics, Numbers, defined, known, sampled
from export.parity import Answers
from export.sample import Sample

LEAST = 1e-15
PARTS = 1000


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
        return defined(
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
        return sampled(self._sample)

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
