"""`python -m benchmarks.serving`: what an answer costs, against three rivals in the same run.

The API has a key, limits and metrics on, as in service. Its rivals are an endpoint of FastAPI
that reads the same input and does nothing (what the framework costs), the usual service of
pandas and a pickle, and `mlflow models serve` in a virtual environment of its own. A server has
one core, the load (wrk) another.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa

from api.gate.keys import new_key
from benchmarks.local_cloud import emulator
from benchmarks.serving import models
from benchmarks.serving.servers import Load, Server, load, started, unending, wait_for
from cloud import bigquery_client, storage_client
from cloud.settings import Settings

OURS, RIVALS, MLFLOW = 18080, 18081, 18082
CONNECTIONS = (1, 16, 64)
BATCH_ROWS = 10_000
STARTS, WAIT_SECONDS = 5, 60.0
PINNED = ("scikit-learn", "numpy", "pandas", "scipy", "joblib")
# Of each batch's form, how many times the naive service's rows a second.
BATCHES = {"JSON rows": 5.0, "JSON columns": 3.0, "CSV": 3.5, "Arrow": 5.0}
FAILED: list[str] = []


def main(arguments: list[str] | None = None) -> int:
    """Print the ratios; 1 if one is beyond its bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run of wrk")
    parser.add_argument("--without-mlflow", action="store_true", help="leave its service out")
    parser.add_argument("--only-start", action="store_true", help="measure a fresh process alone")
    parser.add_argument("--log", action="store_true", help="log predictions to BigQuery")
    asked = parser.parse_args(arguments)
    FAILED.clear()
    made = models.make()
    with tempfile.TemporaryDirectory() as name, emulator() as (settings, _):
        folder = Path(name)
        key, environment = _prepared(settings, made, folder)
        if asked.log:
            environment |= _logging(settings)
        _starts(environment, key)
        if asked.only_start:
            return _ended()
        with (
            _ours(environment, key) as ours,
            started(
                _uvicorn(RIVALS, "rivals"), f"http://127.0.0.1:{RIVALS}", **_model(made[0], folder)
            ) as rivals,
        ):
            wait_for(rivals, "/empty", json=ROW)
            _report("resident memory, 3 models (MiB)", ours.resident(), most=150.0)
            ours.pin()
            rivals.pin()
            runs = Runs(ours, rivals, key, asked.seconds, folder)
            _single(runs)
            _alternating(runs)
            _slow_rivals(runs, made[0], without_mlflow=asked.without_mlflow)
            _batches(runs)
            _beside(runs)
    return _ended()


def _ended() -> int:
    for words in FAILED:
        print(f"BEYOND ITS BOUND: {words}")
    return 1 if FAILED else 0


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
DATATYPES = {str: "BYTES", int: "INT64", float: "FP64"}
TENSORS = [
    {"name": n, "shape": [1], "datatype": DATATYPES[type(v)], "data": [v]} for n, v in CELLS.items()
]
DOORS = {
    "open inference": ("/v2/models/price_linear/infer", {"inputs": TENSORS}),
    "mlflow": ("/invocations", {"dataframe_records": ROW["rows"]}),
    "vertex": ("/predict", {"instances": ROW["rows"]}),
}


@dataclass(frozen=True)
class Runs:
    """Both servers, and how to ask them."""

    ours: Server
    rivals: Server
    key: str
    seconds: float
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


def _prepared(
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


def _logging(settings: Settings) -> dict[str, str]:
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
def _ours(environment: dict[str, str], key: str) -> Iterator[Server]:
    address = f"http://127.0.0.1:{OURS}"
    with started([sys.executable, "-m", "api"], address, **environment) as server:
        _until_answered(server, key)
        yield server


def _starts(environment: dict[str, str], key: str) -> None:
    """Start the service and the empty one in turn; tell the median of what each takes."""
    print(f"\nA fresh process, three models in the bucket: seconds, median of {STARTS} starts")
    found = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with started(_uvicorn(RIVALS, "empty"), f"http://127.0.0.1:{RIVALS}") as server:
            wait_for(server, "/empty", json=ROW)
            nothing = time.perf_counter() - began
        began = time.perf_counter()
        command = [sys.executable, "-m", "api"]
        with started(command, f"http://127.0.0.1:{OURS}", **environment) as server:
            answered = sorted(_until_answered(server, key).values())
        found.append((nothing, answered[0] - began, answered[-1] - began))
    nothing, first, last = (statistics.median(column) for column in zip(*found, strict=True))
    print(f"  an empty process of FastAPI {nothing:.2f}; all of the models {last:.2f}")
    print(
        f"  the first of them {first / nothing:.2f} × the empty process, all {last / nothing:.2f}"
    )
    _report("fresh process to its first answer, 3 models (s)", first, most=1.5)


def _until_answered(server: Server, key: str) -> dict[str, float]:
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


def _uvicorn(port: int, module: str) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", f"benchmarks.serving.{module}:app"),
        *("--port", str(port)),
        *("--log-level", "error", "--no-access-log"),
    ]


def _model(one: models.Made, folder: Path) -> dict[str, str]:
    file = folder / "model.pkl"
    file.write_bytes(pickle.dumps(one.pipeline, protocol=5))
    names = [feature.name for feature in one.manifest["features"]]
    return {"MODEL_FILE": str(file), "MODEL_COLUMNS": ",".join(names), "OMP_NUM_THREADS": "1"}


def _single(runs: Runs) -> None:
    print("\nOne row: CPU a request and requests a second, as ratios to the empty endpoint")
    for connections in CONNECTIONS:
        empty = runs.their("/empty", connections)
        print(f" {connections} connections; empty: {_told(empty)}")
        for name in models.NAMES:
            found = runs.our(f"/models/{name}/predict", ROW, connections)
            most, least = (0.8, None) if name == "price_trees" else (0.5, 1.5)
            _ratios(f"own {name}, {connections}", found, empty, most, least)
            if connections == 16 and name != "price_trees":
                _report(f"  p99 of {name}, 16 (× empty)", found.p99 / empty.p99, most=1.0)
        for name, (path, content) in DOORS.items():
            found = runs.our(path, content, connections)
            _ratios(f"{name}, {connections}", found, empty, 1.0, None)


def _alternating(runs: Runs) -> None:
    """Ask over one connection from the server's own core.

    Over one connection load and server take turns. On two cores of a virtual machine each turn
    wakes a core that sleeps, which costs as much as an answer, to whoever answers.
    """
    empty = runs.their("/empty", 1, beside=True)
    print(f" 1 connection, load on the server's own core; empty: {_told(empty)}")
    for name in models.NAMES:
        found = runs.our(f"/models/{name}/predict", ROW, 1, beside=True)
        most, least = (0.8, None) if name == "price_trees" else (0.5, 1.5)
        _ratios(f"own {name}, 1, one core", found, empty, most, least)


def _slow_rivals(runs: Runs, one: models.Made, *, without_mlflow: bool) -> None:
    print("\nOne row at 16 connections against whole services: requests a second")
    found = runs.our("/models/price_linear/predict", ROW, 16)
    naive = runs.their("/naive", 16)
    print(f"  ours {_told(found)}; pandas and a pickle {_told(naive)}")
    _report("ours × pandas and a pickle", found.rate / naive.rate, least=50.0)
    if without_mlflow:
        return
    with _mlflow(one, runs.folder) as server:
        body = json.dumps({"dataframe_records": ROW["rows"]}).encode()
        theirs = load(server, "/invocations", body, 16, runs.seconds, runs.folder, {})
    print(f"  mlflow models serve {_told(theirs)}")
    _report("ours × mlflow models serve", found.rate / theirs.rate, least=50.0)


@contextmanager
def _mlflow(one: models.Made, folder: Path) -> Iterator[Server]:
    """Install MLflow in an environment of its own, and serve the pickle with it."""
    home = folder / "mlflow"
    venv.create(home, with_pip=True)
    python = str(home / "bin" / "python")
    wanted = ["mlflow-skinny", "fastapi", "uvicorn", "flask", "httptools", "uvloop"]
    wanted += [f"{name}=={one.manifest['libraries'][name]}" for name in PINNED]
    quiet = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([python, *quiet, *wanted], check=True, stderr=subprocess.DEVNULL)
    model = folder / "mlflow-model"
    save = (
        "import mlflow.sklearn, pickle, sys; from pathlib import Path; "
        "mlflow.sklearn.save_model(pickle.loads(Path(sys.argv[1]).read_bytes()), sys.argv[2], "
        "serialization_format='cloudpickle', pip_requirements=[])"
    )
    quiet_environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    subprocess.run(
        [python, "-W", "ignore", "-c", save, str(folder / "model.pkl"), str(model)],
        check=True,
        env=quiet_environment,
        stderr=subprocess.DEVNULL,
    )
    command = [
        *(python, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", str(MLFLOW)),
        *("--env-manager", "local", "--workers", "1"),
    ]
    path = f"{home / 'bin'}:{os.environ['PATH']}"
    address = f"http://127.0.0.1:{MLFLOW}"
    with started(command, address, PATH=path, MLFLOW_DISABLE_TELEMETRY="true") as server:
        wait_for(server, "/ping")
        server.pin()
        yield server


def _bodies() -> dict[str, tuple[str, bytes]]:
    """Return 10,000 rows of the sample in each form."""
    table = models.rows()[list(CELLS)]
    table = table.sample(BATCH_ROWS, replace=True, random_state=1).reset_index(drop=True)
    objects = json.loads(table.to_json(orient="records"))
    columns = {name: table[name].tolist() for name in table.columns}
    sink = pa.BufferOutputStream()
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return {
        "JSON rows": ("application/json", json.dumps({"rows": objects}).encode()),
        "JSON columns": ("application/json", json.dumps({"columns": columns}).encode()),
        "CSV": ("text/csv", table.to_csv(index=False).encode()),
        "Arrow": (
            "application/vnd.apache.arrow.stream",
            sink.getvalue().to_pybytes(),
        ),
    }


def _batches(runs: Runs) -> None:
    print(f"\n{BATCH_ROWS:,} rows in a request: thousand rows a second")
    for form, (kind, body) in _bodies().items():
        ours = _rate(runs.ours, "/models/price_linear/predict", kind, body, runs.key)
        path = "/naive" if form == "JSON rows" else "/naive/batch"
        naive = _rate(runs.rivals, path, kind, body, "")
        print(f"  {form:<13} ours {ours / 1e3:7.0f}   pandas and a pickle {naive / 1e3:7.0f}")
        _report(f"{form} (× pandas and a pickle)", ours / naive, least=BATCHES[form])


def _rate(server: Server, path: str, kind: str, body: bytes, key: str, times: int = 25) -> float:
    """Return rows a second, the median of several requests."""
    headers = {"Content-Type": kind, "X-API-Key": key}
    seconds = []
    with httpx.Client(timeout=60, headers=headers) as client:
        for _ in range(times):
            began = time.perf_counter()
            client.post(server.address + path, content=body).raise_for_status()
            seconds.append(time.perf_counter() - began)
    return BATCH_ROWS / statistics.median(seconds)


def _beside(runs: Runs) -> None:
    """Ask single rows while a batch is always being answered."""
    print("\nSingle rows while batches are answered: p99")
    alone = runs.our("/models/price_linear/predict", ROW, 16)
    _, body = _bodies()["JSON rows"]
    headers = {"X-API-Key": runs.key}
    path = "/models/price_linear/predict"
    with unending(runs.ours, path, body, runs.folder, headers):
        beside = runs.our(path, ROW, 16)
    print(f"  alone {alone.p99 * 1e3:.1f} ms, beside {beside.p99 * 1e3:.1f} ms")
    _report("p99 beside a batch (× alone)", beside.p99 / alone.p99, most=10.0)


def _ratios(name: str, found: Load, empty: Load, most: float, least: float | None) -> None:
    print(f"  {name:<28} {_told(found)}")
    _report(f"  CPU of {name} (× empty)", found.cpu / empty.cpu, most=most)
    if least is not None:
        _report(f"  requests/s of {name} (× empty)", found.rate / empty.rate, least=least)


def _told(found: Load) -> str:
    return f"{found.cpu * 1e6:6.0f} µs CPU, {found.rate:7.0f}/s, p99 {found.p99 * 1e3:.2f} ms"


def _report(
    name: str, value: float, *, most: float | None = None, least: float | None = None
) -> None:
    bound = f"at most {most:g}" if most is not None else f"at least {least:g}"
    beyond = (most is not None and value > most) or (least is not None and value < least)
    line = f"{name}: {value:.3g} ({bound})"
    print(f"    {line}{'  <<<' if beyond else ''}", flush=True)
    if beyond:
        FAILED.append(line.strip())


if __name__ == "__main__":
    sys.exit(main())
