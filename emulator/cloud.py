"""The local cloud as one unit: lock, Cloud Storage, BigQuery, `cloud.json`.

`cloud.json` stands in the data directory while the cloud runs, so that others attach; the
lock, which the kernel releases with the process, says whether that is still true.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bqemulator.config import LogFormat, LogLevel

from emulator.errors import AlreadyRunning, DataDirectoryError, PortTaken, StorageError
from emulator.storage import StorageServer, start_storage

CLOUD_FILE = "cloud.json"
LOG_FILE = "emulator.log"
STORAGE_CHECK_SECONDS = 1.0


@dataclass(frozen=True)
class Ports:
    """Where the cloud listens; 0 is any free port."""

    bigquery: int = 9050
    bigquery_grpc: int = 9060
    storage: int = 4443


async def serve(directory: Path, ports: Ports, project: str, *, until_eof: bool = False) -> None:
    """Run the local cloud until SIGINT or SIGTERM.

    Parameters
    ----------
    directory : pathlib.Path
        Data directory.
    ports : Ports
        Where to listen.
    project : str
        Project of requests that name none.
    until_eof : bool
        Stop at the end of standard input too: whoever holds the other end is gone.

    Raises
    ------
    EmulatorError
        If the cloud cannot start, or its Cloud Storage server dies.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if until_eof:
        threading.Thread(
            target=_wait_for_eof, args=(asyncio.get_running_loop(), stop), daemon=True
        ).start()
    with locked(directory):
        ports = check_ports(ports)
        storage = start_storage(directory / "buckets", ports.storage, directory / LOG_FILE)
        try:
            await _serve_bigquery(directory, ports, project, storage, stop)
        finally:
            storage.stop()


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


async def _serve_bigquery(
    directory: Path, ports: Ports, project: str, storage: StorageServer, stop: asyncio.Event
) -> None:
    from bqemulator.observability.logging_ import configure_logging

    configure_logging(level=LogLevel.WARNING, fmt=LogFormat.JSON)
    from emulator.bigquery import start_bigquery, stop_bigquery  # their imports log

    log_to(directory / LOG_FILE)
    server = await start_bigquery(directory, ports.bigquery, ports.bigquery_grpc, project)
    log_to(directory / LOG_FILE)
    running = Ports(server.rest_port, server.grpc_port, storage.port)
    try:
        if stop.is_set():  # told to stop while it started: nobody may attach
            return
        write_cloud_file(directory, running)
        print(
            f"Local cloud ready: BigQuery http://127.0.0.1:{running.bigquery} "
            f"(gRPC {running.bigquery_grpc}), Cloud Storage {storage.url}, data in {directory}",
            flush=True,
        )
        await _watch(storage, stop, directory)
    finally:
        (directory / CLOUD_FILE).unlink(missing_ok=True)
        await stop_bigquery(server)


async def _watch(storage: StorageServer, stop: asyncio.Event, directory: Path) -> None:
    while not stop.is_set():
        if not storage.is_running():
            raise StorageError(
                f"The Cloud Storage server died; see {directory / LOG_FILE}, then start again."
            )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), STORAGE_CHECK_SECONDS)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the data directory for this process.

    Raises
    ------
    DataDirectoryError
        If the directory cannot be made or written.
    AlreadyRunning
        If another emulator holds it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "emulator.lock").open("a+")
    except OSError as error:
        raise DataDirectoryError(
            f"The data directory '{directory}' cannot be written ({error.strerror}); "
            "choose another with --data-dir, or free space and rights there."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(_who_runs(directory)) from error
        (directory / CLOUD_FILE).unlink(missing_ok=True)
        yield


def _who_runs(directory: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError):
        cloud = json.loads((directory / CLOUD_FILE).read_text())
        return (
            f"An emulator (process {cloud['pid']}) already runs on '{directory}', BigQuery on "
            f"port {cloud['ports']['bigquery']}. Use it, or stop it with: kill {cloud['pid']}"
        )
    return f"Another emulator is starting or stopping on '{directory}'. Try again in a moment."


def check_ports(ports: Ports) -> Ports:
    """Return the ports with Cloud Storage's chosen, if every one of them is free.

    Raises
    ------
    PortTaken
        If a stranger listens on one.
    """
    wanted = {
        "BIGQUERY_PORT": ports.bigquery,
        "BIGQUERY_GRPC_PORT": ports.bigquery_grpc,
        "STORAGE_PORT": ports.storage,
    }
    free = {variable: _bindable(variable, port) for variable, port in wanted.items()}
    return Ports(ports.bigquery, ports.bigquery_grpc, free["STORAGE_PORT"])


def _bindable(variable: str, port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} is held by another program ({error.strerror}). Stop that program, "
                f"or choose another port: {variable}=0 takes any free one."
            ) from error
        chosen: int = probe.getsockname()[1]
        return chosen


def write_cloud_file(directory: Path, ports: Ports) -> None:
    """Say where the cloud listens, in one atomic step."""
    content: dict[str, Any] = {
        "pid": os.getpid(),
        "ports": {
            "bigquery": ports.bigquery,
            "bigquery_grpc": ports.bigquery_grpc,
            "storage": ports.storage,
        },
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_dir": str(directory),
    }
    draft = directory / f"{CLOUD_FILE}.draft"
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(directory / CLOUD_FILE)


def log_to(path: Path) -> None:
    """Send everything that is logged to the data directory's log file."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
