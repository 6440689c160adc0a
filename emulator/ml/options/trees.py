"""The options of BOOSTED_TREE_* and RANDOM_FOREST_*."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from emulator.ml.options.base import (
    SUPERVISED,
    SUPERVISED_REFUSED,
    SUPERVISED_RULES,
    OptionSet,
    Rule,
    SupervisedOptions,
)
from emulator.ml.options.values import Reader, boolean, integer, number, one_of, text
from emulator.ml.trees.settings import BOOSTED_TREE, RANDOM_FOREST, Settings


@dataclass(frozen=True, kw_only=True)
class TreeOptions(SupervisedOptions):
    """Options of trees; what is not given has the default of the model type (`settings`)."""

    booster_type: str | None = None
    dart_normalize_type: str | None = None
    num_parallel_tree: int | None = None
    max_tree_depth: int | None = None
    dropout: float | None = None
    l1_reg: float | None = None
    l2_reg: float | None = None
    learn_rate: float | None = None
    tree_method: str | None = None
    min_tree_child_weight: int | None = None
    colsample_bytree: float | None = None
    colsample_bylevel: float | None = None
    colsample_bynode: float | None = None
    min_split_loss: float | None = None
    subsample: float | None = None
    xgboost_version: str | None = None
    max_iterations: int | None = None
    approx_global_feature_contrib: bool | None = None
    category_encoding_method: str = "LABEL_ENCODING"
    instance_weight_col: str | None = None

    @property
    def settings(self) -> Settings:
        """What trains: the options that were given over the defaults of the model type."""
        default = BOOSTED_TREE if self.model_type in BOOSTED.model_types else RANDOM_FOREST
        found: dict[str, Any] = {}
        for field in fields(Settings):
            given = getattr(self, field.name, None)
            found[field.name] = getattr(default, field.name) if given is None else given
        return Settings(**found)


def _share(name: str, value: Any) -> float:
    return float(number(0, most=1)(name, value))


_BOTH: dict[str, Reader] = {
    **SUPERVISED,
    "num_parallel_tree": integer(1),
    "max_tree_depth": integer(1),
    "l1_reg": number(0),
    "l2_reg": number(0),
    "tree_method": one_of("AUTO", "EXACT", "APPROX", "HIST"),
    "min_tree_child_weight": integer(0),
    "colsample_bytree": _share,
    "colsample_bylevel": _share,
    "colsample_bynode": _share,
    "min_split_loss": number(0),
    "subsample": _share,
    "xgboost_version": one_of("0.9", "1.1"),
    "approx_global_feature_contrib": boolean,
    "instance_weight_col": text,
}
_RULES: tuple[Rule, ...] = (
    (
        lambda o: (
            o.instance_weight_col is not None
            and (o.auto_class_weights or o.class_weights is not None)
        ),
        "INSTANCE_WEIGHT_COL cannot be set together with AUTO_CLASS_WEIGHTS or CLASS_WEIGHTS.",
    ),
    (
        lambda o: (
            o.instance_weight_col is not None
            and o.instance_weight_col.lower() in (o.label.lower(), (o.data_split_col or "").lower())
        ),
        "INSTANCE_WEIGHT_COL cannot be the label or DATA_SPLIT_COL.",
    ),
    (
        lambda o: o.approx_global_feature_contrib and not o.enable_global_explain,
        "APPROX_GLOBAL_FEATURE_CONTRIB can only be TRUE when ENABLE_GLOBAL_EXPLAIN is TRUE.",
    ),
)

BOOSTED = OptionSet(
    model_types=("BOOSTED_TREE_CLASSIFIER", "BOOSTED_TREE_REGRESSOR"),
    make=TreeOptions,
    options={
        **_BOTH,
        "booster_type": one_of("GBTREE", "DART"),
        "dart_normalize_type": one_of("TREE", "FOREST"),
        "dropout": _share,
        "learn_rate": number(0),
        "max_iterations": integer(),
        "category_encoding_method": one_of("LABEL_ENCODING", "ONE_HOT_ENCODING", "TARGET_ENCODING"),
    },
    rules=(
        *_RULES,
        (
            lambda o: o.has("dart_normalize_type", "dropout") and o.booster_type != "DART",
            "DART_NORMALIZE_TYPE and DROPOUT can only be set when BOOSTER_TYPE is 'DART'.",
        ),
        *SUPERVISED_RULES,
    ),
    refused=SUPERVISED_REFUSED,
)
FOREST = OptionSet(
    model_types=("RANDOM_FOREST_CLASSIFIER", "RANDOM_FOREST_REGRESSOR"),
    make=TreeOptions,
    options={
        **_BOTH,
        "num_parallel_tree": integer(2),
        "subsample": number(0, above=True, below=1),
    },
    rules=(*_RULES, *SUPERVISED_RULES),
    refused=SUPERVISED_REFUSED,
)
