"""The scikit-learn pipelines, and BigQuery ML's own preprocessing in scikit-learn's words.

A numeric NULL becomes the training mean. A categorical NULL becomes the category
`_null_filler`, which has a column only if training held NULLs. An unseen category has no
column: its whole block is zero. Only scikit-learn's classes, so that the pickle needs no
code of ours.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from export.errors import UnsupportedError

NULL_FILLER = "_null_filler"
MAX_ITERATIONS = 2000
GRADIENT_TOLERANCE = 1e-10
# scikit-learn's default, 1e-6, takes a category of few rows for a rounding error beside a
# column of large numbers and leaves it out: the fit is then not the least-squares one.
RANK_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Columns:
    """The input columns as the model reads them.

    Parameters
    ----------
    numeric : tuple of str
        Names of the numeric columns.
    categories : dict of str to tuple of str
        Categories that have a column in the design, by categorical column.
    """

    numeric: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]


def preparation(columns: Columns, *, scaled: bool) -> ColumnTransformer:
    """Return the preprocessing: numeric columns first, then the one-hot blocks.

    Parameters
    ----------
    columns : Columns
        What to read.
    scaled : bool
        Whether to scale numbers to mean 0 and deviation 1, which gradient solvers need.
    """
    steps: list[tuple[str, Any, list[str]]] = []
    if columns.numeric:
        mean = SimpleImputer(strategy="mean", keep_empty_features=True)
        numbers = Pipeline([("mean", mean), ("scale", StandardScaler())]) if scaled else mean
        steps.append(("numeric", numbers, list(columns.numeric)))
    if columns.categories:
        blocks = Pipeline(
            [
                ("nan", filler(np.nan)),
                ("none", filler(None)),
                (
                    "one_hot",
                    OneHotEncoder(
                        categories=[np.array(c, dtype=object) for c in columns.categories.values()],
                        handle_unknown="ignore",
                        sparse_output=False,
                    ),
                ),
            ]
        )
        steps.append(("categorical", blocks, list(columns.categories)))
    return ColumnTransformer(steps)


def linear(columns: Columns, options: Mapping[str, Any]) -> Pipeline:
    """Return an unfitted linear regression: ordinary least squares, or ridge with L2_REG."""
    _refuse_l1(options)
    ridge = float(options.get("l2_reg") or 0)
    intercept = bool(options.get("fit_intercept", True))
    model = (
        Ridge(alpha=ridge, fit_intercept=intercept)
        if ridge
        else LinearRegression(fit_intercept=intercept, tol=RANK_TOLERANCE)
    )
    return Pipeline([("prepare", preparation(columns, scaled=not ridge)), ("model", model)])


def logistic(columns: Columns, options: Mapping[str, Any]) -> Pipeline:
    """Return an unfitted logistic regression that is trained to the optimum."""
    _refuse_l1(options)
    penalty = float(options.get("l2_reg") or 0)
    model = LogisticRegression(
        C=1 / penalty if penalty else np.inf,
        fit_intercept=bool(options.get("fit_intercept", True)),
        class_weight=_class_weights(options),
        tol=GRADIENT_TOLERANCE,
        max_iter=MAX_ITERATIONS,
    )
    return Pipeline([("prepare", preparation(columns, scaled=True)), ("model", model)])


def fit(pipeline: Any, features: Any, label: NDArray[Any]) -> bool:
    """Fit a pipeline or estimator in place and tell whether its solver converged."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        pipeline.fit(features, label)
    return not any(issubclass(entry.category, ConvergenceWarning) for entry in caught)


def design(pipeline: Pipeline, features: pd.DataFrame) -> NDArray[np.float64]:
    """Return what the estimator of a fitted pipeline is given, of shape (n_rows, n_columns)."""
    prepared: NDArray[np.float64] = pipeline.named_steps["prepare"].transform(features)
    return prepared


def design_columns(columns: Columns) -> list[tuple[str, str | None]]:
    """Return feature and category of each column of the design, in order."""
    numbers: list[tuple[str, str | None]] = [(name, None) for name in columns.numeric]
    return numbers + [
        (n, category) for n, block in columns.categories.items() for category in block
    ]


def categories_of(values: Sequence[str | None]) -> tuple[str, ...]:
    """Return the categories BigQuery ML makes columns of: those in training, NULL's if any."""
    found = {NULL_FILLER if value is None else value for value in values}
    return tuple(sorted(found))


def filler(missing: float | None) -> SimpleImputer:
    """Return a step that writes `_null_filler` where a category is missing."""
    return SimpleImputer(missing_values=missing, strategy="constant", fill_value=NULL_FILLER)


def _refuse_l1(options: Mapping[str, Any]) -> None:
    if float(options.get("l1_reg") or 0):
        raise UnsupportedError(
            f"L1_REG is {options['l1_reg']}: scikit-learn's solvers minimise another sum, so there "
            "is nothing to retrain. Set method 'transplanted' in the export block."
        )


def _class_weights(options: Mapping[str, Any]) -> str | dict[Any, float] | None:
    if options.get("auto_class_weights"):
        return "balanced"
    if options.get("class_weights"):
        raise UnsupportedError(
            "CLASS_WEIGHTS cannot be retrained yet. Set method 'transplanted' in the export block."
        )
    return None
