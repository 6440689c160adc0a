"""What the options of every family have in common, and of every supervised one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from emulator.ml.options.values import (
    Reader,
    boolean,
    number,
    one_column,
    one_of,
    text,
    weights_by_label,
)

TUNING = (
    "num_trials",
    "max_parallel_trials",
    "hparam_tuning_algorithm",
    "hparam_tuning_objectives",
)
REGISTRY = ("model_registry", "vertex_ai_model_id", "vertex_ai_model_version_aliases")
KEY = ("kms_key_name",)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Options of one training, defaults filled in; names as in SQL."""

    model_type: str
    given: frozenset[str] = field(default_factory=frozenset)

    def resolved(self, **changes: Any) -> Self:
        """Return a copy with what training decided, e.g. the strategy that AUTO means."""
        return replace(self, **changes)

    def has(self, *names: str) -> bool:
        """Whether the statement gave one of these options."""
        return any(name in self.given for name in names)


@dataclass(frozen=True, kw_only=True)
class SupervisedOptions(TrainingOptions):
    """Options of the families that learn a label from split rows."""

    input_label_cols: tuple[str, ...] = ("label",)
    data_split_method: str = "AUTO_SPLIT"
    data_split_eval_fraction: float | None = None
    data_split_col: str | None = None
    auto_class_weights: bool = False
    class_weights: tuple[tuple[str, float], ...] | None = None
    enable_global_explain: bool = False
    early_stop: bool = True
    min_rel_progress: float = 0.01

    @property
    def label(self) -> str:
        """Name of the label column as the statement has it."""
        return self.input_label_cols[0]

    @property
    def is_classifier(self) -> bool:
        """Whether the label is a class, not a number."""
        return self.model_type == "LOGISTIC_REG" or self.model_type.endswith("_CLASSIFIER")


# What breaks a rule, and what BigQuery's user is told.
Rule = tuple[Callable[[Any], bool], str]


@dataclass(frozen=True)
class OptionSet:
    """The options of one family of model types.

    Parameters
    ----------
    model_types : tuple of str
    make : callable
        The dataclass of the options.
    options : dict
        How each option is read.
    rules : tuple of Rule
        What options may not be together.
    refused : tuple of str
        Options that Google documents and this engine has not.
    only_false : tuple of str
        Options that are taken with FALSE and refused with TRUE.
    """

    model_types: tuple[str, ...]
    make: Callable[..., TrainingOptions]
    options: dict[str, Reader]
    rules: tuple[Rule, ...] = ()
    refused: tuple[str, ...] = ()
    only_false: tuple[str, ...] = ()


SUPERVISED: dict[str, Reader] = {
    "input_label_cols": one_column,
    "data_split_method": one_of("AUTO_SPLIT", "RANDOM", "CUSTOM", "SEQ", "NO_SPLIT"),
    "data_split_eval_fraction": number(0, above=True, below=1),
    "data_split_col": text,
    "auto_class_weights": boolean,
    "class_weights": weights_by_label,
    "enable_global_explain": boolean,
    "early_stop": boolean,
    "min_rel_progress": number(0),
}
SUPERVISED_REFUSED = ("data_split_test_fraction", *TUNING, *REGISTRY, *KEY)
SUPERVISED_RULES: tuple[Rule, ...] = (
    (
        lambda o: not o.is_classifier and o.has("auto_class_weights", "class_weights"),
        "AUTO_CLASS_WEIGHTS and CLASS_WEIGHTS only apply to classification models.",
    ),
    (
        lambda o: o.auto_class_weights and o.class_weights is not None,
        "CLASS_WEIGHTS cannot be set when AUTO_CLASS_WEIGHTS is TRUE.",
    ),
    (
        lambda o: (
            o.has("data_split_eval_fraction") and o.data_split_method not in ("RANDOM", "SEQ")
        ),
        "DATA_SPLIT_EVAL_FRACTION can only be set when DATA_SPLIT_METHOD is 'RANDOM' or 'SEQ'.",
    ),
    (
        lambda o: o.data_split_method in ("CUSTOM", "SEQ") and o.data_split_col is None,
        "DATA_SPLIT_COL is required when DATA_SPLIT_METHOD is 'CUSTOM' or 'SEQ'.",
    ),
    (
        lambda o: o.data_split_method not in ("CUSTOM", "SEQ") and o.data_split_col is not None,
        "DATA_SPLIT_COL can only be set when DATA_SPLIT_METHOD is 'CUSTOM' or 'SEQ'.",
    ),
    (
        lambda o: o.data_split_col is not None and o.data_split_col.lower() == o.label.lower(),
        "DATA_SPLIT_COL cannot be the label column.",
    ),
)
