"""How long a fresh process takes until it answers."""

from __future__ import annotations

import statistics
import sys
import time

from benchmarks.serving.report import report
from benchmarks.serving.runs import OURS, RIVALS, ROW, until_answered, uvicorn
from benchmarks.serving.servers import started, wait_for

STARTS = 5


def starts(environment: dict[str, str], key: str) -> None:
    """Start the service and the empty one in turn; tell the median of what each takes."""
    print(f"\nA fresh process, three models in the bucket: seconds, median of {STARTS} starts")
    found = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with started(uvicorn(RIVALS, "empty"), f"http://127.0.0.1:{RIVALS}") as server:
            wait_for(server, "/empty", json=ROW)
            nothing = time.perf_counter() - began
        began = time.perf_counter()
        command = [sys.executable, "-m", "api"]
        with started(command, f"http://127.0.0.1:{OURS}", **environment) as server:
            answered = sorted(until_answered(server, key).values())
        found.append((nothing, answered[0] - began, answered[-1] - began))
    nothing, first, last = (statistics.median(column) for column in zip(*found, strict=True))
    print(f"  an empty process of FastAPI {nothing:.2f}; all of the models {last:.2f}")
    print(
        f"  the first of them {first / nothing:.2f} × the empty process, all {last / nothing:.2f}"
    )
    report("fresh process to its first answer, 3 models (s)", first, most=1.5)
