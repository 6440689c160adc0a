"""The inbox: a bucket where people drop what their spreadsheet exported.

What waits there is taken in, and filed away only when the run that took it has ended: a run
that died leaves everything waiting, and taking a report twice changes nothing. A report that
is refused goes to `refused/` with its reason beside it. Nothing is deleted that was not copied.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Blob, Bucket

from ingest import Receipt, ReportError, ingest

TAKEN, REFUSED = "taken", "refused"
LARGEST_BYTES = 2**30
LONGEST_NAME = 200  # of an object's 1,024 bytes; its place and `.txt` come before and after


@dataclass(frozen=True)
class Arrival:
    """One report that waited, and what became of it.

    Parameters
    ----------
    blob : Blob
        The object, as it was listed.
    status : {"taken", "refused", "gone"}
        Taken in; refused by ingest; deleted or replaced before it was read.
    receipt : Receipt or None
        Ingest's, if it was taken.
    reason : str
        Why not, otherwise.
    """

    blob: Blob
    status: str
    receipt: Receipt | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what a run's record says of it."""
        return {
            "name": self.blob.name,
            "generation": str(self.blob.generation),
            "bytes": self.blob.size,
            "status": self.status,
            "uri": self.receipt.uri if self.receipt else None,
            "records": self.receipt.records if self.receipt else None,
            "new": self.receipt.created if self.receipt else None,
            "reason": self.reason or None,
        }


def waiting(inbox: Bucket) -> list[Blob]:
    """Return the reports that wait, the one that came first first."""
    found = [blob for blob in inbox.list_blobs() if _is_report(blob.name)]
    return sorted(found, key=lambda blob: (blob.updated, blob.name))


def take(blobs: list[Blob], reports: Bucket, tell: Callable[[str], None]) -> list[Arrival]:
    """Take reports in, each by itself.

    Parameters
    ----------
    blobs : list of Blob
        What waits.
    reports : Bucket
        Where ingest writes.
    tell : callable
        Called with one line for each.

    Raises
    ------
    UploadError
        If the bucket of reports does not take them: no fault of theirs, so they go on waiting.
    """
    arrivals = []
    for blob in blobs:
        tell(blob.name)
        arrivals.append(_take(blob, reports))
    return arrivals


def file_away(arrival: Arrival, run: str) -> None:
    """Move a report out of the way of the next run.

    One that was replaced meanwhile goes on waiting as what it is now.
    """
    blob, inbox = arrival.blob, arrival.blob.bucket
    if arrival.status == "gone":
        return
    place = f"{TAKEN if arrival.status == 'taken' else REFUSED}/{run}/{_shelf_name(blob)}"
    try:
        if arrival.status == "refused":
            _explain(inbox.blob(f"{place}.txt"), arrival)
        # Google holds to the generations itself; the local Cloud Storage only for uploads.
        if not _is_as_listed(blob):
            return
        inbox.copy_blob(blob, inbox, place, source_generation=blob.generation)
        if _is_as_listed(blob):
            blob.delete(if_generation_match=blob.generation)
    except (NotFound, PreconditionFailed):
        return


def drop(file: Path, inbox: Bucket) -> str:
    """Put a report into the inbox, as anybody could with Cloud Storage's own tools.

    Returns
    -------
    str
        Its URI.
    """
    blob = inbox.blob(file.name)
    blob.upload_from_filename(str(file), content_type="text/csv")
    return f"gs://{inbox.name}/{blob.name}"


def _is_report(name: str) -> bool:
    top = name.split("/", 1)[0]
    return not name.endswith("/") and not ("/" in name and top in (TAKEN, REFUSED))


def _shelf_name(blob: Blob) -> str:
    """Return a name that is no other report's, and short enough for what stands around it."""
    name: str = blob.name
    too_long = len(name) > LONGEST_NAME
    return f"{blob.generation}-{name[-LONGEST_NAME:]}" if too_long else name


def _take(blob: Blob, reports: Bucket) -> Arrival:
    if (blob.size or 0) > LARGEST_BYTES:
        return Arrival(
            blob,
            "refused",
            reason=f"{blob.name}: the file has {blob.size:,} bytes; at most {LARGEST_BYTES:,} are "
            "taken at once. Split it: every part needs the header line.",
        )
    with tempfile.TemporaryDirectory(prefix="inbox-") as folder:
        file = Path(folder) / "report"  # an object's name may be none for a file
        try:
            blob.download_to_filename(str(file), if_generation_match=blob.generation)
        except (NotFound, PreconditionFailed):
            return Arrival(blob, "gone", reason=f"{blob.name} was deleted or replaced.")
        try:
            return Arrival(blob, "taken", ingest(file, reports))
        except ReportError as error:
            reason = str(error).replace(str(file), blob.name)
            return Arrival(blob, "refused", reason=reason)


def _is_as_listed(blob: Blob) -> bool:
    present = blob.bucket.get_blob(blob.name)
    return present is not None and present.generation == blob.generation


def _explain(place: Blob, arrival: Arrival) -> None:
    text = (
        f"{arrival.reason}\n\nThis report was not taken in; nothing of it is in the tables. "
        "Correct it and drop it into the inbox again.\n\n"
        "Este relatório não foi aceito; nada dele está nas tabelas. Corrija-o e coloque-o de novo "
        "na caixa de entrada.\n"
    )
    place.upload_from_string(text.encode(), content_type="text/plain; charset=utf-8")
