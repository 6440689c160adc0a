"""A pipeline's own attributions, with the meaning of ML.EXPLAIN_PREDICT.

A number's attribution is its weight times its distance from the training mean, which the
pipeline holds as what a NULL becomes; a category's is its weight; a tree model's are
XGBoost's Shapley values. With the baseline they add up to the raw prediction: of two classes
the log odds of the second, of more each class's own score.
Source: Google's manual of ML.EXPLAIN_PREDICT; the baseline from the recorded cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Attributions:
    """What each feature adds to the raw predictions of some rows.

    Parameters
    ----------
    features : tuple of str
        Their names; behind a TRANSFORM clause, those that the clause makes.
    parts : ndarray of shape (n_rows, n_outputs, n_features)
    baseline : ndarray of shape (n_outputs,)
    """

    features: tuple[str, ...]
    parts: Floats
    baseline: Floats


def attributions(pipeline: Any, rows: pd.DataFrame) -> Attributions | None:
    """Return the attributions of rows; None for a family that has none.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, of the export's making.
    rows : DataFrame of shape (n_rows, n_features)
    """
    prepare = pipeline[0]
    if not isinstance(prepare, ColumnTransformer):
        return None
    for family in (_linear, _trees):
        if (found := family(pipeline, prepare, rows)) is not None:
            return found
    return None


def leaves(pipeline: Any) -> int:
    """Return how many leaves a pipeline's trees have; 0 for other models."""
    model = _grown(pipeline)
    trees = [] if model is None else model.get_booster().get_dump()
    return sum(tree.count("leaf=") for tree in trees)


def _grown(pipeline: Any) -> Any:
    model = pipeline[-1]
    if isinstance(model, VotingClassifier):
        model = model.estimators_[0]
    return model if hasattr(model, "get_booster") else None


def _linear(pipeline: Any, prepare: ColumnTransformer, rows: pd.DataFrame) -> Attributions | None:
    model = pipeline[-1]
    if getattr(model, "coef_", None) is None:
        return None
    weights = np.atleast_2d(model.coef_)
    features, owners = _owners(prepare)
    if len(owners) != weights.shape[1]:
        return None
    centres = _centres(prepare, len(owners))
    columns = prepare.transform(rows) - centres
    parts = np.empty((len(rows), len(weights), len(features)))
    for place in range(len(features)):
        mine = owners == place
        parts[:, :, place] = columns[:, mine] @ weights[:, mine].T
    baseline = np.atleast_1d(model.intercept_) + weights @ centres
    return Attributions(features, parts, np.asarray(baseline, dtype="float64"))


def _trees(pipeline: Any, prepare: ColumnTransformer, rows: pd.DataFrame) -> Attributions | None:
    model = _grown(pipeline)
    if model is None:
        return None
    from xgboost import DMatrix, config_context  # whoever has no trees does without it

    features, owners = _owners(prepare)
    with config_context(verbosity=0):
        matrix = DMatrix(prepare.transform(rows), missing=np.nan, nthread=1)
        found = model.get_booster().predict(matrix, pred_contribs=True, validate_features=False)
    found = found.astype(np.float64).reshape(len(rows), -1, len(owners) + 1)
    parts = np.zeros((len(rows), found.shape[1], len(features)))
    for place in range(len(features)):
        parts[:, :, place] = found[:, :, :-1][:, :, owners == place].sum(axis=2)
    baseline = found[0, :, -1] if len(rows) else np.zeros(found.shape[1])
    if len(baseline) == 2:  # two classes' scores: what counts is the second over the first
        parts, baseline = parts[:, 1:] - parts[:, :1], baseline[1:] - baseline[:1]
    return Attributions(features, parts, baseline)


def _owners(prepare: ColumnTransformer) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the features, and for each column of the design the place of its feature."""
    places: dict[str, int] = {}
    width = max(part.stop for part in prepare.output_indices_.values())
    owners = np.zeros(width, dtype=np.intp)
    for name, transformer, inputs in prepare.transformers_:
        part = prepare.output_indices_[name]
        at = part.start
        for feature, size in _sizes(name, transformer, inputs, part.stop - part.start):
            owners[at : at + size] = places.setdefault(feature, len(places))
            at += size
    return tuple(places), owners


def _sizes(name: str, transformer: Any, inputs: list[str], width: int) -> list[tuple[str, int]]:
    """Return how many columns each feature has: one transformer is of one feature or of many."""
    if isinstance(transformer, FrozenEstimator):
        return [(name, width)]
    last = _steps(transformer)[-1]
    if isinstance(last, OneHotEncoder):
        return [(n, len(block)) for n, block in zip(inputs, last.categories_, strict=True)]
    return [(n, 1) for n in inputs]


def _centres(prepare: ColumnTransformer, width: int) -> Floats:
    """Return where each column's number is at its training mean; 0 for those of categories."""
    centres = np.zeros(width)
    for name, transformer, _ in prepare.transformers_:
        steps = _steps(transformer)
        imputers = [at for at, step in enumerate(steps) if _fills_numbers(step)]
        if not imputers or any(isinstance(step, OneHotEncoder) for step in steps):
            continue
        means = np.asarray(steps[imputers[-1]].statistics_, dtype="float64").reshape(1, -1)
        for step in steps[imputers[-1] + 1 :]:
            means = step.transform(means)
        centres[prepare.output_indices_[name]] = np.asarray(means)[0]
    return centres


def _fills_numbers(step: Any) -> bool:
    return isinstance(step, SimpleImputer) and not isinstance(step.statistics_[0], str)


def _steps(transformer: Any) -> list[Any]:
    if isinstance(transformer, FrozenEstimator):
        transformer = transformer.estimator
    return (
        [step for _, step in transformer.steps]
        if isinstance(transformer, Pipeline)
        else [transformer]
    )
