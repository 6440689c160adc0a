"""One row: what an answer costs, against an endpoint that does nothing and whole services."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving import models
from benchmarks.serving.report import ratios, report, told
from benchmarks.serving.runs import CELLS, MLFLOW, ROW, Runs
from benchmarks.serving.servers import Server, load, started, wait_for

CONNECTIONS = (1, 16, 64)
PINNED = ("scikit-learn", "numpy", "pandas", "scipy", "joblib")
DATATYPES = {str: "BYTES", int: "INT64", float: "FP64"}
TENSORS = [
    {"name": n, "shape": [1], "datatype": DATATYPES[type(v)], "data": [v]} for n, v in CELLS.items()
]
DOORS = {
    "open inference": ("/v2/models/price_linear/infer", {"inputs": TENSORS}),
    "mlflow": ("/invocations", {"dataframe_records": ROW["rows"]}),
    "vertex": ("/predict", {"instances": ROW["rows"]}),
}


def single(runs: Runs) -> None:
    """Ask for one row at each door, over few and many connections."""
    print("\nOne row: CPU a request and requests a second, as ratios to the empty endpoint")
    for connections in CONNECTIONS:
        empty = runs.their("/empty", connections)
        print(f" {connections} connections; empty: {told(empty)}")
        for name in models.NAMES:
            found = runs.our(f"/models/{name}/predict", ROW, connections)
            most, least = (0.8, None) if name == "price_trees" else (0.5, 1.5)
            ratios(f"own {name}, {connections}", found, empty, most, least)
            if connections == 16 and name != "price_trees":
                report(f"  p99 of {name}, 16 (× empty)", found.p99 / empty.p99, most=1.0)
        for name, (path, content) in DOORS.items():
            found = runs.our(path, content, connections)
            ratios(f"{name}, {connections}", found, empty, 1.0, None)


def alternating(runs: Runs) -> None:
    """Ask over one connection from the server's own core.

    Over one connection load and server take turns. On two cores of a virtual machine each turn
    wakes a core that sleeps, which costs as much as an answer, to whoever answers.
    """
    empty = runs.their("/empty", 1, beside=True)
    print(f" 1 connection, load on the server's own core; empty: {told(empty)}")
    for name in models.NAMES:
        found = runs.our(f"/models/{name}/predict", ROW, 1, beside=True)
        most, least = (0.8, None) if name == "price_trees" else (0.5, 1.5)
        ratios(f"own {name}, 1, one core", found, empty, most, least)


def slow_rivals(runs: Runs, one: models.Made, *, without_mlflow: bool) -> None:
    """Report how many times the requests of whole services ours answers."""
    print("\nOne row at 16 connections against whole services: requests a second")
    found = runs.our("/models/price_linear/predict", ROW, 16)
    naive = runs.their("/naive", 16)
    print(f"  ours {told(found)}; pandas and a pickle {told(naive)}")
    report("ours × pandas and a pickle", found.rate / naive.rate, least=50.0)
    if without_mlflow:
        return
    with _mlflow(one, runs.folder) as server:
        body = json.dumps({"dataframe_records": ROW["rows"]}).encode()
        theirs = load(server, "/invocations", body, 16, runs.seconds, runs.folder, {})
    print(f"  mlflow models serve {told(theirs)}")
    report("ours × mlflow models serve", found.rate / theirs.rate, least=50.0)


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
