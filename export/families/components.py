"""PCA: scikit-learn's PCA with BigQuery ML's loadings and preprocessing.

BigQuery ML does not centre one-hot columns, so that its components are those of Z'Z: what
scikit-learn calls a truncated SVD, which is what is retrained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.pipeline import Pipeline

from export.families.design import Floats, Row, filled_matrix
from export.families.standard import Standard


@dataclass(frozen=True)
class Components:
    """What a PCA model consists of.

    Parameters
    ----------
    standard : Standard
        Its features.
    loadings : ndarray of shape (n_components, n_columns)
    eigenvalues, ratios : ndarray of shape (n_components,)
        Variance of each component, and its share of all variance.
    """

    standard: Standard
    loadings: Floats
    eigenvalues: Floats
    ratios: Floats


def read_components(
    components: Sequence[Row], information: Sequence[Row], standard: Standard
) -> Components:
    """Read the rows of ML.PRINCIPAL_COMPONENTS and ML.PRINCIPAL_COMPONENT_INFO."""
    ordered = sorted(information, key=lambda row: int(row["principal_component_id"]))
    count = len(ordered)
    return Components(
        standard,
        filled_matrix(components, standard.features, count, "principal_component_id", 0),
        np.array([row["eigenvalue"] for row in ordered]),
        np.array([row["explained_variance_ratio"] for row in ordered]),
    )


def transplanted(found: Components) -> Pipeline:
    """Return a pipeline of the loadings that BigQuery ML holds."""
    count, width = found.loadings.shape
    model = PCA(n_components=count)
    model.components_, model.mean_ = found.loadings, np.zeros(width)
    model.explained_variance_ = found.eigenvalues
    model.explained_variance_ratio_ = found.ratios
    model.singular_values_ = np.sqrt(np.maximum(found.eigenvalues, 0.0))
    model.n_components_, model.n_features_in_, model.n_samples_ = count, width, 0
    model.noise_variance_ = 0.0
    return Pipeline([("prepare", found.standard.preparation()), ("model", model)])


def retrained(found: Components, features: pd.DataFrame) -> Pipeline:
    """Return a pipeline whose loadings scikit-learn computes, signs as BigQuery ML's."""
    prepare = found.standard.preparation()
    points = prepare.transform(features)
    count = min(len(found.loadings), points.shape[1] - 1)
    model = TruncatedSVD(n_components=count, algorithm="arpack", random_state=0).fit(points)
    signs = np.sign((model.components_ * found.loadings[:count]).sum(axis=1))
    model.components_ = model.components_ * np.where(signs < 0, -1.0, 1.0)[:, None]
    return Pipeline([("prepare", prepare), ("model", model)])
