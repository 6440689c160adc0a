"""Settings of the API, read once from the environment and passed down."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.errors import SettingsError
from cloud.settings import Settings as CloudSettings
from cloud.settings import port

EVERYWHERE = "0.0.0.0"
FOLDER = re.compile(r"gs://[a-z0-9][a-z0-9._-]+/.+")
TABLE = re.compile(r"([a-z][a-z0-9:.-]+\.)?[A-Za-z0-9_]+\.[A-Za-z0-9_-]+")
ROUTE = re.compile(r"(/[A-Za-z0-9._:-]+)+")
CALLER = re.compile(r"(domain:|[^@:\s]+@)[a-z0-9-]+(\.[a-z0-9-]+)+")


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
    default_model : str or None
        What doors that name no model answer for (`DEFAULT_MODEL`); None is the only one there is.
    storage_uri : str or None
        The folder of the one version to serve, as Vertex AI hands it over (`AIP_STORAGE_URI`).
    vertex_route : str
        Where Vertex AI asks for predictions (`AIP_PREDICT_ROUTE`).
    health_route : str or None
        Where Vertex AI asks whether it can answer (`AIP_HEALTH_ROUTE`), beside our own.
    on_vertex : bool
        Whether Vertex AI started it (`AIP_HTTP_PORT` is set, and is the port).
    api_keys_file : Path or None
        The API keys' hashes (`API_KEYS_FILE`).
    google_audience, iap_audience : str or None
        Whom Google's ID tokens and Identity-Aware Proxy's have to be for (`GOOGLE_AUDIENCE`,
        `IAP_AUDIENCE`).
    google_callers : tuple of str
        Whom Google's ID tokens let in (`GOOGLE_CALLERS`, separated by commas): e-mail addresses
        and `domain:example.com`, in lower case.
    max_concurrent : int
        Most requests that are being answered (`MAX_CONCURRENT`).
    max_per_second : float
        What one caller may ask on average (`MAX_PER_SECOND`); 0 is no limit.
    max_connections : int
        Most open connections (`MAX_CONNECTIONS`).
    request_seconds : float
        How long a request may take to arrive, and its answer to be read (`REQUEST_SECONDS`).
    cors_origins : tuple of str
        Pages of other origins that may ask (`CORS_ORIGINS`, separated by commas).
    workers : int
        Processes that answer (`WORKERS`); each holds all models.
    log_form : {"text", "json"}
        Form of the logs (`LOG_FORM`).
    log_requests : bool
        Whether requests that were answered well are logged too (`LOG_REQUESTS`).
    prediction_log : str or None
        BigQuery table that predictions are written to (`PREDICTION_LOG`): `dataset.table`, with
        or without a project before it.
    prediction_log_seconds : float
        From one load of them to the next (`PREDICTION_LOG_SECONDS`).
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
    default_model: str | None = "price_linear"
    storage_uri: str | None = None
    vertex_route: str = "/predict"
    health_route: str | None = None
    on_vertex: bool = False
    api_keys_file: Path | None = None
    google_audience: str | None = None
    google_callers: tuple[str, ...] = ()
    iap_audience: str | None = None
    max_concurrent: int = 256
    max_per_second: float = 0.0
    max_connections: int = 1000
    request_seconds: float = 60.0
    cors_origins: tuple[str, ...] = ()
    workers: int = 1
    log_form: str = "text"
    log_requests: bool = False
    prediction_log: str | None = None
    prediction_log_seconds: float = 300.0
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
        on_vertex = bool(source.get("AIP_HTTP_PORT", ""))
        health = source.get("AIP_HEALTH_ROUTE", "")
        uri = _folder("AIP_STORAGE_URI", source)
        keys = source.get("API_KEYS_FILE", "")
        origins = source.get("CORS_ORIGINS", "").split(",")
        return cls(
            cloud=CloudSettings.from_environment(source),
            host=source.get("HOST", "") or (EVERYWHERE if on_vertex else cls.host),
            port=port("AIP_HTTP_PORT" if on_vertex else "PORT", source, cls.port),
            reload_seconds=_number("RELOAD_SECONDS", source, cls.reload_seconds, least=0.05),
            max_rows=int(_number("MAX_ROWS", source, cls.max_rows, least=1)),
            kept_versions=int(_number("KEPT_VERSIONS", source, cls.kept_versions, least=0)),
            default_model=source.get("DEFAULT_MODEL", "") or (None if uri else cls.default_model),
            storage_uri=uri,
            vertex_route=_route("AIP_PREDICT_ROUTE", source, cls.vertex_route),
            health_route=_route("AIP_HEALTH_ROUTE", source, "") if health else None,
            on_vertex=on_vertex,
            api_keys_file=Path(keys) if keys else None,
            google_audience=source.get("GOOGLE_AUDIENCE", "") or None,
            google_callers=_google_callers(source),
            iap_audience=source.get("IAP_AUDIENCE", "") or None,
            max_concurrent=int(_number("MAX_CONCURRENT", source, cls.max_concurrent, least=1)),
            max_per_second=_number("MAX_PER_SECOND", source, cls.max_per_second, least=0),
            max_connections=int(_number("MAX_CONNECTIONS", source, cls.max_connections, least=1)),
            request_seconds=_number("REQUEST_SECONDS", source, cls.request_seconds, least=0.1),
            cors_origins=tuple(origin.strip() for origin in origins if origin.strip()),
            workers=int(_number("WORKERS", source, cls.workers, least=1)),
            log_form=_choice("LOG_FORM", source, ("text", "json")),
            log_requests=_choice("LOG_REQUESTS", source, ("0", "1")) == "1",
            prediction_log=_table("PREDICTION_LOG", source),
            prediction_log_seconds=_number(
                "PREDICTION_LOG_SECONDS", source, cls.prediction_log_seconds, least=1
            ),
            max_body_bytes=int(_number("MAX_BODY_BYTES", source, cls.max_body_bytes, least=1024)),
        )

    @property
    def is_guarded(self) -> bool:
        """Whether somebody is asked who they are: here, or by Vertex AI before."""
        ways = (self.api_keys_file, self.google_audience, self.iap_audience)
        return self.on_vertex or any(ways)

    def check_guard(self) -> None:
        """Refuse to listen to other machines without asking who they are.

        Raises
        ------
        SettingsError
            Naming the ways to ask.
        """
        if not (self.is_guarded or _is_loopback(self.host)):
            raise SettingsError(
                f"HOST is {self.host!r}, which other machines reach, and nobody would be asked who "
                "they are. Set API_KEYS_FILE (`python -m api new-key NAME` makes a key), "
                "GOOGLE_AUDIENCE or IAP_AUDIENCE, or listen on 127.0.0.1."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _google_callers(source: Mapping[str, str]) -> tuple[str, ...]:
    """Return whom Google's tokens let in: where there are tokens, that has to be said."""
    given = (caller.strip().lower() for caller in source.get("GOOGLE_CALLERS", "").split(","))
    callers = tuple(caller for caller in given if caller)
    expected = "'ana@example.com' or 'domain:example.com', separated by commas"
    for caller in callers:
        if not CALLER.fullmatch(caller):
            raise SettingsError(f"GOOGLE_CALLERS has {caller!r}; expected {expected}.")
    has_audience = bool(source.get("GOOGLE_AUDIENCE", ""))
    if has_audience and not callers:
        raise SettingsError(
            "GOOGLE_AUDIENCE is set and GOOGLE_CALLERS is not: anybody on Google can have a token "
            f"for any audience. Set GOOGLE_CALLERS to those who may ask: {expected}."
        )
    if callers and not has_audience:
        raise SettingsError(
            "GOOGLE_CALLERS is set and GOOGLE_AUDIENCE is not: no token would be looked at. Set "
            "GOOGLE_AUDIENCE to the audience that tokens have to be for."
        )
    return callers


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


def _choice(name: str, source: Mapping[str, str], choices: tuple[str, ...]) -> str:
    text = source.get(name, "") or choices[0]
    if text not in choices:
        raise SettingsError(f"{name} is {text!r}; expected one of {', '.join(choices)}.")
    return text


def _folder(name: str, source: Mapping[str, str]) -> str | None:
    text = source.get(name, "")
    if text and not FOLDER.fullmatch(text):
        raise SettingsError(f"{name} is {text!r}; expected a folder such as 'gs://bucket/folder'.")
    return text or None


def _table(name: str, source: Mapping[str, str]) -> str | None:
    text = source.get(name, "")
    if text and not TABLE.fullmatch(text):
        raise SettingsError(f"{name} is {text!r}; expected a table such as 'dataset.table'.")
    return text or None
