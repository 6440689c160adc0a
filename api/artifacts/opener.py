"""The process that opens pickles, seen from the service: started early, asked, let go.

Importing scikit-learn takes longer than all the rest of a start, so `prepare` begins it before
the service itself is imported. Nothing here imports more than the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from api.errors import ChildGone, LoadError

ROOT = Path(__file__).resolve().parents[2]
KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
START_SECONDS = 60.0
IDLE_SECONDS = 15.0
Files = tuple[str, str]
_prepared: list[Child] = []


class Child:
    """A child process without credentials, which takes requests and answers them in order."""

    def __init__(self) -> None:
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self._words = _file_in_memory()
        self._read = b""
        self._process = subprocess.Popen(
            [sys.executable, "-EsB", "-m", "api.artifacts.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            cwd=ROOT,
            env=kept | ONE_THREAD,
            start_new_session=True,  # Ctrl-C is for the service; the child dies with it
        )
        self._asked = False

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Return the answer to a request.

        Parameters
        ----------
        request : dict
            What `api.artifacts.child` takes, as JSON.
        seconds : float
            How long it may take; the first one has `START_SECONDS` more.

        Raises
        ------
        LoadError
            If none comes in time, or the child is gone; it is not to be asked again.
        """
        self.send(request)
        return self.answer(seconds)

    def send(self, request: dict[str, Any]) -> None:
        """Send a request whose answer is asked for later.

        Raises
        ------
        LoadError
            If the child is gone.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._gone() from None

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return the next answer; see `ask`."""
        wait = seconds + (0.0 if self._asked else START_SECONDS)
        self._asked = True
        try:
            line = self._line(time.monotonic() + wait)
            answer = json.loads(line, parse_constant=_refuse)
        except TimeoutError:  # an OSError too, so it comes first
            raise LoadError(f"The process with the pickle took more than {wait:g} s.") from None
        except (OSError, ValueError):
            raise self._gone() from None
        if not isinstance(answer, dict):
            raise self._gone()
        return answer

    def end(self) -> None:
        """End the child, whatever it does."""
        with contextlib.suppress(OSError):
            self._process.kill()
        with contextlib.suppress(OSError, ValueError):
            self._process.communicate(timeout=10)
        self._words.close()

    def _line(self, deadline: float) -> bytes:
        assert self._process.stdout is not None
        file = self._process.stdout.fileno()
        while b"\n" not in self._read:
            ready, _, _ = select.select([file], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            part = os.read(file, 1 << 20)
            if not part:
                raise OSError("it is gone")
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _gone(self) -> ChildGone:
        self._process.kill()
        code = self._process.wait()
        self._words.seek(0)
        words = self._words.read().decode(errors="replace").strip().splitlines()[-1:]
        return ChildGone(f"The process that opens pickles ended with {code}: {words}")


class Opener:
    """Opens pickles in a child, which is started when it is needed and let go when it is not.

    Parameters
    ----------
    seconds : float
        How long one may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._child: Child | None = _prepared.pop() if _prepared else None
        self._used = time.monotonic()

    def open(self, versions: Sequence[Files]) -> Iterator[dict[str, Any]]:
        """Yield what the child makes of each version; it works on several at once.

        Parameters
        ----------
        versions : sequence of tuple of (str, str)
            The manifest as JSON and the pickle in base64, both verified.

        Raises
        ------
        LoadError
            If it makes nothing of one; the rest is not opened.
        """
        child = self._child = self._child or Child()
        try:
            for at, (manifest, pickle) in enumerate(versions, start=1):
                request = {"manifest": manifest, "pickle": pickle, "seconds": self._seconds}
                child.send(request | {"more": at < len(versions)})
            for _ in versions:
                self._used = time.monotonic()
                yield child.answer(self._seconds + 5)
        except LoadError:
            self.end()
            raise

    def rest(self) -> None:
        """Let the child go if nothing was opened for a while; it takes memory."""
        if self._child is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self.end()

    def end(self) -> None:
        """Let the child go."""
        if self._child is not None:
            self._child.end()
            self._child = None


def _file_in_memory() -> IO[bytes]:
    """Return a file for the child's last words; a container may have no folder to write to."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("words"), "w+b")
    return tempfile.TemporaryFile()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of a table")


def prepare() -> None:
    """Start a child for the first `Opener`."""
    _prepared.append(Child())
