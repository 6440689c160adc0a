"""How much each feature moves the answers: mean absolute attribution."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from export.attributions import attributions


def importance(pipeline: Pipeline, rows: pd.DataFrame) -> dict[str, float] | None:
    """Return the mean absolute distance of attributions from their mean, greatest first.

    Of three or more classes, what all of them share moves no probability and is left out.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    rows : pandas.DataFrame of shape (n_rows, n_features)
        The rows to average over.

    Returns
    -------
    dict of str to float or None
        In the label's unit, or in log-odds for classes; None if the family has none.
    """
    found = attributions(pipeline, rows)
    if found is None:
        return None
    parts = found.parts
    if parts.shape[1] > 1:
        parts = parts - parts.mean(axis=1, keepdims=True)
    sizes = np.abs(parts - parts.mean(axis=0)).mean(axis=(0, 1))
    means = {name: float(size) for name, size in zip(found.features, sizes, strict=True)}
    return dict(sorted(means.items(), key=lambda entry: (-entry[1], entry[0])))
