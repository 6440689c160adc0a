"""Many rows in a request, against the naive service, and single rows beside them."""

from __future__ import annotations

import json
import statistics
import time

import httpx
import pyarrow as pa

from benchmarks.serving import models
from benchmarks.serving.report import report
from benchmarks.serving.runs import CELLS, ROW, Runs
from benchmarks.serving.servers import Server, unending

BATCH_ROWS = 10_000
# Of each batch's form, how many times the naive service's rows a second.
BATCHES = {"JSON rows": 5.0, "JSON columns": 3.0, "CSV": 3.5, "Arrow": 5.0}


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


def batches(runs: Runs) -> None:
    """Ask both services for rows in each form; report rows a second as ratios."""
    print(f"\n{BATCH_ROWS:,} rows in a request: thousand rows a second")
    for form, (kind, body) in _bodies().items():
        ours = _rate(runs.ours, "/models/price_linear/predict", kind, body, runs.key)
        path = "/naive" if form == "JSON rows" else "/naive/batch"
        naive = _rate(runs.rivals, path, kind, body, "")
        print(f"  {form:<13} ours {ours / 1e3:7.0f}   pandas and a pickle {naive / 1e3:7.0f}")
        report(f"{form} (× pandas and a pickle)", ours / naive, least=BATCHES[form])


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


def beside(runs: Runs) -> None:
    """Ask single rows while a batch is always being answered."""
    print("\nSingle rows while batches are answered: p99")
    alone = runs.our("/models/price_linear/predict", ROW, 16)
    _, body = _bodies()["JSON rows"]
    headers = {"X-API-Key": runs.key}
    path = "/models/price_linear/predict"
    with unending(runs.ours, path, body, runs.folder, headers):
        beside = runs.our(path, ROW, 16)
    print(f"  alone {alone.p99 * 1e3:.1f} ms, beside {beside.p99 * 1e3:.1f} ms")
    report("p99 beside a batch (× alone)", beside.p99 / alone.p99, most=10.0)
