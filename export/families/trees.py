"""Boosted trees and random forests: XGBoost's scikit-learn estimators behind an encoder.

XGBoost's classifier answers positions of classes; a soft vote of that one estimator puts the
labels back and changes no probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Bunch
from xgboost import XGBClassifier, XGBRegressor, config_context

from export.families.base_score import add_base_score_last
from export.families.booster import LABEL, Booster
from export.families.columns import (
    CATEGORY,
    NUMBER,
    Column,
    Steps,
    assemble,
    filled,
    one_hot,
    places,
)

PARAMETERS = {
    "max_tree_depth": "max_depth",
    "learn_rate": "learning_rate",
    "l1_reg": "reg_alpha",
    "l2_reg": "reg_lambda",
    "min_split_loss": "gamma",
    "min_tree_child_weight": "min_child_weight",
    "num_parallel_tree": "num_parallel_tree",
    "subsample": "subsample",
    "colsample_bytree": "colsample_bytree",
    "colsample_bylevel": "colsample_bylevel",
    "colsample_bynode": "colsample_bynode",
    "max_iterations": "n_estimators",
}
BOOSTED = {"max_depth": 6, "learning_rate": 0.3, "n_estimators": 20}
FOREST = {
    "max_depth": 15,
    "learning_rate": 1.0,
    "n_estimators": 1,
    "num_parallel_tree": 100,
    "subsample": 0.8,
    "colsample_bynode": 0.8,
}


def preparation(columns: Sequence[Column], booster: Booster) -> ColumnTransformer:
    """Return the fitted preprocessing: numbers as they are, categories as the booster has them."""
    read = {one.name: one for one in booster.features}

    def tail(column: Column) -> Steps:
        feature = read[column.name]
        if column.kind == NUMBER:
            return [filled(feature.mean or 0.0)]
        if column.kind != CATEGORY:
            return []
        if booster.method == LABEL:
            return places(column, feature.vocabulary)
        # A category that a row has not is missing to XGBoost, not 0.
        missing = SimpleImputer(
            missing_values=0.0, strategy="constant", fill_value=np.nan, keep_empty_features=True
        )
        width = len(feature.vocabulary)
        return [*one_hot(column, feature.vocabulary), ("missing", missing.fit(np.ones((1, width))))]

    return assemble(columns, tail)


def transplanted(
    columns: Sequence[Column], booster: Booster, classes: Sequence[Any] | None
) -> Pipeline:
    """Return a pipeline of the booster that BigQuery ML holds.

    Parameters
    ----------
    columns : sequence of Column
        The model's features.
    booster : Booster
        As exported.
    classes : sequence or None
        The classes, ascending; None for a regression.
    """
    model: Any = XGBRegressor() if classes is None else XGBClassifier()
    with config_context(verbosity=0):  # it warns of an old format, which no pickle keeps
        model.load_model(bytearray(booster.content))
        if booster.is_binary:
            add_base_score_last(model.get_booster())
    model.n_jobs = 1
    prepare = preparation(columns, booster)
    return Pipeline([("prepare", prepare), ("model", _labelled(model, classes))])


def retrained(
    columns: Sequence[Column],
    booster: Booster,
    options: Mapping[str, Any],
    features: pd.DataFrame,
    label: NDArray[Any],
    classes: Sequence[Any] | None,
) -> Pipeline:
    """Return a pipeline whose trees XGBoost trains on the same rows.

    Parameters
    ----------
    columns, booster
        As of `transplanted`; of the booster only how it reads the features.
    options : mapping
        The model's, names in lower case.
    features, label : DataFrame of shape (n_rows, n_features) and ndarray
        Training rows.
    classes : sequence or None
        The classes, ascending; None for a regression.
    """
    prepare = preparation(columns, booster)
    matrix = prepare.transform(features)
    given = parameters(options)
    if classes is None:
        model: Any = XGBRegressor(**given).fit(matrix, label)
    else:
        codes = np.searchsorted(np.array(list(classes)), label)
        model = XGBClassifier(**given, objective="multi:softprob", num_class=len(classes))
        model.fit(matrix, codes)
    return Pipeline([("prepare", prepare), ("model", _labelled(model, classes))])


def parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return XGBoost's parameters for BigQuery ML's options and defaults."""
    forest = str(options.get("model_type", "")).lower().startswith("random_forest")
    chosen = dict(FOREST if forest else BOOSTED)
    chosen |= {PARAMETERS[name]: value for name, value in options.items() if name in PARAMETERS}
    method = str(options.get("tree_method", "auto")).lower()
    return chosen | {
        "tree_method": "approx" if method == "auto" else method,
        "booster": str(options.get("booster_type", "gbtree")).lower(),
        "base_score": 0.5,
        "random_state": 0,
        "n_jobs": 1,
    }


def _labelled(model: Any, classes: Sequence[Any] | None) -> Any:
    if classes is None:
        return model
    vote = VotingClassifier([("trees", model)], voting="soft")
    vote.estimators_, vote.named_estimators_ = [model], Bunch(trees=model)
    vote.le_ = LabelEncoder().fit(np.array(list(classes)))
    vote.classes_ = vote.le_.classes_
    return vote
