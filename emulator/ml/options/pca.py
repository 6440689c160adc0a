"""The options of PCA."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.ml.options.base import KEY, REGISTRY, OptionSet, Rule, TrainingOptions
from emulator.ml.options.values import boolean, integer, number, one_of


@dataclass(frozen=True, kw_only=True)
class PcaOptions(TrainingOptions):
    """Options of a principal component analysis."""

    num_principal_components: int | None = None
    pca_explained_variance_ratio: float | None = None
    scale_features: bool = True
    pca_solver: str = "AUTO"


RULES: tuple[Rule, ...] = (
    (
        lambda o: o.num_principal_components is None and o.pca_explained_variance_ratio is None,
        "A PCA model needs either NUM_PRINCIPAL_COMPONENTS or PCA_EXPLAINED_VARIANCE_RATIO; none "
        "was given.",
    ),
    (
        lambda o: (
            o.num_principal_components is not None and o.pca_explained_variance_ratio is not None
        ),
        "A PCA model needs either NUM_PRINCIPAL_COMPONENTS or PCA_EXPLAINED_VARIANCE_RATIO; both "
        "were given.",
    ),
)

OPTION_SET = OptionSet(
    model_types=("PCA",),
    make=PcaOptions,
    options={
        "num_principal_components": integer(),
        "pca_explained_variance_ratio": number(0, above=True, below=1),
        "scale_features": boolean,
        "pca_solver": one_of("AUTO", "FULL", "RANDOMIZED"),
    },
    rules=RULES,
    refused=(*REGISTRY, *KEY),
)
