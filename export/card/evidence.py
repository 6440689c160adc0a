"""The rows that the card's pictures are drawn from, and the constant they are judged against.

They are chosen evenly by key, so that the same data give the same picture whatever order
BigQuery returns them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from export.baseline import constant_values
from export.card.importance import importance
from export.examination import TRUTH, Examination
from export.metrics import known
from export.study import Study

EXPLAINED = 1_000
GROUPING = "region"


@dataclass(frozen=True)
class Evidence:
    """Test rows with what was true and what the published pipeline answers.

    Parameters
    ----------
    label : str
        Column that is predicted.
    rows : int
        How many are drawn.
    of : int
        How many the test split has.
    truth : ndarray of shape (n_rows,)
        Numbers, or classes.
    values : ndarray of shape (n_rows, n_outputs)
        Predicted values, or probabilities by class.
    guessed : ndarray of shape (n_rows,) or None
        Predicted classes; None for a regression.
    classes : tuple or None
        In the order of `values`; None for a regression.
    groups : ndarray of shape (n_rows,) or None
        The category each row belongs to, None for NULL; None without a categorical column.
    grouping : str or None
        The column that groups.
    constant : float or ndarray of shape (n_classes,)
        What the constant guesses: mean label, or share of each class, of the training rows.
    importance : dict of str to float or None
        Mean absolute attribution by input column; None if the family has none.
    baseline : dict of str to float
        The constant's metrics on the whole test split.
    """

    label: str
    rows: int
    of: int
    truth: NDArray[Any]
    values: NDArray[np.float64]
    guessed: NDArray[Any] | None
    classes: tuple[Any, ...] | None
    groups: NDArray[Any] | None
    grouping: str | None
    constant: Any
    importance: dict[str, float] | None
    baseline: dict[str, float | None]


def gather(study: Study, pipeline: Pipeline, examination: Examination) -> Evidence | None:
    """Ask the pipeline about the rows that were drawn.

    Parameters
    ----------
    study : Study
        The model.
    pipeline : sklearn.pipeline.Pipeline
        The one that is published.
    examination : Examination
        What the pass over the test split found.

    Returns
    -------
    Evidence or None
        None if the test split does not tell what was true.
    """
    drawn = examination.drawn
    drawn = drawn[known(drawn[TRUTH].tolist())]
    if not len(drawn):
        return None
    rows, labels = drawn[list(study.node.features)], drawn[TRUTH]
    regression = study.classes is None
    grouping = _grouping(study)
    constant = constant_values(study)
    every = len(examination.drawn) == study.facts.tests
    return Evidence(
        label=study.node.label,
        rows=len(drawn),
        of=len(drawn) if every else study.facts.tests,
        truth=labels.to_numpy(dtype="float64" if regression else object),
        values=pipeline.predict(rows).reshape(-1, 1)
        if regression
        else pipeline.predict_proba(rows),
        guessed=None if regression else pipeline.predict(rows).astype(object),
        classes=None if regression else tuple(pipeline.classes_.tolist()),
        groups=None if grouping is None else _groups(rows[grouping]),
        grouping=grouping,
        constant=float(constant[0]) if regression else constant,
        importance=importance(pipeline, rows.head(EXPLAINED)),
        baseline=examination.baseline,
    )


def _grouping(study: Study) -> str | None:
    names = [feature.name for feature in study.features if feature.kind == "categorical"]
    return GROUPING if GROUPING in names else next(iter(names), None)


def _groups(column: pd.Series[Any]) -> NDArray[Any]:
    values = column.to_numpy(dtype=object)
    return np.array([None if pd.isna(value) else str(value) for value in values], dtype=object)
