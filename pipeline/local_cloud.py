"""Start the local cloud, or attach to the one that runs on the same `.local`.

A running local cloud tells its addresses in `<directory>/cloud.json`. Whoever starts one
stops it; whoever attaches leaves it running. On Google Cloud there is nothing to start.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloud import Settings
from pipeline.errors import DiskSpaceError, LocalCloudError, NoLocalCloudError

DIRECTORY = Path(".local")
START_SECONDS = 90.0
HELD = 75  # the emulator's exit code while another one holds its directory
HELD_PAUSE_SECONDS = 0.5
# A report of 3 MB becomes 22 MB of objects, tables and write-ahead log.
SPACE_PER_REPORT_BYTE = 8
SPARE_BYTES = 64 * 2**20


@contextmanager
def running(settings: Settings, directory: Path = DIRECTORY) -> Iterator[Settings]:
    """Give the settings of a cloud that answers; start a local one when there is none.

    Parameters
    ----------
    settings : Settings
        What the environment says. On the target `cloud` it comes back as it is.
    directory : pathlib.Path
        State of the local cloud.

    Raises
    ------
    LocalCloudError
        If the local cloud does not start; the message is its own.
    """
    if settings.target == "cloud":
        yield settings
        return
    state = _running_state(directory)
    if state is not None:
        yield _located(settings, state)
        return
    process, state = _started(directory)
    try:
        yield _located(settings, state)
    finally:
        if process is not None:
            _stop(process)


def attached(settings: Settings, directory: Path = DIRECTORY) -> Settings:
    """Give the settings of the cloud that runs already.

    Raises
    ------
    NoLocalCloudError
        If the target is local and no local cloud runs on `directory`.
    """
    if settings.target == "cloud":
        return settings
    state = _running_state(directory)
    if state is None:
        raise NoLocalCloudError(
            f"No local cloud runs on '{directory}'. Start one with `make up` in another terminal, "
            "or let `make run` start it and do everything."
        )
    return _located(settings, state)


def require_space(report: Path, directory: Path = DIRECTORY) -> None:
    """Refuse a report that the disk has no room for, before anything is written.

    Raises
    ------
    DiskSpaceError
        If the disk of `directory` has less free space than the report is likely to take.
    """
    directory.mkdir(parents=True, exist_ok=True)
    size = report.stat().st_size if report.is_file() else 0
    needed = SPARE_BYTES + SPACE_PER_REPORT_BYTE * size
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise DiskSpaceError(
            f"The disk of '{directory.absolute()}' has {free / 1e6:,.0f} MB free; '{report}' "
            f"needs about {needed / 1e6:,.0f} MB there. Free space, or run from another disk."
        )


def _running_state(directory: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((directory / "cloud.json").read_text())
        os.kill(int(state["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return None
    return state if _answers(state) else None


def _answers(state: dict[str, Any]) -> bool:
    url = f"http://127.0.0.1:{state['ports']['bigquery']}/bigquery/v2/projects/ping/datasets"
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _located(settings: Settings, state: dict[str, Any]) -> Settings:
    return replace(
        settings,
        bigquery_host=f"http://127.0.0.1:{state['ports']['bigquery']}",
        bigquery_grpc_port=int(state["ports"]["bigquery_grpc"]),
        storage_host=f"http://127.0.0.1:{state['ports']['storage']}",
    )


def _start(directory: Path) -> subprocess.Popen[bytes]:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "cloud.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "emulator", "--data-dir", str(directory), "--until-eof"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the pipeline alone, which then stops it
        )


def _started(directory: Path) -> tuple[subprocess.Popen[bytes] | None, dict[str, Any]]:
    """Start a local cloud; return None beside the state of one that somebody else started.

    The cloud of a run that was killed holds the directory until it has stopped.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        process = _start(directory)
        state = _wait(process, directory, deadline)
        if state is not None:
            return process, state
        time.sleep(HELD_PAUSE_SECONDS)
        state = _running_state(directory)
        if state is not None:
            return None, state
        if time.monotonic() > deadline:
            raise LocalCloudError(_last_words(directory))


def _wait(
    process: subprocess.Popen[bytes], directory: Path, deadline: float
) -> dict[str, Any] | None:
    """Return the state once the process answers; None if another one holds the directory."""
    try:
        while time.monotonic() < deadline:
            if process.poll() == HELD:
                _stop(process)
                return None
            if process.returncode is not None:
                raise LocalCloudError(_last_words(directory))
            state = _running_state(directory)
            if state is not None and state["pid"] == process.pid:
                return state
            time.sleep(0.1)
        raise LocalCloudError(
            f"The local cloud did not answer within {START_SECONDS:.0f} s; "
            f"its log is '{directory / 'cloud.log'}'."
        )
    except BaseException:
        _stop(process)
        raise


def _last_words(directory: Path) -> str:
    lines = (directory / "cloud.log").read_text(errors="replace").strip().splitlines()
    words = "\n".join(lines[-5:]) or "it said nothing"
    return f"The local cloud did not start: {words}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
