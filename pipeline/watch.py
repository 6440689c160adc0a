"""Watch the inbox, as Eventarc does on Google Cloud, and run the pipeline when a report lands."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console

from cloud import Settings, storage_client
from pipeline.errors import PipelineError
from pipeline.inbox import waiting
from pipeline.provision import provision_buckets
from pipeline.services import SERVICE_ERRORS

Seen = frozenset[tuple[str, int]]


def watch_inbox(
    settings: Settings, console: Console, *, seconds: float, take: Callable[[], bool]
) -> None:
    """Look into the inbox again and again; what could not be taken is tried when it changes.

    Parameters
    ----------
    settings : Settings
        A cloud that answers.
    console : rich.console.Console
        Where runs are shown.
    seconds : float
        From one look to the next.
    take : callable
        Runs the pipeline on what waits; tells whether everything held.
    """
    provision_buckets(settings)
    console.print(
        f"Watching gs://{settings.inbox}: `python -m pipeline drop REPORT.csv` in another "
        "terminal puts a report there. Ctrl-C stops."
    )
    failed: Seen = frozenset()
    while True:
        found = _look(settings, console, failed)
        if found and found != failed:
            failed = frozenset() if _taken(take, console) else _look(settings, console, failed)
        time.sleep(seconds)


def _look(settings: Settings, console: Console, otherwise: Seen) -> Seen:
    try:
        blobs = waiting(storage_client(settings).bucket(settings.inbox))
    except SERVICE_ERRORS as error:
        console.print(f"[yellow]The inbox cannot be read now:[/] {error}", highlight=False)
        return otherwise
    return frozenset((blob.name, blob.generation) for blob in blobs)


def _taken(take: Callable[[], bool], console: Console) -> bool:
    try:
        return take()
    except PipelineError as error:
        console.print(f"[red]Error:[/] {error}", highlight=False)
        return False
