"""The options of CREATE MODEL for LINEAR_REG and LOGISTIC_REG: honoured, or refused by name.

Every option of Google's page for generalised linear models is in `OPTIONS` or `REFUSED`;
anything else is unknown to BigQuery too. Rules between options are in `_check`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.ml.errors import NotEmulated, OptionError
from emulator.ml.literals import Expression
from emulator.ml.option_values import (
    Reader,
    boolean,
    integer,
    number,
    one_column,
    one_of,
    text,
    weights_by_label,
)


@dataclass(frozen=True)
class TrainingOptions:
    """Options of one training, defaults filled in; names as in SQL."""

    model_type: str
    input_label_cols: tuple[str, ...] = ("label",)
    data_split_method: str = "AUTO_SPLIT"
    data_split_eval_fraction: float | None = None
    data_split_col: str | None = None
    optimize_strategy: str = "AUTO_STRATEGY"
    learn_rate_strategy: str = "LINE_SEARCH"
    learn_rate: float = 0.1
    ls_init_learn_rate: float = 0.1
    l1_reg: float = 0.0
    l2_reg: float = 0.0
    max_iterations: int = 20
    early_stop: bool = True
    min_rel_progress: float = 0.01
    fit_intercept: bool = True
    category_encoding_method: str = "ONE_HOT_ENCODING"
    auto_class_weights: bool = False
    class_weights: tuple[tuple[str, float], ...] | None = None
    enable_global_explain: bool = False
    warm_start: bool = False
    calculate_p_values: bool = False
    given: frozenset[str] = field(default_factory=frozenset)

    @property
    def label(self) -> str:
        """Name of the label column as the statement has it."""
        return self.input_label_cols[0]

    def resolved(self, **changes: Any) -> TrainingOptions:
        """Return a copy with what training decided, e.g. the strategy that AUTO means."""
        return replace(self, **changes)


def read_training_options(values: dict[str, Any]) -> TrainingOptions:
    """Check the values of OPTIONS(...) and fill in the defaults.

    Parameters
    ----------
    values : dict
        Lower-case option names and their literal values.

    Raises
    ------
    OptionError
        If an option is unknown or a value impossible.
    NotEmulated
        If BigQuery knows the option or the model type and this engine does not.
    """
    _check_known(values)
    if values.get("model_type") is None:
        raise OptionError("MODEL_TYPE is missing: OPTIONS must name the type of the model.")
    read = {name: OPTIONS[name](name, value) for name, value in values.items()}
    options = TrainingOptions(**read, given=frozenset(read))
    _check(options)
    return options


def _check_known(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name in REFUSED:
            raise NotEmulated(f"The option {name.upper()}")
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, 1)
            hint = f" Did you mean {near[0].upper()}?" if near else ""
            raise OptionError(f"Unknown option: {name}.{hint}")
        if isinstance(value, Expression) and value.text.upper().startswith("HPARAM_"):
            raise NotEmulated(f"Hyperparameter tuning ({name.upper()} = {value.text})")


def _check(options: TrainingOptions) -> None:
    for breaks, message in _RULES:
        if breaks(options):
            raise OptionError(message)
    if options.warm_start:
        raise NotEmulated("WARM_START = TRUE")
    if options.calculate_p_values:
        raise NotEmulated("CALCULATE_P_VALUES = TRUE")


def _linear(options: TrainingOptions) -> bool:
    return options.model_type == "LINEAR_REG"


def _has(options: TrainingOptions, *names: str) -> bool:
    return any(name in options.given for name in names)


# Each rule: what breaks it, and what BigQuery's user is told.
_RULES: tuple[tuple[Callable[[TrainingOptions], bool], str], ...] = (
    (
        lambda o: _has(o, "learn_rate") and o.learn_rate_strategy == "LINE_SEARCH",
        "LEARN_RATE can only be set when LEARN_RATE_STRATEGY is 'CONSTANT'.",
    ),
    (
        lambda o: _has(o, "ls_init_learn_rate") and o.learn_rate_strategy == "CONSTANT",
        "LS_INIT_LEARN_RATE can only be set when LEARN_RATE_STRATEGY is 'LINE_SEARCH'.",
    ),
    (
        lambda o: _linear(o) and _has(o, "auto_class_weights", "class_weights"),
        "AUTO_CLASS_WEIGHTS and CLASS_WEIGHTS only apply to classification models.",
    ),
    (
        lambda o: o.auto_class_weights and o.class_weights is not None,
        "CLASS_WEIGHTS cannot be set when AUTO_CLASS_WEIGHTS is TRUE.",
    ),
    (
        lambda o: not _linear(o) and _has(o, "optimize_strategy"),
        "OPTIMIZE_STRATEGY only applies to LINEAR_REG models.",
    ),
    (
        lambda o: o.optimize_strategy == "NORMAL_EQUATION" and o.l1_reg > 0,
        "OPTIMIZE_STRATEGY 'NORMAL_EQUATION' cannot be used with L1_REG.",
    ),
    (
        lambda o: (
            _has(o, "data_split_eval_fraction") and o.data_split_method not in ("RANDOM", "SEQ")
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


def _model_type(name: str, value: Any) -> str:
    kind = text(name, value).upper()
    if kind in OTHER_TYPES:
        raise NotEmulated(f"MODEL_TYPE = '{kind}'", "Emulated: LINEAR_REG, LOGISTIC_REG.")
    return str(one_of("LINEAR_REG", "LOGISTIC_REG")(name, kind))


OPTIONS: dict[str, Reader] = {
    "model_type": _model_type,
    "input_label_cols": one_column,
    "data_split_method": one_of("AUTO_SPLIT", "RANDOM", "CUSTOM", "SEQ", "NO_SPLIT"),
    "data_split_eval_fraction": number(0, above=True, below=1),
    "data_split_col": text,
    "optimize_strategy": one_of("AUTO_STRATEGY", "BATCH_GRADIENT_DESCENT", "NORMAL_EQUATION"),
    "learn_rate_strategy": one_of("LINE_SEARCH", "CONSTANT"),
    "learn_rate": number(0, above=True),
    "ls_init_learn_rate": number(0, above=True),
    "l1_reg": number(0),
    "l2_reg": number(0),
    "max_iterations": integer,
    "early_stop": boolean,
    "min_rel_progress": number(0),
    "fit_intercept": boolean,
    "category_encoding_method": one_of("ONE_HOT_ENCODING", "DUMMY_ENCODING"),
    "auto_class_weights": boolean,
    "class_weights": weights_by_label,
    "enable_global_explain": boolean,
    "warm_start": boolean,
    "calculate_p_values": boolean,
}

REFUSED = (
    "data_split_test_fraction num_trials max_parallel_trials hparam_tuning_algorithm"
    " hparam_tuning_objectives model_registry vertex_ai_model_id"
    " vertex_ai_model_version_aliases kms_key_name"
).split()

OTHER_TYPES = (
    "KMEANS MATRIX_FACTORIZATION PCA AUTOENCODER AUTOML_CLASSIFIER AUTOML_REGRESSOR"
    " BOOSTED_TREE_CLASSIFIER BOOSTED_TREE_REGRESSOR RANDOM_FOREST_CLASSIFIER"
    " RANDOM_FOREST_REGRESSOR DNN_CLASSIFIER DNN_REGRESSOR DNN_LINEAR_COMBINED_CLASSIFIER"
    " DNN_LINEAR_COMBINED_REGRESSOR ARIMA ARIMA_PLUS ARIMA_PLUS_XREG CONTRIBUTION_ANALYSIS"
    " TENSORFLOW TENSORFLOW_LITE ONNX XGBOOST TRANSFORM_ONLY"
).split()
