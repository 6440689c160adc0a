"""A scikit-learn pipeline made of the weights that BigQuery ML holds.

ML.WEIGHTS has intercept, numeric and category weights in the input's own units;
ML.FEATURE_INFO has the means that stand in for NULL. Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from export.errors import DatasetError
from export.pipelines import Columns, design_columns, preparation

INTERCEPT = "__INTERCEPT__"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Weights:
    """What a linear model consists of.

    Parameters
    ----------
    columns : Columns
        Input columns, with the categories that have a weight.
    means : dict of str to float
        What a NULL of a numeric column becomes.
    coefficients : ndarray of shape (n_outputs, n_columns)
        In the order of `design_columns(columns)`; one output for a regression or two
        classes, else one a class, ascending.
    intercepts : ndarray of shape (n_outputs,)
    """

    columns: Columns
    means: dict[str, float]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]


def read_weights(
    weights: Sequence[Row],
    information: Sequence[Row],
    features: Sequence[str],
    classes: Sequence[str] | None,
) -> Weights:
    """Read the rows of ML.WEIGHTS and ML.FEATURE_INFO.

    Parameters
    ----------
    weights, information : sequence of mappings
        Rows as BigQuery gives them.
    features : sequence of str
        Input columns in order.
    classes : sequence of str or None
        Names of three or more classes, ascending; None if there is one output.

    Raises
    ------
    DatasetError
        If a feature has no weight.
    """
    by_output = {name: _by_input(weights, name) for name in classes or (None,)}
    first = next(iter(by_output.values()))
    missing = [name for name in features if name not in first]
    if missing:
        raise DatasetError(f"ML.WEIGHTS has no row for {missing}; it has {sorted(first)}.")
    numeric = tuple(name for name in features if not first[name]["category_weights"])
    blocks = {name: _block(first[name]) for name in features if name not in numeric}
    columns = Columns(numeric, {name: tuple(sorted(block)) for name, block in blocks.items()})
    means = {row["input"]: row["mean"] for row in information}
    return Weights(
        columns=columns,
        means={name: float(means[name] or 0.0) for name in numeric},
        coefficients=np.array([_row(rows, columns) for rows in by_output.values()]),
        intercepts=np.array([_intercept(rows) for rows in by_output.values()]),
    )


def transplanted(
    weights: Weights, features: Sequence[str], classes: Sequence[Any] | None
) -> Pipeline:
    """Return a pipeline that computes with these weights.

    Parameters
    ----------
    weights : Weights
        BigQuery ML's.
    features : sequence of str
        Input columns in order.
    classes : sequence or None
        The classes, ascending; None for a regression.
    """
    prepare = preparation(weights.columns, scaled=False)
    prepare.fit(_one_row(weights, features))
    model = LinearRegression() if classes is None else LogisticRegression(C=np.inf)
    model.n_features_in_ = weights.coefficients.shape[1]
    if classes is None:
        model.coef_, model.intercept_ = weights.coefficients[0], float(weights.intercepts[0])
    else:
        model.classes_ = np.array(list(classes))
        model.coef_, model.intercept_ = weights.coefficients, weights.intercepts
    return Pipeline([("prepare", prepare), ("model", model)])


def _one_row(weights: Weights, features: Sequence[str]) -> pd.DataFrame:
    """Return one row whose means are the means, for the imputer to learn."""
    cells = weights.means | {name: block[0] for name, block in weights.columns.categories.items()}
    return pd.DataFrame(
        {
            name: pd.Series([cells[name]], dtype="float64" if name in weights.means else "object")
            for name in features
        }
    )


def _by_input(weights: Sequence[Row], output: str | None) -> dict[str, Row]:
    rows = [row for row in weights if output is None or row["class_label"] == output]
    return {row["processed_input"]: row for row in rows}


def _block(row: Row) -> dict[str, float]:
    return {entry["category"]: entry["weight"] for entry in row["category_weights"]}


def _row(rows: Mapping[str, Row], columns: Columns) -> list[float]:
    blocks = {name: _block(rows[name]) for name in columns.categories}
    return [
        float(
            (rows[name]["weight"] or 0.0) if category is None else blocks[name].get(category, 0.0)
        )
        for name, category in design_columns(columns)
    ]


def _intercept(rows: Mapping[str, Row]) -> float:
    return float(rows[INTERCEPT]["weight"]) if INTERCEPT in rows else 0.0
