"""The features of a model as columns of a scikit-learn preprocessing, each by itself.

A column is read from one input column: first by the steps of a TRANSFORM clause, if there is
one, then by BigQuery ML's automatic preprocessing, which differs by family (`tail`). Every step
is made fitted, from what BigQuery holds: no row is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from export.pipelines import NULL_FILLER

NUMBER, CATEGORY, VECTOR = "number", "category", "vector"
Floats = NDArray[np.float64]
Steps = list[tuple[str, Any]]


@dataclass(frozen=True)
class Column:
    """A feature of a model.

    Parameters
    ----------
    name, source : str
        The feature and the input column it comes from.
    kind : {"number", "category", "vector"}
    steps : tuple of (name, fitted estimator)
        Of the TRANSFORM clause.
    codes : tuple of (category, number) or None
        What the steps write for each category; None if it is the text itself.
    width : int
        Of a vector.
    is_text : bool
        Whether the input column holds text.
    """

    name: str
    source: str
    kind: str
    steps: tuple[tuple[str, Any], ...] = ()
    codes: tuple[tuple[str, float], ...] | None = None
    width: int = 1
    is_text: bool = False

    def coded(self, categories: Sequence[str]) -> NDArray[Any]:
        """Return what stands for categories before they are encoded."""
        if self.codes is None:
            return np.array(list(categories), dtype=object)
        known = dict(self.codes)
        return np.array([known[category] for category in categories])


def plain(name: str, *, is_text: bool) -> Column:
    """Return the feature that an input column is by itself."""
    return Column(name, name, CATEGORY if is_text else NUMBER, is_text=is_text)


def assemble(columns: Sequence[Column], tail: Callable[[Column], Steps]) -> ColumnTransformer:
    """Return the fitted preprocessing of all columns, in their order.

    Parameters
    ----------
    columns : sequence of Column
    tail : callable
        From a column to the fitted steps after those of the clause.
    """
    steps = [(one.name, _frozen(one, tail(one)), [one.source]) for one in columns]
    row = {
        one.source: pd.Series([""], dtype="object")
        if one.is_text
        else pd.Series([0.0], dtype="float64")
        for one in columns
    }
    return ColumnTransformer(steps).fit(pd.DataFrame(row))


def _frozen(column: Column, tail: Steps) -> FrozenEstimator:
    steps = [*column.steps, *tail] or [("as_it_is", FunctionTransformer().fit([[0.0]]))]
    # Fitted without rows, the first step has still to know the name that it will be given.
    steps[0][1].feature_names_in_ = np.array([column.source], dtype=object)
    return FrozenEstimator(Pipeline(steps))


def filled(value: float) -> tuple[str, SimpleImputer]:
    """Return the step that writes a number where it is NULL."""
    return "null", SimpleImputer(strategy="constant", fill_value=value).fit([[value]])


def fillers() -> Steps:
    """Return the steps that write `_null_filler` where a text is NULL."""
    row = np.array([["x"]], dtype=object)
    return [
        (
            name,
            SimpleImputer(missing_values=missing, strategy="constant", fill_value=NULL_FILLER).fit(
                row
            ),
        )
        for name, missing in (("nan", np.nan), ("none", None))
    ]


def scaled(origin: float, spread: float) -> tuple[str, StandardScaler]:
    """Return the step that computes `(x - origin) / spread`."""
    step = StandardScaler().fit([[0.0], [1.0]])
    step.mean_, step.scale_, step.var_ = (np.array([v]) for v in (origin, spread, spread**2))
    return "scale", step


def one_hot(column: Column, categories: Sequence[str]) -> Steps:
    """Return the steps that give each category a column of 0 and 1."""
    coded = column.coded(categories)
    encoder = OneHotEncoder(categories=[coded], handle_unknown="ignore", sparse_output=False)
    first: Steps = fillers() if column.codes is None else []
    return [*first, ("one_hot", encoder.fit(coded[:1].reshape(1, 1)))]


def places(column: Column, vocabulary: Sequence[str]) -> Steps:
    """Return the steps that write a category's place, from 1; 0 for any other."""
    coded = column.coded(vocabulary)
    encoder = OrdinalEncoder(
        categories=[coded], handle_unknown="use_encoded_value", unknown_value=-1
    )
    first: Steps = fillers() if column.codes is None else []
    name, from_one = scaled(-1.0, 1.0)
    return [*first, ("place", encoder.fit(coded[:1].reshape(1, 1))), (f"{name}_from_one", from_one)]
