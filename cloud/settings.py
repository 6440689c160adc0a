"""Settings, read once from the environment and passed down.

The environment alone chooses the target: with `BIGQUERY_EMULATOR_HOST` and
`STORAGE_EMULATOR_HOST` set, Google's clients talk to the local cloud; without them,
to Google Cloud.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What every package needs to find the project's data and models.

    Parameters
    ----------
    project : str
        Google Cloud project, or the local cloud's (`BQ_PROJECT`).
    location : str
        BigQuery location (`BQ_LOCATION`).
    bucket : str
        Bucket of reports and models (`VENDAS_BUCKET`).
    bigquery_host : str or None
        BigQuery emulator with its scheme (`BIGQUERY_EMULATOR_HOST`); None on Google Cloud.
    bigquery_grpc_port : int
        Port of the emulator's Storage Read API (`BIGQUERY_GRPC_PORT`).
    storage_host : str or None
        Cloud Storage emulator with its scheme (`STORAGE_EMULATOR_HOST`); None on Google Cloud.
    default_model : str
        Model that answers where a protocol names none (`DEFAULT_MODEL`).
    signing_key_file, public_key_file : pathlib.Path
        Ed25519 keys, PEM (`MODEL_SIGNING_KEY_FILE`, `MODEL_PUBLIC_KEY_FILE`).
    """

    project: str = "vendas-local"
    location: str = "US"
    bucket: str = "vendas-bmw-local"
    bigquery_host: str | None = None
    bigquery_grpc_port: int = 9060
    storage_host: str | None = None
    default_model: str = "price_linear"
    signing_key_file: Path = Path(".local/keys/signing.pem")
    public_key_file: Path = Path(".local/keys/public.pem")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; an empty variable counts as unset.

        Raises
        ------
        ValueError
            If `BIGQUERY_GRPC_PORT` is not a port number.
        """
        source = os.environ if environment is None else environment

        def value(name: str, default: str) -> str:
            return source.get(name, "") or default

        return cls(
            project=value("BQ_PROJECT", cls.project),
            location=value("BQ_LOCATION", cls.location),
            bucket=value("VENDAS_BUCKET", cls.bucket),
            bigquery_host=value("BIGQUERY_EMULATOR_HOST", "") or None,
            bigquery_grpc_port=port("BIGQUERY_GRPC_PORT", source, cls.bigquery_grpc_port),
            storage_host=value("STORAGE_EMULATOR_HOST", "") or None,
            default_model=value("DEFAULT_MODEL", cls.default_model),
            signing_key_file=Path(value("MODEL_SIGNING_KEY_FILE", str(cls.signing_key_file))),
            public_key_file=Path(value("MODEL_PUBLIC_KEY_FILE", str(cls.public_key_file))),
        )

    @property
    def target(self) -> str:
        """Name of the dbt target: `local` with an emulator, else `cloud`."""
        return "local" if self.bigquery_host else "cloud"


def port(name: str, environment: Mapping[str, str], default: int) -> int:
    """Read a TCP port from the environment.

    Raises
    ------
    ValueError
        If the value is not a whole number from 0 to 65535.
    """
    text = environment.get(name, "") or str(default)
    if not text.isdigit() or int(text) > 65535:
        raise ValueError(f"{name} is {text!r}; expected a port number from 0 to 65535.")
    return int(text)
