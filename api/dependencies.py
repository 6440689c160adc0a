"""What routes ask for: names, the state of the models, the language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Request, Response

from api.artifacts.state import State
from api.phrases import Language, preferred
from api.schemas.models import MODEL, VERSION


def _state(request: Request) -> State:
    state: State = request.app.state.registry.state
    return state


def _language(
    response: Response,
    accept_language: Annotated[
        str, Header(description="`pt-BR` gives sentences in Portuguese; English otherwise.")
    ] = "",
) -> Language:
    language = preferred(accept_language)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return language


def _default_model(request: Request) -> str:
    return _state(request).default(request.app.state.settings.default_model)


ModelName = Annotated[str, Path(examples=[MODEL])]
VersionName = Annotated[str, Path(examples=[VERSION])]
StateNow = Annotated[State, Depends(_state)]
DefaultModel = Annotated[str, Depends(_default_model)]
Reader = Annotated[Language, Depends(_language)]
