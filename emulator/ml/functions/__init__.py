"""The ML table functions, one module each; `rewrite` runs them wherever a table may stand.

A call is replaced by a table that holds its result, innermost call first. A sibling
function is one module beside these and one entry in `FUNCTIONS`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from emulator.ml.calls import Call, Place, next_place, read_call
from emulator.ml.constants import constant
from emulator.ml.errors import NotEmulated, StatementError
from emulator.ml.functions import (
    advanced_weights,
    arima_coefficients,
    arima_evaluate,
    centroids,
    confusion_matrix,
    describe_data,
    detect_anomalies,
    evaluate,
    explain_forecast,
    explain_predict,
    feature_importance,
    feature_info,
    forecast,
    global_explain,
    holiday_info,
    predict,
    principal_component_info,
    principal_components,
    roc_curve,
    training_info,
    transform,
    validate_data_drift,
    validate_data_skew,
    weights,
)
from emulator.ml.functions.places import is_expression
from emulator.ml.functions.preprocessing_constants import compute_constants
from emulator.ml.functions.settings import check_settings
from emulator.ml.model import Model
from emulator.ml.names import resolve
from emulator.ml.preprocessing import BY_NAME as PREPROCESSING
from emulator.ml.store import store_of
from emulator.ml.syntax import Source
from emulator.ml.views import as_shell, expand
from emulator.session import Session
from emulator.syntax import check_query

FUNCTIONS = (
    predict,
    evaluate,
    weights,
    advanced_weights,
    feature_info,
    training_info,
    roc_curve,
    confusion_matrix,
    explain_predict,
    global_explain,
    feature_importance,
    centroids,
    detect_anomalies,
    principal_components,
    principal_component_info,
    transform,
    forecast,
    explain_forecast,
    arima_evaluate,
    arima_coefficients,
    holiday_info,
    describe_data,
    validate_data_drift,
    validate_data_skew,
)

_BY_NAME = {function.NAME: function for function in FUNCTIONS}
_MENTION = re.compile(r"\bml\s*\.\s*\w", re.IGNORECASE)
_VIEW = re.compile(r"CREATE\s+(OR\s+REPLACE\s+)?VIEW\b", re.IGNORECASE)
_DEFINITIONS = ("MATERIALIZED", "FUNCTION", "PROCEDURE")

# Google documents these too.
OTHERS = frozenset(
    "ANNOTATE_IMAGE BAG_OF_WORDS"
    " CONVERT_COLOR_SPACE CONVERT_IMAGE_TYPE CORRELATION DECODE_IMAGE DETECT_CHANGE_POINTS"
    " ENTITY_FEATURES_AT_TIME FEATURES_AT_TIME"
    " GENERATE_EMBEDDING GENERATE_TABLE GENERATE_TEXT GENERATE_TEXT_EMBEDDING GET_INSIGHTS"
    " PROCESS_DOCUMENT RECOMMEND RECONSTRUCTION_LOSS RESIZE_IMAGE SEASONALITY TF_IDF"
    " TFDV_DESCRIBE TFDV_VALIDATE TRANSCRIBE TRANSLATE TREND TRIAL_INFO"
    " UNDERSTAND_TEXT".split()
)


async def rewrite(statement: str, session: Session) -> str:
    """Replace each call of an ML function by a table with its result, those of views too.

    Raises
    ------
    StatementError, NotEmulated, ModelNotFound, InputDataError
        As BigQuery refuses the call.
    """
    if _VIEW.match(statement) is not None:
        return await as_shell(statement, session)
    statement = expand(statement, session)
    if _MENTION.search(statement) is None or not Source(statement).is_readable:
        return statement
    statement = await compute_constants(statement, session)
    while (place := next_place(source := Source(statement), PREPROCESSING)) is not None:
        _check_name(place)
        _check_place(place, source)
        _check_definition(source, place)
        call = read_call(source, place, _takes_model(_BY_NAME[place.function]))
        path = await _run(call, session)
        statement = f"{statement[: call.start]}{path}{statement[call.stop :]}"
    return statement


def check_function_body(body: str) -> None:
    """Refuse a function that calls an ML table function.

    Raises
    ------
    NotEmulated
        Naming the ML function.
    """
    source = Source(body)
    place = next_place(source, PREPROCESSING) if source.is_readable else None
    if place is not None:
        _check_name(place)
        raise _defined("FUNCTION", place)


async def _run(call: Call, session: Session) -> str:
    function = _BY_NAME[call.function]
    model = _model(function, call, session) if _takes_model(function) else None
    check_settings(call, function.SETTINGS)
    call = await _with_constants(call, session)
    if call.expression is not None and not getattr(function, "TAKES_EXPRESSION", False):
        raise StatementError(f"ML.{call.function} does not take the argument {call.expression}.")
    if call.study is not None and not getattr(function, "TAKES_STUDY", False):
        raise StatementError(f"ML.{call.function} does not take a second table or query.")
    for data in filter(None, (call.data, call.study)):
        if not getattr(function, "TAKES_DATA", False):
            raise StatementError(f"ML.{call.function} does not take input data.")
        check_query(data)
        if any(word.kind == "PLACEHOLDER" for word in Source(data).words):
            raise NotEmulated(
                f"A positional query parameter in the data of ML.{call.function}",
                "Use a named one, such as @value.",
            )
    arguments = (call, session) if model is None else (model, call, session)
    result = await function.run(*arguments)
    return str(result.path)


async def _with_constants(call: Call, session: Session) -> Call:
    settings = {
        name: await constant(value, f"{name} of ML.{call.function}", session)
        for name, value in call.settings.items()
    }
    return replace(call, settings=settings)


def _takes_model(function: Any) -> bool:
    return getattr(function, "TAKES_MODEL", True)


def _model(function: Any, call: Call, session: Session) -> Model:
    model = store_of(session.context).get(resolve(call.model, session))
    applies = getattr(function, "APPLIES", None)
    if applies is not None and model.type not in applies:
        raise StatementError(
            f"ML.{call.function} is not supported for model type {model.type} "
            f"({model.name}); it applies to {', '.join(sorted(applies))}."
        )
    return model


def _check_name(place: Place) -> None:
    if place.function in OTHERS:
        raise NotEmulated(f"ML.{place.function}")
    if place.function not in _BY_NAME:
        raise StatementError(f"Table-valued function not found: ML.{place.function}")


def _check_place(place: Place, source: Source) -> None:
    if is_expression(source, place):
        raise StatementError(
            f"ML.{place.function} is a table function, found where an expression stands. "
            f"Write SELECT … FROM ML.{place.function}(…)."
        )


def _check_definition(source: Source, place: Place) -> None:
    """Refuse a definition: the result of a call would be frozen in it."""
    head = [word.text.upper() for word in source.words[:5] if not word.quoted]
    kinds = [kind for kind in _DEFINITIONS if kind in head[1:]]
    if head[:1] == ["CREATE"] and kinds:
        kind = "MATERIALIZED VIEW" if kinds[0] == "MATERIALIZED" else kinds[0]
        raise _defined(kind, place)


def _defined(kind: str, place: Place) -> NotEmulated:
    what = f"CREATE {kind} over ML.{place.function}"
    return NotEmulated(what, "Create a table from the query instead.")
