"""Servers as processes on one core, and the load on them from another."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

TICK = 1.0 / os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Load:
    """What a run of requests came to.

    Parameters
    ----------
    rate : float
        Requests a second.
    cpu : float
        The server's seconds of CPU a request.
    p99 : float
        Seconds within which 99 of 100 were answered.
    """

    rate: float
    cpu: float
    p99: float


@dataclass(frozen=True)
class Server:
    """A process that answers."""

    process: subprocess.Popen[bytes]
    address: str

    def cpu(self) -> float:
        """Return the seconds of CPU that it and its children took."""
        return sum(map(_cpu, _family(self.process.pid)))

    def pin(self) -> None:
        """Give it the first core, and its children and threads with it."""
        for process in _family(self.process.pid):
            subprocess.run(
                ["taskset", "-a", "-c", "-p", str(CORES[0]), str(process)],
                stdout=subprocess.DEVNULL,
                check=False,
            )

    def resident(self) -> float:
        """Return its memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024


@contextmanager
def started(command: list[str], address: str, **environment: str) -> Iterator[Server]:
    """Run a server."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Server(process, address)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(server: Server, path: str, seconds: float = 60.0, **request: object) -> float:
    """Wait until an address answers 200; return how long that took."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        try:
            method = "POST" if request else "GET"
            answer = httpx.request(method, server.address + path, timeout=30, **request)  # type: ignore[arg-type]
            if answer.status_code == 200:
                return time.perf_counter() - began
        except httpx.TransportError:
            pass
        if server.process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"{server.address}{path} did not answer 200")


def load(
    server: Server,
    path: str,
    body: bytes,
    connections: int,
    seconds: float,
    folder: Path,
    headers: Mapping[str, str],
    *,
    beside: bool = False,
) -> Load:
    """Ask without pause with wrk, from the last core; beside the server, from its own."""
    script = _script(body, folder / "request.lua", headers)
    before = server.cpu()
    answer = subprocess.run(
        [
            *("taskset", "-c", str(CORES[0 if beside else -1]), _wrk(), "-t1", f"-c{connections}"),
            *(f"-d{seconds:g}s", "--latency", "-s", str(script), server.address + path),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    spent = server.cpu() - before
    if "Non-2xx" in answer:
        raise RuntimeError(f"{path} did not answer 200:\n{answer}")
    requests = int(_found(r"(\d+) requests in", answer))
    return Load(float(_found(r"Requests/sec:\s+([\d.]+)", answer)), spent / requests, _p99(answer))


@contextmanager
def unending(
    server: Server, path: str, body: bytes, folder: Path, headers: Mapping[str, str]
) -> Iterator[None]:
    """Ask the same of a server again and again over one connection, at the lowest priority."""
    script = _script(body, folder / "unending.lua", headers)
    process = subprocess.Popen(
        [
            *("nice", "-n", "19", "taskset", "-c", str(CORES[-1]), _wrk(), "-t1", "-c1"),
            *("-d600s", "-s", str(script), server.address + path),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _wrk() -> str:
    found = shutil.which("wrk")
    if found is None:
        raise RuntimeError("wrk was not found; install it (Debian's package is wrk).")
    return found


def _script(body: bytes, file: Path, headers: Mapping[str, str]) -> Path:
    """Write what wrk is to ask."""
    content = file.with_suffix(".body")
    content.write_bytes(body)
    named = {"Content-Type": "application/json", **headers}
    file.write_text(
        'wrk.method = "POST"\n'
        + "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in named.items())
        + f'wrk.body = io.open("{content}", "rb"):read("*a")\n'
    )
    return file


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"wrk said:\n{text}")
    return found[1]


def _p99(text: str) -> float:
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if found is None:
        raise RuntimeError(f"wrk said:\n{text}")
    return float(found[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[found[2]]


def _family(process: int) -> list[int]:
    found = [process]
    for one in found:
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:
            continue
        found += map(int, children)
    return found


def _cpu(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * TICK
