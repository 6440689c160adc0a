"""ML.EVALUATE's metrics, by BigQuery ML's definitions, of the pipeline's predictions.

scikit-learn's own functions differ in three places: the median error is the lower median,
log loss of three or more classes is the mean over classes of the mean within a class, and
roc_auc compares 1001 quantiles of both sides' scores, of which equal ones count half.

Rows come in parts. Median and roc_auc need the rows themselves: beyond `MOST` numbers they
are of a sample, whose size `of_rows` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from export.batch import Batch
from export.manifest import Value
from export.metrics.classification import Classification
from export.metrics.regression import Regression
from export.metrics.scores import Metrics, Scores, known
from export.metrics.unlabelled import Clustering, Decomposition
from export.parity import Answers

__all__ = ["Metrics", "Scores", "evaluate", "known", "scores"]


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
