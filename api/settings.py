"""Settings of the API, read once from the environment and passed down."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.errors import SettingsError
from cloud.settings import Settings as CloudSettings
from cloud.settings import port

ROUTE = re.compile(r"(/[A-Za-z0-9._:-]+)+")


@dataclass(frozen=True)
class Settings:
    """What the API needs to find models and answer.

    Parameters
    ----------
    cloud : cloud.Settings
        Bucket, public key and target.
    host : str
        Address to listen on (`HOST`); this machine alone unless set.
    port : int
        Port to listen on (`PORT`); 0 takes a free one.
    reload_seconds : float
        How often the pointers are looked at (`RELOAD_SECONDS`).
    max_rows : int
        Most rows of one prediction (`MAX_ROWS`).
    max_body_bytes : int
        Largest request body (`MAX_BODY_BYTES`).
    kept_versions : int
        How many earlier versions of a model go on answering by their name (`KEPT_VERSIONS`).
    default_model : str
        What doors that name no model answer for (`DEFAULT_MODEL`).
    vertex_route : str
        Where Vertex AI asks for predictions (`AIP_PREDICT_ROUTE`).
    load_seconds : float
        How long a version may take to be opened.
    """

    cloud: CloudSettings = field(default_factory=CloudSettings)
    host: str = "127.0.0.1"
    port: int = 8080
    reload_seconds: float = 2.0
    max_rows: int = 10_000
    max_body_bytes: int = 10 * 1024 * 1024
    kept_versions: int = 2
    default_model: str = "price_linear"
    vertex_route: str = "/predict"
    load_seconds: float = 60.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; an empty variable counts as unset.

        Raises
        ------
        ValueError
            If a variable has no usable value; its name is in the message.
        """
        source = os.environ if environment is None else environment
        return cls(
            cloud=CloudSettings.from_environment(source),
            host=source.get("HOST", "") or cls.host,
            port=port("PORT", source, cls.port),
            reload_seconds=_number("RELOAD_SECONDS", source, cls.reload_seconds, least=0.05),
            max_rows=int(_number("MAX_ROWS", source, cls.max_rows, least=1)),
            kept_versions=int(_number("KEPT_VERSIONS", source, cls.kept_versions, least=0)),
            default_model=source.get("DEFAULT_MODEL", "") or cls.default_model,
            vertex_route=_route("AIP_PREDICT_ROUTE", source, cls.vertex_route),
            max_body_bytes=int(_number("MAX_BODY_BYTES", source, cls.max_body_bytes, least=1024)),
        )


def _number(name: str, source: Mapping[str, str], default: float, *, least: float) -> float:
    text = source.get(name, "") or str(default)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value < 1e12:
        raise SettingsError(f"{name} is {text!r}; expected a number from {least:g}.")
    return value


def _route(name: str, source: Mapping[str, str], default: str) -> str:
    text = source.get(name, "") or default
    if not ROUTE.fullmatch(text):
        raise SettingsError(f"{name} is {text!r}; expected a path such as '{default}'.")
    return text
