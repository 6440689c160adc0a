"""Pipelines answer every row to certify, in one pass, and only figures are kept.

What else a version tells of those rows comes from the same pass: its metrics and the
constant's, the rows its pictures and golden rows are drawn from, and some of the rows that
are apart and of those that are not, for whoever asks why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from export.attributions import leaves
from export.baseline import Constant
from export.batch import Batch
from export.certificate import Certificate, Tally
from export.metrics import Metrics, scores
from export.parity import Answers, aligned, shapley_tolerance
from export.responses import answer, explanation
from export.sample import Sample
from export.study import Study

DRAWN = 10_000
WITNESSES = 500
KEY, TRUTH, LABEL, VALUE = "__key", "__truth", "__label", "__value"


@dataclass(frozen=True)
class Candidate:
    """A pipeline that may be published.

    Parameters
    ----------
    method : {"retrained", "transplanted"}
        How it came to be.
    pipeline : sklearn.pipeline.Pipeline
        scikit-learn's classes alone.
    converged : bool
        Whether the solver reached the optimum; True if nothing was trained.
    open_constants : int or None
        Weights that training left open and that follow BigQuery ML's; see `gauge`.
    """

    method: str
    pipeline: Pipeline
    converged: bool = True
    open_constants: int | None = None


@dataclass(frozen=True)
class Witnesses:
    """Some rows with both sides' answers.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_features)
    expected, actual : ndarray of shape (n_rows, n_outputs)
    labels : tuple
        Pairs of BigQuery ML's label and the pipeline's; None without labels.
    """

    frame: pd.DataFrame
    expected: NDArray[np.float64]
    actual: NDArray[np.float64]
    labels: tuple[tuple[Any, Any] | None, ...]


@dataclass(frozen=True)
class Examined:
    """What became of one candidate.

    Parameters
    ----------
    certificate : Certificate
    metrics : dict of str to float
        The pipeline's, on the test split.
    of_rows : int or None
        How many rows stand for all in median and roc_auc; None if all do.
    apart, near : Witnesses
        Some of the rows that are apart, and some that are not.
    """

    certificate: Certificate
    metrics: Metrics
    of_rows: int | None
    apart: Witnesses
    near: Witnesses


@dataclass(frozen=True)
class Examination:
    """What a pass over the rows found.

    Parameters
    ----------
    found : dict of str to Examined
        By method.
    baseline : dict of str to float
        The constant's metrics on the test split; empty without a label.
    drawn : DataFrame
        At most `DRAWN` rows of the test split, chosen by key: features, key, what was true,
        and BigQuery ML's label and values.
    """

    found: dict[str, Examined]
    baseline: Metrics
    drawn: pd.DataFrame

    @property
    def certificates(self) -> dict[str, Certificate]:
        """The certificates by method."""
        return {method: one.certificate for method, one in self.found.items()}


def examine(study: Study, candidates: Sequence[Candidate]) -> Examination:
    """Let candidates answer the hard rows and the whole test split.

    Parameters
    ----------
    study : Study
        Where the rows and BigQuery ML's answers are.
    candidates : sequence of Candidate
        Of different methods.
    """
    desks = [_Desk(study, candidate) for candidate in candidates]
    constant = Constant(study) if study.node.label else None
    drawn = Sample(DRAWN)
    for batch in chain([study.hard_batch], study.tests()):
        for desk in desks:
            desk.take(batch)
        if batch.kinds is None:
            if constant is not None:
                constant.take(batch)
            drawn.add(batch.keys, _drawn(batch))
    for batch in study.explained() if study.explained is not None and desks else ():
        for desk in desks:
            desk.take_explained(batch)
    return Examination(
        {desk.candidate.method: desk.found() for desk in desks},
        {} if constant is None else constant.metrics(),
        drawn.rows(),
    )


class _Desk:
    """Takes one candidate's answers in."""

    def __init__(self, study: Study, candidate: Candidate) -> None:
        self.candidate = candidate
        self._study = study
        self._tally = Tally()
        self._leaves = leaves(candidate.pipeline)
        self._explained = Tally(shapley_tolerance(self._leaves))
        self._scores = scores(study.node.task, study.classes, candidate.pipeline)
        self._apart, self._near = _Witnessing(), _Witnessing()

    def take(self, batch: Batch) -> None:
        actual = answer(self._study, self.candidate.pipeline, batch)
        out = self._tally.add(batch.expected, actual, batch.kinds)
        self._apart.take(batch, actual, np.flatnonzero(out))
        self._near.take(batch, actual, np.flatnonzero(~out))
        if batch.kinds is None:
            self._scores.add(batch, actual)

    def take_explained(self, batch: Batch) -> None:
        sizes = None
        if self._leaves:  # what trees add up in float32 is rounded by the size of the sum
            sizes = np.maximum(1.0, np.abs(batch.expected.values).max(axis=1, keepdims=True))
        actual = explanation(self.candidate.pipeline, batch)
        self._explained.add(batch.expected, actual, batch.kinds, sizes)

    def found(self) -> Examined:
        explained = None
        if self._study.explained is not None:
            every = self._study.facts.tests == self._study.explained_rows
            of = None if every else self._study.facts.tests + len(self._study.hard)
            explained = self._explained.certificate(of=of)
        return Examined(
            self._tally.certificate(explained),
            self._scores.metrics(),
            self._scores.of_rows,
            self._apart.witnesses(),
            self._near.witnesses(),
        )


class _Witnessing:
    """Keeps the first rows that come, hard ones aside from those of the test split."""

    def __init__(self) -> None:
        self._parts: list[Witnesses] = []
        self._left = {True: WITNESSES, False: WITNESSES}

    def take(self, batch: Batch, actual: Answers, rows: NDArray[np.intp]) -> None:
        rows = rows[: self._left[batch.kinds is None]]
        if not len(rows):
            return
        self._left[batch.kinds is None] -= len(rows)
        expected = batch.expected
        pairs: list[tuple[Any, Any] | None] = [None] * len(rows)
        if expected.labels is not None and actual.labels is not None:
            pairs = [(expected.labels[row], actual.labels[row]) for row in rows]
        values = aligned(actual, expected.outputs)[rows]
        frame = batch.frame.iloc[rows]
        self._parts.append(Witnesses(frame, expected.values[rows], values, tuple(pairs)))

    def witnesses(self) -> Witnesses:
        parts = self._parts
        if not parts:
            return Witnesses(pd.DataFrame(), np.empty((0, 0)), np.empty((0, 0)), ())
        return Witnesses(
            pd.concat([part.frame for part in parts], ignore_index=True),
            np.concatenate([part.expected for part in parts]),
            np.concatenate([part.actual for part in parts]),
            tuple(chain.from_iterable(part.labels for part in parts)),
        )


def _drawn(batch: Batch) -> pd.DataFrame:
    expected = batch.expected
    columns: dict[str, Any] = {
        KEY: list(batch.keys),
        TRUTH: pd.Series(list(batch.truth), dtype="object", index=batch.frame.index),
    }
    if expected.labels is not None:
        columns[LABEL] = pd.Series(list(expected.labels), dtype="object", index=batch.frame.index)
    places = range(len(expected.outputs))
    values = {f"{VALUE}_{place}": expected.values[:, place] for place in places}
    return batch.frame.assign(**columns, **values)
