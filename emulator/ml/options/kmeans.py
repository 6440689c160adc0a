"""The options of KMEANS."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.ml.options.base import KEY, REGISTRY, TUNING, OptionSet, Rule, TrainingOptions
from emulator.ml.options.values import boolean, integer, number, one_of, text


@dataclass(frozen=True, kw_only=True)
class KMeansOptions(TrainingOptions):
    """Options of a clustering; without `num_clusters` the rows decide."""

    num_clusters: int | None = None
    kmeans_init_method: str = "RANDOM"
    kmeans_init_col: str | None = None
    distance_type: str = "EUCLIDEAN"
    standardize_features: bool = True
    max_iterations: int = 20
    early_stop: bool = True
    min_rel_progress: float = 0.01
    warm_start: bool = False


RULES: tuple[Rule, ...] = (
    (
        lambda o: o.kmeans_init_method == "CUSTOM" and o.kmeans_init_col is None,
        "KMEANS_INIT_COL is required when KMEANS_INIT_METHOD is 'CUSTOM'.",
    ),
    (
        lambda o: o.kmeans_init_method != "CUSTOM" and o.kmeans_init_col is not None,
        "KMEANS_INIT_COL can only be set when KMEANS_INIT_METHOD is 'CUSTOM'.",
    ),
)

OPTION_SET = OptionSet(
    model_types=("KMEANS",),
    make=KMeansOptions,
    options={
        "num_clusters": integer(2, 100),
        "kmeans_init_method": one_of("RANDOM", "KMEANS++", "CUSTOM"),
        "kmeans_init_col": text,
        "distance_type": one_of("EUCLIDEAN", "COSINE"),
        "standardize_features": boolean,
        "max_iterations": integer(),
        "early_stop": boolean,
        "min_rel_progress": number(0),
        "warm_start": boolean,
    },
    rules=RULES,
    refused=(*TUNING, *REGISTRY, *KEY),
    only_false=("warm_start",),
)
