"""One pipeline for any model, trained by scikit-learn or XGBoost on the same rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from export.families import clusters, components, trees, weights
from export.families.sources import Sources
from export.families.transplanting import TREES, read_clusters, read_components, read_weights


def retrain(
    model_type: str, sources: Sources, features: pd.DataFrame, label: NDArray[Any]
) -> tuple[Pipeline, bool]:
    """Train a model, a linear one only behind a TRANSFORM clause.

    Parameters
    ----------
    model_type : str
        As SQL names it.
    sources : Sources
        Of the model: how its features are read.
    features, label : DataFrame of shape (n_rows, n_features) and ndarray
        The rows that BigQuery ML trained on; no label for clusters and components.

    Returns
    -------
    tuple of Pipeline and bool
        Whether the solver reached the optimum.
    """
    if model_type in TREES:
        options = {"model_type": model_type, **sources.node.options}
        pipeline = trees.retrained(
            sources.columns, sources.booster, options, features, label, sources.classes
        )
        return pipeline, True
    if model_type == "KMEANS":
        found_clusters = read_clusters(sources)
        return clusters.retrained(found_clusters, features, sources.node.options), True
    if model_type == "PCA":
        return components.retrained(read_components(sources), features), True
    found = read_weights(sources)
    return weights.retrained(found, sources.node.options, features, label, sources.classes)
