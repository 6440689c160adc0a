"""The options of CREATE MODEL: honoured, or refused by name.

Each family of model types has a module here. Every option of Google's page for it is in its
`OPTIONS` or `REFUSED`; anything else is unknown to BigQuery too. Rules between options are in
its `RULES`.
"""

from __future__ import annotations

import difflib
from typing import Any

from emulator.ml.errors import NotEmulated, OptionError
from emulator.ml.literals import Expression
from emulator.ml.options import glm, kmeans, pca, time_series, transform_only, trees
from emulator.ml.options.base import OptionSet, TrainingOptions
from emulator.ml.options.values import one_of, text

OPTION_SETS: tuple[OptionSet, ...] = (
    glm.OPTION_SET,
    trees.BOOSTED,
    trees.FOREST,
    kmeans.OPTION_SET,
    pca.OPTION_SET,
    time_series.OPTION_SET,
    transform_only.OPTION_SET,
)
BY_TYPE = {kind: one for one in OPTION_SETS for kind in one.model_types}

GLM = frozenset(glm.OPTION_SET.model_types)
CLUSTERING = frozenset(kmeans.OPTION_SET.model_types)
DECOMPOSITION = frozenset(pca.OPTION_SET.model_types)
TIME_SERIES = frozenset(time_series.OPTION_SET.model_types)
TREES = frozenset((*trees.BOOSTED.model_types, *trees.FOREST.model_types))
SUPERVISED = GLM | TREES

OTHER_TYPES = (
    "MATRIX_FACTORIZATION AUTOENCODER AUTOML_CLASSIFIER AUTOML_REGRESSOR"
    " DNN_CLASSIFIER DNN_REGRESSOR DNN_LINEAR_COMBINED_CLASSIFIER"
    " DNN_LINEAR_COMBINED_REGRESSOR ARIMA ARIMA_PLUS_XREG CONTRIBUTION_ANALYSIS"
    " TENSORFLOW TENSORFLOW_LITE ONNX XGBOOST"
).split()


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
    kind = _model_type(values)
    known = BY_TYPE[kind]
    for name, value in values.items():
        _check_name(name, value, kind)
    read = {name: known.options[name](name, values[name]) for name in values if name != _TYPE}
    options = known.make(model_type=kind, **read, given=frozenset(values))
    for breaks, message in known.rules:
        if breaks(options):
            raise OptionError(message)
    for name in known.only_false:
        if getattr(options, name):
            raise NotEmulated(f"{name.upper()} = TRUE")
    return options


_TYPE = "model_type"


def _model_type(values: dict[str, Any]) -> str:
    if values.get(_TYPE) is None:
        raise OptionError("MODEL_TYPE is missing: OPTIONS must name the type of the model.")
    kind = text(_TYPE, values[_TYPE]).upper()
    if kind in OTHER_TYPES:
        raise NotEmulated(f"MODEL_TYPE = '{kind}'", f"Emulated: {', '.join(BY_TYPE)}.")
    return str(one_of(*BY_TYPE)(_TYPE, kind))


def _check_name(name: str, value: Any, kind: str) -> None:
    known = BY_TYPE[kind]
    if name in known.refused:
        raise NotEmulated(f"The option {name.upper()}")
    if name != _TYPE and name not in known.options:
        if any(name in {*one.options, *one.refused} for one in OPTION_SETS):
            raise OptionError(f"Option {name.upper()} is not supported for model type {kind}.")
        near = difflib.get_close_matches(name, known.options, 1)
        hint = f" Did you mean {near[0].upper()}?" if near else ""
        raise OptionError(f"Unknown option: {name}.{hint}")
    if isinstance(value, Expression) and value.text.upper().startswith("HPARAM_"):
        raise NotEmulated(f"Hyperparameter tuning ({name.upper()} = {value.text})")
