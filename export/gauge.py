"""Which of the equally good solutions a retrained model is.

A one-hot block sums to one in every training row, so a constant may move between the block
and the intercept: training leaves it open, BigQuery's choice is as arbitrary as
scikit-learn's, and only a row with an unseen category (a block of zeros) can tell them
apart. Of the solutions that fit the training rows exactly as the trained one does, this
takes the one nearest to BigQuery ML's weights. What training did determine stays as trained.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from export.pipelines import design
from export.transplant import Weights

FREE = 1e-10


def follow(pipeline: Pipeline, features: pd.DataFrame, weights: Weights) -> int:
    """Move a fitted pipeline, in place, within the solutions that training leaves open.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Trained on `features`, its design columns those of `weights`.
    features : pandas.DataFrame of shape (n_rows, n_features)
        The training rows.
    weights : Weights
        BigQuery ML's.

    Returns
    -------
    int
        How many constants training leaves open.
    """
    model, columns = pipeline.named_steps["model"], design(pipeline, features)
    scale = _scale(pipeline, weights)
    centre = columns.mean(axis=0) if model.fit_intercept else np.zeros(columns.shape[1])
    free, size = _open_directions(columns - centre)
    trained = np.atleast_2d(model.coef_)
    wanted = weights.coefficients * scale
    moved = ((wanted - trained) * size) @ free @ free.T / size
    model.coef_ = (trained + moved).reshape(model.coef_.shape)
    if model.fit_intercept:
        model.intercept_ = model.intercept_ - _like(moved @ centre, model.intercept_)
    return int(free.shape[1])


def _scale(pipeline: Pipeline, weights: Weights) -> NDArray[np.float64]:
    """Return what the pipeline divides each design column by."""
    scale = np.ones(weights.coefficients.shape[1])
    numbers = pipeline.named_steps["prepare"].named_transformers_.get("numeric")
    if isinstance(numbers, Pipeline):
        factors = numbers.named_steps["scale"].scale_
        scale[: len(factors)] = factors
    return scale


def _open_directions(
    centred: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return an orthonormal base of what no row can see, and the columns' sizes it is in."""
    size = np.sqrt(np.mean(np.square(centred), axis=0))
    size[size == 0] = 1.0
    scaled = centred / size
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    return vectors[:, values <= FREE * max(values[-1], 1.0)], size


def _like(
    values: NDArray[np.float64], shape: NDArray[np.float64] | float
) -> NDArray[np.float64] | float:
    return values if np.ndim(shape) else float(values[0])
