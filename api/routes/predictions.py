"""Predictions."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import Body, Reader, SettingsNow, StateNow
from api.predictor import Answer, predict
from api.routes.models import verdict
from api.rows import read_rows
from api.schemas import (
    LabelPrediction,
    PredictRequest,
    PredictResponse,
    ValuePrediction,
    WarningOut,
    errors,
)

router = APIRouter(prefix="/models", tags=["predictions"])
REQUEST = {"content": {"application/json": {"schema": PredictRequest.model_json_schema()}}}


@router.post(
    "/{model}/predict",
    summary="Predict rows",
    responses=errors(404, 413, 422, 503),
    openapi_extra={"requestBody": REQUEST | {"required": True}},
)
def predict_rows(
    model: str, state: StateNow, body: Body, settings: SettingsNow, language: Reader
) -> PredictResponse:
    """Answer each row with a value, or with a label and probabilities, and with warnings.

    Every column of the model must be there; null says that a value is not known. The body is
    read here, not by FastAPI: its errors name row, column, value and what was expected.
    """
    served = state.find(model)
    rows = read_rows(body, served.manifest.features, settings.max_rows)
    answers = predict(served, rows, language)
    answered = _labelled if served.manifest.classes else _valued
    return PredictResponse(
        model=served.manifest.model,
        version=served.manifest.version,
        verdict=verdict(served, language),
        predictions=[answered(answer) for answer in answers],
    )


def _valued(answer: Answer) -> ValuePrediction:
    assert answer.value is not None
    return ValuePrediction(value=answer.value, warnings=_warnings(answer))


def _labelled(answer: Answer) -> LabelPrediction:
    assert answer.label is not None and answer.probabilities is not None
    return LabelPrediction(
        label=answer.label, probabilities=answer.probabilities, warnings=_warnings(answer)
    )


def _warnings(answer: Answer) -> list[WarningOut]:
    return [WarningOut(column=w.column, value=w.value, message=w.message) for w in answer.warnings]
