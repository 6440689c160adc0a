"""The options of CREATE MODEL for LINEAR_REG and LOGISTIC_REG: honoured, or refused by name.

Every option of Google's page for generalised linear models is in `_OPTIONS` or `_REFUSED`;
anything else is unknown to BigQuery too. Rules between options are in `_check`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.ml.errors import NotEmulated, OptionError
from emulator.ml.literals import Expression


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
    read = {name: _OPTIONS[name](name, value) for name, value in values.items()}
    options = TrainingOptions(**read, given=frozenset(read))
    _check(options)
    return options


def _check_known(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name in _REFUSED:
            raise NotEmulated(f"The option {name.upper()}")
        if name not in _OPTIONS:
            near = difflib.get_close_matches(name, _OPTIONS, 1)
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


def _invalid(name: str, value: Any, expected: str) -> OptionError:
    shown = value.text if isinstance(value, Expression) else repr(value)
    return OptionError(f"Invalid value for option {name.upper()}: {shown}. Expected {expected}.")


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid(name, value, "TRUE or FALSE")
    return value


def _number(least: float, *, above: bool = False, below: float | None = None) -> Any:
    bound = f"{'above' if above else 'of at least'} {least:g}"
    limit = "" if below is None else f" and below {below:g}"

    def read(name: str, value: Any) -> float:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or value < least or (above and value == least):
            raise _invalid(name, value, f"a number {bound}{limit}")
        if below is not None and value >= below:
            raise _invalid(name, value, f"a number {bound}{limit}")
        return float(value)

    return read


def _integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _invalid(name, value, "an INT64 of at least 1")
    return int(value)


def _one_of(*allowed: str) -> Any:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value.upper() not in allowed:
            raise _invalid(name, value, "one of " + ", ".join(f"'{one}'" for one in allowed))
        return value.upper()

    return read


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(name, value, "a STRING")
    return value


def _label_columns(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise _invalid(name, value, "an ARRAY with the name of one column")
    return (value[0],)


def _class_weights(name: str, value: Any) -> tuple[tuple[str, float], ...]:
    pairs = value if isinstance(value, list) else [None]
    for pair in pairs:
        plain = isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], int | float)
        if not plain or isinstance(pair[1], bool) or pair[1] < 0:
            raise _invalid(name, value, "an ARRAY of STRUCT(label, weight of at least 0)")
    weights = tuple((str(label), float(weight)) for label, weight in pairs)
    if len({label for label, _ in weights}) != len(weights):
        raise _invalid(name, value, "each label once")
    return weights


def _model_type(name: str, value: Any) -> str:
    text = _text(name, value).upper()
    if text in _OTHER_TYPES:
        raise NotEmulated(f"MODEL_TYPE = '{text}'", "Emulated: LINEAR_REG, LOGISTIC_REG.")
    return str(_one_of("LINEAR_REG", "LOGISTIC_REG")(name, text))


_OPTIONS: dict[str, Callable[[str, Any], Any]] = {
    "model_type": _model_type,
    "input_label_cols": _label_columns,
    "data_split_method": _one_of("AUTO_SPLIT", "RANDOM", "CUSTOM", "SEQ", "NO_SPLIT"),
    "data_split_eval_fraction": _number(0, above=True, below=1),
    "data_split_col": _text,
    "optimize_strategy": _one_of("AUTO_STRATEGY", "BATCH_GRADIENT_DESCENT", "NORMAL_EQUATION"),
    "learn_rate_strategy": _one_of("LINE_SEARCH", "CONSTANT"),
    "learn_rate": _number(0, above=True),
    "ls_init_learn_rate": _number(0, above=True),
    "l1_reg": _number(0),
    "l2_reg": _number(0),
    "max_iterations": _integer,
    "early_stop": _boolean,
    "min_rel_progress": _number(0),
    "fit_intercept": _boolean,
    "category_encoding_method": _one_of("ONE_HOT_ENCODING", "DUMMY_ENCODING"),
    "auto_class_weights": _boolean,
    "class_weights": _class_weights,
    "enable_global_explain": _boolean,
    "warm_start": _boolean,
    "calculate_p_values": _boolean,
}

_REFUSED = (
    "data_split_test_fraction num_trials max_parallel_trials hparam_tuning_algorithm"
    " hparam_tuning_objectives model_registry vertex_ai_model_id"
    " vertex_ai_model_version_aliases kms_key_name"
).split()

_OTHER_TYPES = (
    "KMEANS MATRIX_FACTORIZATION PCA AUTOENCODER AUTOML_CLASSIFIER AUTOML_REGRESSOR"
    " BOOSTED_TREE_CLASSIFIER BOOSTED_TREE_REGRESSOR RANDOM_FOREST_CLASSIFIER"
    " RANDOM_FOREST_REGRESSOR DNN_CLASSIFIER DNN_REGRESSOR DNN_LINEAR_COMBINED_CLASSIFIER"
    " DNN_LINEAR_COMBINED_REGRESSOR ARIMA ARIMA_PLUS ARIMA_PLUS_XREG CONTRIBUTION_ANALYSIS"
    " TENSORFLOW TENSORFLOW_LITE ONNX XGBOOST TRANSFORM_ONLY"
).split()
