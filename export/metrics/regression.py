"""The metrics of a regression."""

from __future__ import annotations

import numpy as np
import pandas as pd

from export.batch import Batch
from export.metrics.scores import MOST, Metrics, defined, known, sampled
from export.moments import Moments
from export.parity import Answers
from export.sample import Sample


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
        return defined(
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
        return sampled(self._sample)
