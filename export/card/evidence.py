"""The rows that the card's pictures are drawn from, and the constant they are judged against.

At most `MOST` test rows, chosen evenly by key, so that the same data give the same picture
whatever order BigQuery returns them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from export.artifact import class_name
from export.card.importance import importance
from export.metrics import evaluate
from export.parity import Answers
from export.study import Study

MOST = 10_000
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
        How many the test split has that tell what was true.
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


def gather(study: Study, pipeline: Pipeline, most: int = MOST) -> Evidence | None:
    """Choose the rows, ask the pipeline, and judge the constant.

    Parameters
    ----------
    study : Study
        The model's rows and labels.
    pipeline : sklearn.pipeline.Pipeline
        The one that is published.
    most : int
        How many rows at most.

    Returns
    -------
    Evidence or None
        None if the test split does not tell what was true.
    """
    labels = study.test_labels
    known = [i for i, label in enumerate(labels) if label is not None and label == label]
    if not known:
        return None
    known.sort(key=lambda row: study.expected.keys[row])
    number = min(most, len(known))
    chosen = [known[place * len(known) // number] for place in range(number)]
    rows = study.rows.iloc[chosen]
    regression = study.classes is None
    grouping = _grouping(study)
    constant = _constant(study)
    return Evidence(
        label=study.node.label,
        rows=number,
        of=len(known),
        truth=np.array([labels[i] for i in chosen], dtype="float64" if regression else object),
        values=pipeline.predict(rows).reshape(-1, 1)
        if regression
        else pipeline.predict_proba(rows),
        guessed=None if regression else pipeline.predict(rows).astype(object),
        classes=None if regression else tuple(pipeline.classes_.tolist()),
        groups=None if grouping is None else _groups(rows[grouping]),
        grouping=grouping,
        constant=constant,
        importance=importance(pipeline, rows),
        baseline=_judged(labels, _constantly(study, constant)),
    )


def _grouping(study: Study) -> str | None:
    names = [feature.name for feature in study.features if feature.kind == "categorical"]
    return GROUPING if GROUPING in names else next(iter(names), None)


def _groups(column: pd.Series[Any]) -> NDArray[Any]:
    values = column.to_numpy(dtype=object)
    return np.array([None if pd.isna(value) else str(value) for value in values], dtype=object)


def _constant(study: Study) -> Any:
    if study.classes is None:
        return float(study.training_label.mean())
    return np.array([(study.training_label == name).mean() for name in study.classes])


def _judged(labels: tuple[Any, ...], constant: Answers) -> dict[str, float | None]:
    """Return the constant's metrics.

    Its ROC is the diagonal; BigQuery ML's comparison of quantiles would count every tie as
    lost and say 0.
    """
    found = evaluate(labels, constant)
    return found | ({"roc_auc": 0.5} if found.get("roc_auc") is not None else {})


def _constantly(study: Study, constant: Any) -> Answers:
    """Return the constant's answers to the test split, in BigQuery ML's order of classes."""
    number = len(study.test_labels)
    keys = study.expected.keys[:number]
    values = np.tile(np.atleast_1d(constant), (number, 1))
    if study.classes is None:
        return Answers(keys, study.expected.outputs, values, None)
    likeliest = study.classes[int(np.argmax(constant))]
    outputs = tuple(class_name(label) for label in study.classes)
    return Answers(keys, outputs, values, (likeliest,) * number, study.classes)
