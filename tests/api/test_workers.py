"""Several processes on one port, and how it stops."""

import contextlib
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


def ended(process):
    """End a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


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
        ended(process)

    assert last == {"status": 422}  # what was being asked is answered: there were no rows
    assert process.returncode in (0, -signal.SIGTERM)
    wait_until(lambda: processes(process.pid) == [])


def counted(address):
    """Return how many predictions were answered, as ten requests are told it."""
    told = set()
    for _ in range(10):
        text = httpx.get(f"{address}/metrics", timeout=10).text
        line = r'^sales_api_requests_total\{.*model="price".*\} (\S+)$'
        told.add(sum(map(float, re.findall(line, text, re.MULTILINE))))
    return told


def workers(process):
    """Return the processes that answer: the parent's, but for Python's tracker of memory."""
    found = []
    for one in processes(process.pid):
        if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes():
            found.append(one)
    return found


def test_whichever_worker_is_asked_tells_of_all_and_of_those_that_died(settings, bucket, key):
    publish(bucket, "price", V1, version_files("price", V1, key))
    process, address = started(settings, WORKERS="3")
    answered = 0

    def ask(times):
        nonlocal answered
        found = [asked(address) for _ in range(times)]
        answered += found.count(200)
        return found == [200] * times

    try:
        wait_until(lambda: ask(20))
        assert wait_until(lambda: counted(address) == {answered})

        assert len(workers(process)) == 3
        os.kill(workers(process)[0], signal.SIGKILL)
        assert wait_until(lambda: len(workers(process)) == 3 and ask(20))
        assert wait_until(lambda: counted(address) == {answered})
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    finally:
        ended(process)
    assert not list(Path("/dev/shm").glob(f"sales-api-*-{process.pid}-*"))


def test_no_worker_outlives_its_parent(settings):
    process, _ = started(settings, WORKERS="2")
    try:
        wait_until(lambda: len(workers(process)) == 2)
        process.kill()
        process.wait(timeout=10)
        assert wait_until(lambda: processes(process.pid) == [])
    finally:
        ended(process)
