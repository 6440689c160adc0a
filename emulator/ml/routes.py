"""The Models REST resource: get, list, patch and delete. Models are made by SQL alone."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from typing import Annotated, Any

from bqemulator.api.dependencies import AppContext, get_context
from bqemulator.domain.errors import NotFoundError, ValidationError
from fastapi import APIRouter, Depends, Request, Response, status

from emulator.ml.errors import OptionError
from emulator.ml.metadata import check_labels
from emulator.ml.model import Model, ModelName
from emulator.ml.resource import resource, summary
from emulator.ml.store import store_of

router = APIRouter(prefix="/bigquery/v2", tags=["models"])

_Context = Annotated[AppContext, Depends(get_context)]
_DATASET = "/projects/{project_id}/datasets/{dataset_id}/models"
_MODEL = _DATASET + "/{model_id}"
_TEXTS = {"friendlyName": "friendly_name", "description": "description"}


@router.get(_DATASET)
def list_models(
    project_id: str,
    dataset_id: str,
    context: _Context,
    maxResults: int | None = None,
    pageToken: str | None = None,
) -> dict[str, Any]:
    """List a dataset's models by name, page by page."""
    location = _location(context, project_id, dataset_id)
    models = store_of(context).list(project_id, dataset_id)
    after = _page_start(pageToken)
    left = [model for model in models if after is None or model.name.model > after]
    page = left if maxResults is None else left[: max(maxResults, 1)]
    body: dict[str, Any] = {"models": [summary(model, location) for model in page]}
    if len(page) < len(left):
        last = page[-1].name.model.encode()
        body["nextPageToken"] = base64.urlsafe_b64encode(last).decode()
    return body


@router.get(_MODEL)
def get_model(project_id: str, dataset_id: str, model_id: str, context: _Context) -> dict[str, Any]:
    """Return a model with its training run."""
    location = _location(context, project_id, dataset_id)
    return resource(store_of(context).get(ModelName(project_id, dataset_id, model_id)), location)


@router.patch(_MODEL)
async def patch_model(
    project_id: str, dataset_id: str, model_id: str, request: Request, context: _Context
) -> dict[str, Any]:
    """Change description, friendly name, labels or expiration of a model."""
    location = _location(context, project_id, dataset_id)
    body = await request.json()
    if not isinstance(body, dict):
        raise ValidationError("Request body must be a JSON object.")
    name = ModelName(project_id, dataset_id, model_id)
    model = store_of(context).change(name, lambda there: _patched(there, body))
    return resource(model, location)


@router.delete(_MODEL, status_code=status.HTTP_204_NO_CONTENT)
def delete_model(project_id: str, dataset_id: str, model_id: str, context: _Context) -> Response:
    """Delete a model."""
    _location(context, project_id, dataset_id)
    store_of(context).delete(ModelName(project_id, dataset_id, model_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _location(context: AppContext, project: str, dataset: str) -> str:
    meta = context.catalog.get_dataset(project, dataset)
    if meta is None:
        raise NotFoundError(f"Not found: Dataset {project}:{dataset}")
    return str(meta.location)


def _page_start(token: str | None) -> str | None:
    if not token:
        return None
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError as error:
        raise ValidationError(f'Invalid pageToken "{token}".') from error


def _patched(model: Model, body: dict[str, Any]) -> Model:
    changes: dict[str, Any] = {"modified": int(time.time() * 1000)}
    for key, name in _TEXTS.items():
        if key in body:
            if body[key] is not None and not isinstance(body[key], str):
                raise ValidationError(f"Invalid value for {key}: expected a string.")
            changes[name] = body[key]
    if "labels" in body:
        changes["labels"] = _labels(model.metadata.labels, body["labels"])
    if "expirationTime" in body:
        changes["expires"] = _milliseconds(body["expirationTime"])
    if body.get("encryptionConfiguration"):
        raise ValidationError("encryptionConfiguration (customer-managed keys) is not emulated.")
    return replace(model, metadata=replace(model.metadata, **changes))


def _labels(there: dict[str, str], given: Any) -> dict[str, str]:
    """Merge labels as Google does: a key with null goes, a key that is not named stays."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValidationError("Invalid value for labels: expected an object.")
    merged = {k: v for k, v in {**there, **given}.items() if v is not None}
    try:
        return check_labels(merged)
    except OptionError as error:
        raise ValidationError(error.message) from error


def _milliseconds(value: Any) -> int | None:
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ValidationError(f'Invalid expirationTime "{value}": milliseconds.') from error
