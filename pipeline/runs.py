"""Runs: one on a file that somebody names, and those that a trigger starts on the inbox.

One run at a time. A trigger that finds another run at work is merged into it: whoever holds
the lease looks into the inbox again after giving it back, so that what came meanwhile is taken
either by this holder or by the one that was faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from google.cloud.storage import Bucket
from rich.console import Console

from cloud import Settings, storage_client
from ingest import Receipt, ingest, reports
from pipeline import dbt
from pipeline.errors import LeaseHeldError, LeaseLostError, PipelineError
from pipeline.inbox import Arrival, file_away, take, waiting
from pipeline.lease import Lease, leased
from pipeline.progress import Steps
from pipeline.provision import provision_buckets
from pipeline.records import Record
from pipeline.services import SERVICE_ERRORS, service_errors
from pipeline.summary import Run

Finished = Callable[[Run, Record], None]
MOST_REPEATS = 3


def run_file(settings: Settings, report: Path, console: Console) -> Run:
    """Run the pipeline on one report.

    Raises
    ------
    PipelineError
        If another run is at work, or the bucket cannot be had.
    """
    from pipeline.run import run

    with service_errors(settings):
        provision_buckets(settings)
        bucket = storage_client(settings).bucket(settings.bucket)
        record = Record(bucket, "command")
        with leased(bucket, record.id) as lease, _recorded(record, lease):
            outcome = run(settings, lambda _: [ingest(report, bucket)], Steps(console), lease)
            record.end(outcome, [], dbt.target_path())
    return outcome


def run_inbox(
    settings: Settings, console: Console, *, trigger: str, always: bool, finished: Finished
) -> bool:
    """Run the pipeline until nothing waits in the inbox.

    Parameters
    ----------
    settings : Settings
        A cloud that answers.
    console : rich.console.Console
        Where progress is shown.
    trigger : str
        For the records.
    always : bool
        Run once even if nothing waits: what the API answered is compared with training then.
    finished : callable
        Called with each run and its record.

    Returns
    -------
    bool
        Whether everything held, in this process; what was merged into another's run is its own.
    """
    with service_errors(settings):
        provision_buckets(settings)
        desk = _Desk.open(settings, console, trigger, finished)
        if not always and not waiting(desk.inbox):
            console.print(f"Nothing waits in gs://{desk.inbox.name}.")
        held, repeats, before = True, 0, None
        while (found := _identities(desk)) or always:
            if found == before and not always:
                raise PipelineError(
                    f"gs://{desk.inbox.name} still holds what a run has just taken: it could not "
                    "be moved away. Look at the rights on the inbox."
                )
            before = found
            try:
                ended = _run_once(desk, always)
            except LeaseHeldError as error:
                console.print(f"{error} What waits is taken by that run.")
                return held
            # A report that was refused fails the run and keeps no other from being taken.
            repeats += ended.withdrawn
            always = ended.withdrawn and repeats < MOST_REPEATS
            held = held and (ended.held or always)
            if ended.failed and not always:
                return False
        return held


@dataclass(frozen=True)
class _Desk:
    settings: Settings
    console: Console
    trigger: str
    finished: Finished
    bucket: Bucket
    inbox: Bucket

    @classmethod
    def open(cls, settings: Settings, console: Console, trigger: str, finished: Finished) -> _Desk:
        client = storage_client(settings)
        bucket, inbox = client.bucket(settings.bucket), client.bucket(settings.inbox)
        return cls(settings, console, trigger, finished, bucket, inbox)


@dataclass
class _Intake:
    """Takes what waits, and keeps what became of it."""

    desk: _Desk
    arrivals: list[Arrival] = field(default_factory=list)

    def take(self, tell: Callable[[str], None]) -> list[Receipt]:
        self.arrivals = take(waiting(self.desk.inbox), self.desk.bucket, tell)
        return [arrival.receipt for arrival in self.arrivals if arrival.receipt is not None]

    def note_withdrawn(self) -> bool:
        """Tell whether a report left the bucket again after it was taken; it is filed away."""
        present = {blob.name for blob in reports(self.desk.bucket)}
        gone = [a for a in self.arrivals if a.receipt and a.receipt.object_name not in present]
        self.arrivals = [
            replace(a, reason="It was withdrawn while the run read it.") if a in gone else a
            for a in self.arrivals
        ]
        return bool(gone)

    def file_away(self, run: str, *, all_of_them: bool) -> None:
        for arrival in self.arrivals:
            if all_of_them or arrival.reason:
                file_away(arrival, run)


def _identities(desk: _Desk) -> set[tuple[str, int]]:
    return {(blob.name, blob.generation) for blob in waiting(desk.inbox)}


@dataclass(frozen=True)
class _Ended:
    """How a run ended: whether all held, the flow itself failed, a report was withdrawn."""

    held: bool = True
    failed: bool = False
    withdrawn: bool = False


def _run_once(desk: _Desk, always: bool) -> _Ended:
    record = Record(desk.bucket, desk.trigger)
    with leased(desk.bucket, record.id) as lease:
        if not _has_work(desk, always):
            return _Ended()
        with _recorded(record, lease):
            return _run_recorded(desk, record, lease, always)


def _run_recorded(desk: _Desk, record: Record, lease: Lease, always: bool) -> _Ended:
    # scikit-learn and the rest are loaded by whoever has work: of fifty triggers, one or two.
    from pipeline.run import run

    intake = _Intake(desk)
    outcome = run(desk.settings, intake.take, Steps(desk.console), lease, always=always)
    failed = not outcome.ok
    withdrawn = failed and intake.note_withdrawn()
    if _is_held(lease):
        intake.file_away(record.id, all_of_them=not failed)
    outcome.errors += [a.reason for a in intake.arrivals if a.status == "refused"]
    record.end(outcome, [a.to_json() for a in intake.arrivals], dbt.target_path())
    desk.finished(outcome, record)
    return _Ended(outcome.ok, failed, withdrawn)


def _has_work(desk: _Desk, always: bool) -> bool:
    """Look again with the lease in hand: the run before may have taken everything."""
    if waiting(desk.inbox):
        return True
    if not always:
        return False
    if not reports(desk.bucket):
        desk.console.print(f"gs://{desk.bucket.name} holds no report yet: there is nothing to run.")
        return False
    return True


def _is_held(lease: Lease) -> bool:
    try:
        lease.check()
    except LeaseLostError:
        return False
    return True


@contextmanager
def _recorded(record: Record, lease: Lease) -> Iterator[None]:
    """Say in the record that the run is at work, and that it was stopped, if it was."""
    record.took_over_from = lease.died
    record.begin()
    try:
        yield
    except BaseException as error:
        if not isinstance(error, SERVICE_ERRORS):  # which would refuse the record, too
            record.stopped(f"{type(error).__name__}: {error}")
        raise
