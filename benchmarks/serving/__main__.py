"""`python -m benchmarks.serving`: what an answer costs, against three rivals in the same run.

The API has a key, limits and metrics on, as in service. Its rivals are an endpoint of FastAPI
that reads the same input and does nothing (what the framework costs), the usual service of
pandas and a pickle, and `mlflow models serve` in a virtual environment of its own. A server has
one core, the load (wrk) another.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.local_cloud import emulator
from benchmarks.serving import models
from benchmarks.serving.batches import batches, beside
from benchmarks.serving.report import FAILED, report
from benchmarks.serving.runs import RIVALS, ROW, Runs, logging, model, ours, prepared, uvicorn
from benchmarks.serving.servers import started, wait_for
from benchmarks.serving.single import alternating, single, slow_rivals
from benchmarks.serving.starts import starts


def main(arguments: list[str] | None = None) -> int:
    """Print the ratios; 1 if one is beyond its bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="of each run of wrk")
    parser.add_argument("--without-mlflow", action="store_true", help="leave its service out")
    parser.add_argument("--only-start", action="store_true", help="measure a fresh process alone")
    parser.add_argument("--log", action="store_true", help="log predictions to BigQuery")
    asked = parser.parse_args(arguments)
    FAILED.clear()
    made = models.make()
    with tempfile.TemporaryDirectory() as name, emulator() as (settings, _):
        folder = Path(name)
        key, environment = prepared(settings, made, folder)
        if asked.log:
            environment |= logging(settings)
        starts(environment, key)
        if asked.only_start:
            return _ended()
        with (
            ours(environment, key) as service,
            started(
                uvicorn(RIVALS, "rivals"), f"http://127.0.0.1:{RIVALS}", **model(made[0], folder)
            ) as rivals,
        ):
            wait_for(rivals, "/empty", json=ROW)
            report("resident memory, 3 models (MiB)", service.resident(), most=150.0)
            service.pin()
            rivals.pin()
            runs = Runs(service, rivals, key, asked.seconds, folder)
            single(runs)
            alternating(runs)
            slow_rivals(runs, made[0], without_mlflow=asked.without_mlflow)
            batches(runs)
            beside(runs)
    return _ended()


def _ended() -> int:
    for words in FAILED:
        print(f"BEYOND ITS BOUND: {words}")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
