"""Our service and its rivals, published to and started, and how to ask them."""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from api.gate.keys import new_key
from benchmarks.serving import models
from benchmarks.serving.servers import Load, Server, load, started
from cloud import bigquery_client, storage_client
from cloud.settings import Settings

OURS, RIVALS, MLFLOW = 18080, 18081, 18082
WAIT_SECONDS = 60.0
ROW = {
    "rows": [
        {
            "model": "X5",
            "region": "Europe",
            "color": "Black",
            "fuel_type": "Hybrid",
            "transmission": "Automatic",
            "year": 2021,
            "engine_size_l": 3.0,
            "mileage_km": 42000.0,
        }
    ]
}
(CELLS,) = ROW["rows"]


@dataclass(frozen=True)
class Runs:
    """Both servers, and how to ask them."""

    ours: Server
    rivals: Server
    key: str
    seconds: int
    folder: Path

    def our(self, path: str, content: Any, connections: int, *, beside: bool = False) -> Load:
        """Ask ours."""
        body, headers = json.dumps(content).encode(), {"X-API-Key": self.key}
        where = (self.ours, path, body, connections, self.seconds, self.folder, headers)
        return load(*where, beside=beside)

    def their(self, path: str, connections: int, *, beside: bool = False) -> Load:
        """Ask a rival."""
        where = (self.rivals, path, json.dumps(ROW).encode(), connections, self.seconds)
        return load(*where, self.folder, {}, beside=beside)


def prepared(
    settings: Settings, made: list[models.Made], folder: Path
) -> tuple[str, dict[str, str]]:
    """Publish the models; return an API key and the environment of our service."""
    client = storage_client(settings)
    models.publish(client.create_bucket("serving"), made, folder)
    key, line = new_key("bench")
    (folder / "keys").write_text(line)
    environment = replace(
        settings, bucket="serving", public_key_file=folder / "public.pem"
    ).environment()
    return key, environment | {
        "API_KEYS_FILE": str(folder / "keys"),
        "PORT": str(OURS),
        "MAX_BODY_BYTES": str(1 << 24),
        "MAX_PER_SECOND": "1e9",  # on, and never reached
    }


def logging(settings: Settings) -> dict[str, str]:
    """Make the table of predictions; return what has the service write there."""
    client = bigquery_client(settings)
    client.create_dataset("serving")
    client.query_and_wait(
        "create table serving.log (logged_at timestamp, request_id string, row_index int64, "
        "door string, model_name string, model_version string, features json, "
        "predicted_value float64, predicted_label string, predicted_probability float64)"
    )
    return {"PREDICTION_LOG": "serving.log", "PREDICTION_LOG_SECONDS": "10"}


@contextmanager
def ours(environment: dict[str, str], key: str) -> Iterator[Server]:
    """Run our service; yield it once every model answers."""
    address = f"http://127.0.0.1:{OURS}"
    with started([sys.executable, "-m", "api"], address, **environment) as server:
        until_answered(server, key)
        yield server


def until_answered(server: Server, key: str) -> dict[str, float]:
    """Ask for predictions until every model gave one; return when each did first."""
    answered: dict[str, float] = {}
    deadline = time.perf_counter() + WAIT_SECONDS
    with httpx.Client(base_url=server.address, headers={"X-API-Key": key}, timeout=30) as client:
        while len(answered) < len(models.NAMES):
            if server.process.poll() is not None or time.perf_counter() > deadline:
                raise RuntimeError(f"Of {models.NAMES} only {sorted(answered)} answered.")
            for name in models.NAMES:
                if name not in answered and _is_answered(client, name):
                    answered[name] = time.perf_counter()
            time.sleep(0.01)
    return answered


def _is_answered(client: httpx.Client, name: str) -> bool:
    try:
        return client.post(f"/models/{name}/predict", json=ROW).status_code == 200
    except httpx.TransportError:
        return False


def uvicorn(port: int, module: str) -> list[str]:
    """Return the command that serves one of the modules here."""
    return [
        *(sys.executable, "-m", "uvicorn", f"benchmarks.serving.{module}:app"),
        *("--port", str(port)),
        *("--log-level", "error", "--no-access-log"),
    ]


def model(one: models.Made, folder: Path) -> dict[str, str]:
    """Write a pickle for the naive service; return the environment that names it."""
    file = folder / "model.pkl"
    file.write_bytes(pickle.dumps(one.pipeline, protocol=5))
    names = [feature.name for feature in one.manifest["features"]]
    return {"MODEL_FILE": str(file), "MODEL_COLUMNS": ",".join(names), "OMP_NUM_THREADS": "1"}
