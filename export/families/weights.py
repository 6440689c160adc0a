"""Linear and logistic models after a TRANSFORM clause: BigQuery ML's weights column by column.

Without a clause `export.transplant` does the same on whole blocks of columns, which the API
reads as flat tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from export import pipelines
from export.errors import DatasetError
from export.families.columns import CATEGORY, NUMBER, Column, Steps, assemble, filled, one_hot
from export.families.design import Designed, Floats, Row, names_of
from export.families.standard import Standard

INTERCEPT = "__INTERCEPT__"


@dataclass(frozen=True)
class ColumnWeights:
    """What such a model consists of.

    Parameters
    ----------
    features : tuple of Designed
    coefficients : ndarray of shape (n_outputs, n_columns)
    intercepts : ndarray of shape (n_outputs,)
    """

    features: tuple[Designed, ...]
    coefficients: Floats
    intercepts: Floats


def read_column_weights(
    weights: Sequence[Row], features: tuple[Designed, ...], classes: Sequence[str] | None
) -> ColumnWeights:
    """Read the rows of ML.WEIGHTS.

    Parameters
    ----------
    weights : sequence of mappings
    features : tuple of Designed
    classes : sequence of str or None
        Names of three or more classes, ascending; None if there is one output.

    Raises
    ------
    DatasetError
        If a feature has no weight.
    """
    found, intercepts = [], []
    for name in classes or (None,):
        rows = {
            row["processed_input"]: row
            for row in weights
            if name is None or row["class_label"] == name
        }
        found.append([_weight(rows, *column) for column in names_of(features)])
        intercepts.append(float(rows[INTERCEPT]["weight"]) if INTERCEPT in rows else 0.0)
    return ColumnWeights(features, np.array(found), np.array(intercepts))


def _weight(rows: dict[str, Row], feature: str, category: str | None) -> float:
    if feature not in rows:
        raise DatasetError(f"ML.WEIGHTS has no row for '{feature}'; it has {sorted(rows)}.")
    row = rows[feature]
    if category is None:
        return float(row["weight"] or 0.0)
    cells = {entry["category"]: entry["weight"] for entry in row["category_weights"] or ()}
    return float(cells.get(category) or 0.0)


def preparation(features: Sequence[Designed]) -> ColumnTransformer:
    """Return the fitted preprocessing: numbers in their own units, categories one-hot."""
    by_name = {one.column.name: one for one in features}

    def tail(column: Column) -> Steps:
        feature = by_name[column.name]
        if column.kind == NUMBER:
            return [filled(feature.mean)]
        return one_hot(column, feature.categories) if column.kind == CATEGORY else []

    return assemble([one.column for one in features], tail)


def retrained(
    found: ColumnWeights,
    options: Mapping[str, Any],
    features: pd.DataFrame,
    label: NDArray[Any],
    classes: Sequence[Any] | None,
) -> tuple[Pipeline, bool]:
    """Return a pipeline that scikit-learn trains, and whether its solver reached the optimum."""
    prepare = Standard(found.features).preparation()
    whole = pipelines.linear if classes is None else pipelines.logistic
    model = whole(pipelines.Columns((), {}), options).named_steps["model"]
    converged = pipelines.fit(model, prepare.transform(features), label)
    return Pipeline([("prepare", prepare), ("model", model)]), converged


def transplanted(found: ColumnWeights, classes: Sequence[Any] | None) -> Pipeline:
    """Return a pipeline that computes with these weights."""
    model: Any = LinearRegression() if classes is None else LogisticRegression(C=np.inf)
    model.n_features_in_ = found.coefficients.shape[1]
    if classes is None:
        model.coef_, model.intercept_ = found.coefficients[0], float(found.intercepts[0])
    else:
        model.classes_ = np.array(list(classes))
        model.coef_, model.intercept_ = found.coefficients, found.intercepts
    return Pipeline([("prepare", preparation(found.features)), ("model", model)])
