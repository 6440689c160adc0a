"""What the metrics of every task share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from export.batch import Batch
from export.manifest import Value
from export.parity import Answers, finite
from export.sample import Sample

Numbers = NDArray[np.float64]
Metrics = dict[str, float | None]
MOST = 1_000_000


class Scores(Protocol):
    """Takes answers in and ends as metrics."""

    def add(self, batch: Batch, actual: Answers) -> None:
        """Take a pipeline's answers to a batch in."""

    def metrics(self) -> Metrics:
        """Return the metrics; empty if no row told what was true."""

    @property
    def of_rows(self) -> int | None:
        """How many rows stand for all in median and roc_auc; None if all do."""


def known(truth: Sequence[Value]) -> NDArray[np.bool_]:
    """Return which rows tell what was true: neither NULL nor NaN."""
    return np.array([value is not None and value == value for value in truth], dtype=np.bool_)


def defined(**values: float) -> Metrics:
    """Return metrics; None for one that is not finite."""
    return {name: finite(value) for name, value in values.items()}


def sampled(sample: Sample) -> int | None:
    """Return how many rows stand for all; None if all do."""
    return sample.most if sample.offered > sample.most else None
