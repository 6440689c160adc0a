"""Several processes on one port, and how it stops."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import V1
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import wait_until

ROOT = Path(__file__).parents[2]


def started(settings, **environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env={**os.environ, **settings.cloud.environment(), "PORT": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    return process, address[0]


def processes(leader):
    """Return what still runs of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def asked(address):
    """Ask once over a connection of its own; return the status, or None."""
    try:
        url = f"{address}/models/price/predict"
        return httpx.post(url, json={"rows": [TYPICAL]}, timeout=10).status_code
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_answers_until_it_is_told_to_stop_and_leaves_nothing_behind(
    settings, bucket, key, workers
):
    publish(bucket, "price", V1, version_files("price", V1, key))
    process, address = started(settings, WORKERS=workers)
    try:
        wait_until(lambda: [asked(address) for _ in range(20)] == [200] * 20)
        last = {}

        def slow():
            yield b'{"rows": ['
            time.sleep(1.0)
            yield b"]}"

        url = f"{address}/models/price/predict"
        thread = threading.Thread(
            target=lambda: last.update(status=httpx.post(url, content=slow()).status_code)
        )
        thread.start()
        time.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        thread.join()
        process.wait(timeout=30)
    finally:
        process.kill()
        process.communicate()

    assert last == {"status": 422}  # what was being asked is answered: there were no rows
    assert process.returncode in (0, -signal.SIGTERM)
    wait_until(lambda: processes(process.pid) == [])
