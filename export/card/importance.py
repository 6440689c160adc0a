"""How much each input column moves the answers: mean absolute attribution.

Attributions add up to how far an answer is from the mean answer. Another family adds a
function to `FAMILIES` that returns its own attributions, or None for a pipeline it does not
know; without any the card has no such picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

Attributions = dict[str, NDArray[np.float64]]


def importance(pipeline: Pipeline, rows: pd.DataFrame) -> dict[str, float] | None:
    """Return the mean absolute attribution by input column, greatest first.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    rows : pandas.DataFrame of shape (n_rows, n_features)
        The rows to average over.

    Returns
    -------
    dict of str to float or None
        In the label's unit, or in log-odds for classes; None if the family is unknown.
    """
    for attributions in FAMILIES:
        found = attributions(pipeline, rows)
        if found is not None:
            means = {name: float(np.abs(values).mean()) for name, values in found.items()}
            return dict(sorted(means.items(), key=lambda entry: (-entry[1], entry[0])))
    return None


def linear(pipeline: Pipeline, rows: pd.DataFrame) -> Attributions | None:
    """Return coef · (x − mean of the rows), summed over each input column's design columns.

    Returns
    -------
    dict of str to ndarray of shape (n_rows, n_outputs) or None
    """
    coefficients = getattr(pipeline[-1], "coef_", None)
    prepare = pipeline[0]
    if coefficients is None or not isinstance(prepare, ColumnTransformer):
        return None
    owners = np.array(_owners(prepare), dtype=object)
    weights = np.atleast_2d(coefficients)
    if len(weights) > 1:  # what all classes share moves no probability
        weights = weights - weights.mean(axis=0)
    if len(owners) != weights.shape[1]:
        return None
    columns = prepare.transform(rows)
    centred = columns - columns.mean(axis=0)
    return {
        name: centred[:, owners == name] @ weights[:, owners == name].T
        for name in dict.fromkeys(owners.tolist())
    }


def _owners(prepare: ColumnTransformer) -> list[str]:
    """Return the input column of each design column."""
    owners: list[str] = []
    for _, transformer, names in prepare.transformers_:
        last = transformer[-1] if isinstance(transformer, Pipeline) else transformer
        sizes = [1] * len(names)
        if isinstance(last, OneHotEncoder):
            sizes = [len(block) for block in last.categories_]
        owners += [name for name, size in zip(names, sizes, strict=True) for _ in range(size)]
    return owners


FAMILIES: tuple[Callable[[Pipeline, pd.DataFrame], Attributions | None], ...] = (linear,)
