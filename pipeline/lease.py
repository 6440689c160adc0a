"""One run at a time: a lease, an object in the bucket that is written by compare-and-swap.

Whoever writes `runs/lease.json` over the generation that it read holds the lease, and renews it
while it works; Cloud Storage lets one of many win. A holder that was killed renews no more, so
that the next run takes over once the lease has expired, or at once where it can see that the
process is gone: on the same machine.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Bucket

from pipeline.errors import LeaseHeldError, LeaseLostError
from pipeline.place import here, is_gone
from pipeline.services import BRIEF, SERVICE_ERRORS
from pipeline.services import SECONDS as SECONDS_TO_ANSWER

OBJECT = "runs/lease.json"
SECONDS = 300.0
RENEWALS = 10  # within the time of one lease: some may fail


@dataclass(frozen=True)
class Held:
    """What the lease's object says.

    Parameters
    ----------
    run : str
        Id of the run that holds it, or held it last.
    expires_at : datetime
        From when others may take it; the past, once it was given back.
    place : str
        The machine and process, see `pipeline.place`.
    released : bool
        Whether it was given back.
    """

    run: str
    expires_at: datetime
    place: str
    released: bool = False

    def is_free(self, now: datetime) -> bool:
        """Whether others may take it."""
        return self.released or now >= self.expires_at or is_gone(self.place)

    def to_json(self) -> str:
        """Return the object's content."""
        content = {
            "run": self.run,
            "expires_at": self.expires_at.isoformat(timespec="milliseconds"),
            "place": self.place,
            "released": self.released,
        }
        return json.dumps(content, indent=2) + "\n"


class Lease:
    """A lease that this run holds.

    Parameters
    ----------
    bucket : Bucket
        Where it lies.
    run : str
        Id of this run.
    seconds : float
        Time without a renewal after which others take over.
    generation : int
        The object's, as this run wrote it.
    died : str or None
        The run that held it before and never gave it back.
    """

    def __init__(
        self, bucket: Bucket, run: str, seconds: float, generation: int, died: str | None
    ) -> None:
        self.died = died
        self._bucket, self._run, self._seconds = bucket, run, seconds
        self._generation = generation
        self._expires = _now() + timedelta(seconds=seconds)
        self._lost = ""
        self._stop = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True, name="lease")
        self._renewing.start()

    def check(self) -> None:
        """Go on only while the lease is this run's.

        Raises
        ------
        LeaseLostError
            If another run has it, or it could not be renewed in time.
        """
        if not self._lost and _now() >= self._expires:
            self._lost = "it could not be renewed in time"
        if self._lost:
            raise LeaseLostError(
                f"Run {self._run} holds the lease gs://{self._bucket.name}/{OBJECT} no longer: "
                f"{self._lost}. It stopped, so that no other run is disturbed; the next one goes "
                "on from where it was."
            )

    def release(self) -> None:
        """Give it back; one that is lost is left alone."""
        self._stop.set()
        self._renewing.join()
        if not self._lost:
            try:
                self._write(_now(), released=True)
            except SERVICE_ERRORS:  # another has it, or nobody can be told: it expires
                return

    def _renew(self) -> None:
        while not self._stop.wait(self._seconds / RENEWALS):
            try:
                expires = _now() + timedelta(seconds=self._seconds)
                self._write(expires)
                self._expires = expires
            except PreconditionFailed:
                if not self._is_ours():
                    self._lost = "another run took it"
                    return
            except Exception:  # Cloud Storage is away: `check` says when that was too long
                continue

    def _is_ours(self) -> bool:
        """Whether a write that was refused had arrived before, and was sent again."""
        held, generation = read(self._bucket)
        if held is None or held.run != self._run or held.released:
            return False
        self._generation, self._expires = generation, held.expires_at
        return True

    def _write(self, expires: datetime, *, released: bool = False) -> None:
        held = Held(self._run, expires, here(), released)
        self._generation = _swap(self._bucket, held, self._generation)


@contextmanager
def leased(bucket: Bucket, run: str, seconds: float | None = None) -> Iterator[Lease]:
    """Hold the lease while the body runs.

    Parameters
    ----------
    bucket : Bucket
        The bucket of reports and models.
    run : str
        Id of the run that wants it.
    seconds : float or None
        Time without a renewal after which others take over; None is `LEASE_SECONDS`, or 300.

    Raises
    ------
    LeaseHeldError
        If another run holds it.
    """
    lease = acquire(bucket, run, lease_seconds() if seconds is None else seconds)
    try:
        yield lease
    finally:
        lease.release()


def acquire(bucket: Bucket, run: str, seconds: float) -> Lease:
    """Take the lease if it is free.

    Raises
    ------
    LeaseHeldError
        If another run holds it, or was faster.
    """
    held, generation = read(bucket)
    if held is not None and not held.is_free(_now()):
        raise LeaseHeldError(held.run, _held_message(bucket, held))
    wanted = Held(run, _now() + timedelta(seconds=seconds), here())
    try:
        taken = _swap(bucket, wanted, generation)
    except PreconditionFailed:
        winner, taken = read(bucket)
        if winner is None or winner.run != run:
            name = winner.run if winner else "unknown"
            raise LeaseHeldError(name, f"Run {name} was faster and is at work.") from None
    died = held.run if held is not None and not held.released else None
    return Lease(bucket, run, seconds, taken, died)


def read(bucket: Bucket) -> tuple[Held | None, int]:
    """Return what the lease says and its generation; None and 0 if there never was one."""
    blob = bucket.blob(OBJECT)
    try:
        blob.reload(timeout=SECONDS_TO_ANSWER, retry=BRIEF)
        content = json.loads(
            blob.download_as_bytes(
                if_generation_match=blob.generation, timeout=SECONDS_TO_ANSWER, retry=BRIEF
            )
        )
    except (NotFound, PreconditionFailed):
        return None, 0  # never written, or written over just now: a swap from 0 will fail
    except ValueError:
        return None, int(blob.generation)  # no lease of ours: written over
    return _held(content), int(blob.generation)


def lease_seconds() -> float:
    """Read `LEASE_SECONDS`.

    Raises
    ------
    ValueError
        If it is not a number from 1.
    """
    text = os.environ.get("LEASE_SECONDS", "") or str(SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds < 1e6:
        raise ValueError(f"LEASE_SECONDS is {text!r}; expected a number of seconds from 1.")
    return seconds


def _held(content: Any) -> Held | None:
    try:
        return Held(
            run=str(content["run"]),
            expires_at=datetime.fromisoformat(content["expires_at"]),
            place=str(content["place"]),
            released=bool(content["released"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _swap(bucket: Bucket, held: Held, generation: int) -> int:
    blob = bucket.blob(OBJECT)
    blob.cache_control = "no-store"
    blob.upload_from_string(
        held.to_json(),
        content_type="application/json",
        if_generation_match=generation,
        timeout=SECONDS_TO_ANSWER,
        retry=BRIEF,
    )
    return int(blob.generation)


def _held_message(bucket: Bucket, held: Held) -> str:
    return (
        f"Run {held.run} is at work; it holds gs://{bucket.name}/{OBJECT} until "
        f"{held.expires_at:%Y-%m-%d %H:%M:%S} UTC and renews that while it lives."
    )


def _now() -> datetime:
    return datetime.now(UTC)
