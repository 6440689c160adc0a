"""The options of LINEAR_REG and LOGISTIC_REG."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.ml.options.base import (
    SUPERVISED,
    SUPERVISED_REFUSED,
    SUPERVISED_RULES,
    OptionSet,
    Rule,
    SupervisedOptions,
)
from emulator.ml.options.values import boolean, integer, number, one_of


@dataclass(frozen=True, kw_only=True)
class GlmOptions(SupervisedOptions):
    """Options of a generalised linear model."""

    optimize_strategy: str = "AUTO_STRATEGY"
    learn_rate_strategy: str = "LINE_SEARCH"
    learn_rate: float = 0.1
    ls_init_learn_rate: float = 0.1
    l1_reg: float = 0.0
    l2_reg: float = 0.0
    max_iterations: int = 20
    fit_intercept: bool = True
    category_encoding_method: str = "ONE_HOT_ENCODING"
    warm_start: bool = False
    calculate_p_values: bool = False


RULES: tuple[Rule, ...] = (
    (
        lambda o: o.has("learn_rate") and o.learn_rate_strategy == "LINE_SEARCH",
        "LEARN_RATE can only be set when LEARN_RATE_STRATEGY is 'CONSTANT'.",
    ),
    (
        lambda o: o.has("ls_init_learn_rate") and o.learn_rate_strategy == "CONSTANT",
        "LS_INIT_LEARN_RATE can only be set when LEARN_RATE_STRATEGY is 'LINE_SEARCH'.",
    ),
    (
        lambda o: o.is_classifier and o.optimize_strategy == "NORMAL_EQUATION",
        "OPTIMIZE_STRATEGY 'NORMAL_EQUATION' only applies to LINEAR_REG models.",
    ),
    (
        lambda o: o.optimize_strategy == "NORMAL_EQUATION" and o.l1_reg > 0,
        "OPTIMIZE_STRATEGY 'NORMAL_EQUATION' cannot be used with L1_REG.",
    ),
    (
        lambda o: (
            o.calculate_p_values
            and (o.category_encoding_method != "DUMMY_ENCODING" or o.l1_reg > 0)
        ),
        "CALCULATE_P_VALUES needs CATEGORY_ENCODING_METHOD = 'DUMMY_ENCODING' and no L1_REG.",
    ),
)

OPTION_SET = OptionSet(
    model_types=("LINEAR_REG", "LOGISTIC_REG"),
    make=GlmOptions,
    options={
        **SUPERVISED,
        "optimize_strategy": one_of("AUTO_STRATEGY", "BATCH_GRADIENT_DESCENT", "NORMAL_EQUATION"),
        "learn_rate_strategy": one_of("LINE_SEARCH", "CONSTANT"),
        "learn_rate": number(0, above=True),
        "ls_init_learn_rate": number(0, above=True),
        "l1_reg": number(0),
        "l2_reg": number(0),
        "max_iterations": integer(),
        "fit_intercept": boolean,
        "category_encoding_method": one_of("ONE_HOT_ENCODING", "DUMMY_ENCODING"),
        "warm_start": boolean,
        "calculate_p_values": boolean,
    },
    rules=RULES + SUPERVISED_RULES,
    refused=SUPERVISED_REFUSED,
    only_false=("warm_start",),
)
