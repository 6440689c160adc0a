"""One pipeline for any model, made of what BigQuery holds: nothing is trained, no row is read."""

from __future__ import annotations

from collections.abc import Callable

from sklearn.pipeline import Pipeline

from export.errors import UnsupportedError
from export.families import clusters, components, trees, weights
from export.families.design import Designed, designed, listed_categories
from export.families.sources import Sources
from export.families.standard import Standard

TREES = tuple(
    f"{family}_{task}"
    for family in ("BOOSTED_TREE", "RANDOM_FOREST")
    for task in ("CLASSIFIER", "REGRESSOR")
)


# Families that ML.EXPLAIN_PREDICT takes.
EXPLAINED = ("LINEAR_REG", "LOGISTIC_REG", *TREES)


def transplant(model_type: str, sources: Sources) -> Pipeline:
    """Return the pipeline of a model.

    Parameters
    ----------
    model_type : str
        As SQL names it.
    sources : Sources

    Raises
    ------
    UnsupportedError
        If scikit-learn has nothing like it.
    """
    if model_type not in FAMILIES:
        raise UnsupportedError(
            f"'{sources.node.name}' is a {model_type} model; the export rebuilds "
            f"{', '.join(sorted(FAMILIES))}."
        )
    return FAMILIES[model_type](sources)


def read_clusters(sources: Sources) -> clusters.Clusters:
    """Return what a k-means model consists of."""
    rows = sources.rows("centroids")
    cosine = _option(sources, "distance_type", "euclidean") == "cosine"
    scaled = _option(sources, "standardize_features", "true") == "true"
    features = _features(sources, listed_categories(rows, "feature", "categorical_value"))
    standard = Standard(features, centred=scaled or not cosine, scaled=scaled)
    return clusters.read_clusters(rows, standard, cosine=cosine)


def read_components(sources: Sources) -> components.Components:
    """Return what a PCA model consists of."""
    rows = sources.rows("principal_components")
    scaled = _option(sources, "scale_features", "true") == "true"
    features = _features(sources, listed_categories(rows, "feature", "categorical_value"))
    standard = Standard(features, scaled=scaled)
    return components.read_components(rows, sources.rows("principal_component_info"), standard)


def read_weights(sources: Sources) -> weights.ColumnWeights:
    """Return what a linear or logistic model consists of."""
    rows = sources.rows("weights")
    names = sources.class_names
    features = _features(sources, listed_categories(rows, "processed_input", "category_weights"))
    return weights.read_column_weights(rows, features, names if len(names) > 2 else None)


def _features(sources: Sources, categories: dict[str, set[str]]) -> tuple[Designed, ...]:
    listed = {name: sorted(found) for name, found in categories.items()}
    return designed(sources.columns, listed, sources.statistics)


def _option(sources: Sources, name: str, default: str) -> str:
    return str(sources.node.options.get(name, default)).lower()


def _linear(sources: Sources) -> Pipeline:
    return weights.transplanted(read_weights(sources), sources.classes)


def _trees(sources: Sources) -> Pipeline:
    return trees.transplanted(sources.columns, sources.booster, sources.classes)


FAMILIES: dict[str, Callable[[Sources], Pipeline]] = {
    "LINEAR_REG": _linear,
    "LOGISTIC_REG": _linear,
    **dict.fromkeys(TREES, _trees),
    "KMEANS": lambda sources: clusters.transplanted(read_clusters(sources)),
    "PCA": lambda sources: components.transplanted(read_components(sources)),
}
