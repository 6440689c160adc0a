"""Settings of the API, read once from the environment and passed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.errors import SettingsError
from cloud.settings import Settings as CloudSettings
from cloud.settings import port


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
    load_seconds : float
        How long a version may take to be opened.
    """

    cloud: CloudSettings = field(default_factory=CloudSettings)
    host: str = "127.0.0.1"
    port: int = 8080
    reload_seconds: float = 2.0
    max_rows: int = 10_000
    max_body_bytes: int = 10 * 1024 * 1024
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
