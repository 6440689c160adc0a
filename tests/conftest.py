"""The local cloud for tests: a real process on free ports with a directory of its own."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloud.settings import Settings
from tests.e2e.desk import SAMPLE, Desk

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
# A file goes to one core; these take minutes, so that one that came last would keep a core idle.
LONG = ("export/test_million.py", "export/test_five_million.py", "models", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first."""
    longest = [ROOT / "tests" / name for name in LONG]

    def place(item: pytest.Item) -> int:
        found = {item.path, item.path.parent}.intersection(longest)
        return longest.index(found.pop()) if found else len(longest)

    items.sort(key=place)


@dataclass(frozen=True)
class LocalCloud:
    """A running local cloud: settings for clients, environment for child processes."""

    settings: Settings
    environment: dict[str, str]
    directory: Path


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    directory = tmp_path_factory.mktemp("cloud")
    process = start_cloud(directory)
    try:
        yield attach(directory, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


@dataclass(frozen=True)
class FirstRun:
    """How `pipeline run` of the sample ended in an empty folder, and that folder."""

    code: int
    output: str
    folder: Path

    @property
    def told(self) -> dict[str, Any]:
        """What its `run.json` says."""
        told: dict[str, Any] = json.loads((self.folder / ".local" / "run.json").read_text())
        return told

    def continued(self, folder: Path) -> Desk:
        """Return a desk in a new folder to go on at: this one is for all."""
        assert self.code == 0, self.output
        shutil.copytree(self.folder, folder)
        return Desk(folder)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """The sample's first run: once, whichever process of the tests asks first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, ended = shared / "first-run", shared / "first-run.json"
    with (shared / "first-run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ended.exists():
            folder.mkdir()
            code, output, _ = Desk(folder).run(SAMPLE)
            ended.write_text(json.dumps([code, output]))
    return FirstRun(*json.loads(ended.read_text()), folder)


@pytest.fixture(scope="session")
def sample_cloud(
    first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCloud]:
    """A local cloud that holds what the pipeline makes of the sample, as `make up` starts it."""
    desk = first_run.continued(tmp_path_factory.mktemp("sample") / "desk")
    directory = desk.folder / ".local"
    process = start_cloud(directory)
    try:
        yield attach(directory, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def start_cloud(directory: Path) -> subprocess.Popen[bytes]:
    """Start `python -m emulator` on free ports; it is not ready yet (see `attach`)."""
    ports = {name: "0" for name in ("BIGQUERY_PORT", "BIGQUERY_GRPC_PORT", "STORAGE_PORT")}
    return subprocess.Popen(
        [sys.executable, "-m", "emulator", "--data-dir", str(directory)],
        cwd=ROOT,
        env={**os.environ, **ports},
        stdout=subprocess.DEVNULL,
    )


def attach(directory: Path, process: subprocess.Popen[bytes]) -> LocalCloud:
    """Wait until the cloud is ready and return what clients and child processes need."""
    deadline = time.monotonic() + START_SECONDS
    while (cloud := _cloud(directory)).get("pid") != process.pid:
        assert process.poll() is None, f"the emulator ended with {process.returncode}"
        assert time.monotonic() < deadline, "the emulator did not get ready"
        time.sleep(0.05)
    ports = cloud["ports"]
    settings = Settings(
        bigquery_host=f"http://127.0.0.1:{ports['bigquery']}",
        bigquery_grpc_port=ports["bigquery_grpc"],
        storage_host=f"http://127.0.0.1:{ports['storage']}",
        signing_key_file=directory / "keys" / "signing.pem",
        public_key_file=directory / "keys" / "public.pem",
    )
    return LocalCloud(settings, {**os.environ, **settings.environment()}, directory)


def _cloud(directory: Path) -> dict[str, Any]:
    """Return what `cloud.json` says; a killed emulator's may still lie there."""
    try:
        cloud: dict[str, Any] = json.loads((directory / "cloud.json").read_text())
    except FileNotFoundError:
        return {}
    return cloud
