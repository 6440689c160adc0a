"""Settings, read once from the environment and passed down.

The environment alone chooses the target: `VENDAS_TARGET` is `local` (the default: the
emulators on this machine) or `cloud` (Google's). dbt's profile reads the same variable.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EMULATOR_HOSTS = ("BIGQUERY_EMULATOR_HOST", "STORAGE_EMULATOR_HOST")


@dataclass(frozen=True)
class Settings:
    """What every package needs to find the project's data and models.

    Parameters
    ----------
    target : {"local", "cloud"}
        Where the data live (`VENDAS_TARGET`).
    project : str
        Google Cloud project, or the local cloud's (`BQ_PROJECT`).
    location : str
        BigQuery location (`BQ_LOCATION`).
    bucket : str
        Bucket of reports and models (`VENDAS_BUCKET`).
    inbox : str
        Bucket where people drop reports (`VENDAS_INBOX`); the other's name and `-inbox`.
    bigquery_host : str or None
        BigQuery emulator with its scheme (`BIGQUERY_EMULATOR_HOST`); None on Google Cloud.
    bigquery_grpc_port : int
        Port of the emulator's Storage Read API (`BIGQUERY_GRPC_PORT`).
    storage_host : str or None
        Cloud Storage emulator with its scheme (`STORAGE_EMULATOR_HOST`); None on Google Cloud.
    signing_key_file, public_key_file : pathlib.Path
        Ed25519 keys, PEM (`MODEL_SIGNING_KEY_FILE`: the one that signs;
        `MODEL_PUBLIC_KEY_FILE`: all that are trusted, one after the other).
    """

    target: str = "local"
    project: str = "vendas-local"
    location: str = "US"
    bucket: str = "vendas-bmw-local"
    inbox: str = "vendas-bmw-local-inbox"
    bigquery_host: str | None = "http://127.0.0.1:9050"
    bigquery_grpc_port: int = 9060
    storage_host: str | None = "http://127.0.0.1:4443"
    signing_key_file: Path = Path(".local/keys/signing.pem")
    public_key_file: Path = Path(".local/keys/public.pem")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; an empty variable counts as unset.

        Raises
        ------
        ValueError
            If a port is not a number, the target is unknown, the target is `cloud` while
            an emulator's address is set, or `cloud` names no project.
        """
        source = os.environ if environment is None else environment
        target = _target(source)

        def value(name: str, default: str) -> str:
            return source.get(name, "") or default

        bucket = value("VENDAS_BUCKET", cls.bucket)

        def host(name: str, default: str | None) -> str | None:
            return None if target == "cloud" else value(name, default or "")

        return cls(
            target=target,
            project=value("BQ_PROJECT", cls.project),
            location=value("BQ_LOCATION", cls.location),
            bucket=bucket,
            inbox=value("VENDAS_INBOX", f"{bucket}-inbox"),
            bigquery_host=host("BIGQUERY_EMULATOR_HOST", cls.bigquery_host),
            bigquery_grpc_port=port("BIGQUERY_GRPC_PORT", source, cls.bigquery_grpc_port),
            storage_host=host("STORAGE_EMULATOR_HOST", cls.storage_host),
            signing_key_file=Path(value("MODEL_SIGNING_KEY_FILE", str(cls.signing_key_file))),
            public_key_file=Path(value("MODEL_PUBLIC_KEY_FILE", str(cls.public_key_file))),
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that make a child process use these settings."""
        variables = {
            "VENDAS_TARGET": self.target,
            "BQ_PROJECT": self.project,
            "BQ_LOCATION": self.location,
            "VENDAS_BUCKET": self.bucket,
            "VENDAS_INBOX": self.inbox,
            "MODEL_SIGNING_KEY_FILE": str(self.signing_key_file),
            "MODEL_PUBLIC_KEY_FILE": str(self.public_key_file),
        }
        if self.bigquery_host is not None and self.storage_host is not None:
            variables["BIGQUERY_EMULATOR_HOST"] = self.bigquery_host
            variables["BIGQUERY_GRPC_PORT"] = str(self.bigquery_grpc_port)
            variables["STORAGE_EMULATOR_HOST"] = self.storage_host
        return variables


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


def _target(environment: Mapping[str, str]) -> str:
    target = environment.get("VENDAS_TARGET", "") or "local"
    if target not in ("local", "cloud"):
        raise ValueError(f"VENDAS_TARGET is {target!r}; expected 'local' or 'cloud'.")
    hosts = [name for name in EMULATOR_HOSTS if environment.get(name)]
    if target == "cloud" and hosts:
        raise ValueError(
            f"VENDAS_TARGET is 'cloud' but {hosts[0]} is set to {environment[hosts[0]]!r}: "
            "Google's clients would talk to the emulator. Unset it, or set VENDAS_TARGET=local."
        )
    if target == "cloud" and not (
        environment.get("BQ_PROJECT") and environment.get("VENDAS_BUCKET")
    ):
        raise ValueError("VENDAS_TARGET is 'cloud': set BQ_PROJECT and VENDAS_BUCKET as well.")
    return target
