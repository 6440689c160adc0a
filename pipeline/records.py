"""What every run leaves in the bucket: its record, and what dbt wrote.

`runs/<id>.json` is there from the start of a run, so that one that died can be seen; ids sort
by time. dbt's artifacts lie in `runs/<id>/dbt/`.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud.storage import Bucket

from pipeline.services import BRIEF, SECONDS, SERVICE_ERRORS
from pipeline.summary import Run

FOLDER = "runs"
ARTIFACTS = ("manifest.json", "run_results.json")


@dataclass
class Record:
    """The record of one run.

    Parameters
    ----------
    bucket : Bucket
        Where records lie.
    trigger : {"command", "inbox", "schedule", "watch"}
        What started the run.
    id : str
        `YYYYmmddTHHMMSSZ-` and eight hex digits.
    took_over_from : str or None
        The run that died holding the lease.
    """

    bucket: Bucket
    trigger: str
    id: str = field(default_factory=lambda: new_id())
    started_at: str = field(default_factory=lambda: _now())
    took_over_from: str | None = None

    @property
    def uri(self) -> str:
        """Where the record lies."""
        return f"gs://{self.bucket.name}/{_path(self.id)}"

    def begin(self) -> None:
        """Say that the run is at work, and that the one before it died, if it did."""
        self._write({"status": "running"})
        if self.took_over_from is not None:
            mark_died(self.bucket, self.took_over_from, self.id)

    def end(self, run: Run, arrivals: list[dict[str, Any]], target_path: Path) -> None:
        """Write what happened, dbt's artifacts first; if that fails, it is one more error."""
        try:
            self._end(run, arrivals, target_path)
        except SERVICE_ERRORS as error:
            run.errors.append(f"The record {self.uri} cannot be written: {error}")

    def _end(self, run: Run, arrivals: list[dict[str, Any]], target_path: Path) -> None:
        artifacts = [
            self._store_artifact(target_path / name)
            for name in ARTIFACTS
            if run.dbt_ran and (target_path / name).exists()
        ]
        content = {
            "status": "ok" if run.ok else "failed",
            "finished_at": _now(),
            "arrivals": arrivals,
            "dbt_artifacts": artifacts,
        }
        self._write(content | run.to_json())

    def stopped(self, reason: str) -> None:
        """Say that the run was told to stop, or met what nobody expected."""
        self._write({"status": "stopped", "finished_at": _now(), "errors": [reason]})

    def _store_artifact(self, file: Path) -> str:
        blob = self.bucket.blob(f"{FOLDER}/{self.id}/dbt/{file.name}")
        blob.upload_from_filename(
            str(file), content_type="application/json", timeout=SECONDS, retry=BRIEF
        )
        return f"gs://{self.bucket.name}/{blob.name}"

    def _write(self, content: dict[str, Any]) -> None:
        head = {
            "id": self.id,
            "trigger": self.trigger,
            "started_at": self.started_at,
            "execution": os.environ.get("CLOUD_RUN_EXECUTION") or None,
            "took_over_from": self.took_over_from,
        }
        _upload(self.bucket, self.id, head | content)


def new_id() -> str:
    """Return an id for a run that starts now."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def mark_died(bucket: Bucket, run: str, successor: str) -> None:
    """Write into a run's record that it died; one that told its end is left."""
    with suppress(NotFound, ValueError):
        content = json.loads(bucket.blob(_path(run)).download_as_bytes())
        if content.get("status") == "running":
            _upload(bucket, run, content | {"status": "died", "followed_by": successor})


def records(bucket: Bucket) -> Iterator[dict[str, Any]]:
    """Yield the records, newest first."""
    names = [blob.name for blob in bucket.list_blobs(prefix=f"{FOLDER}/", delimiter="/")]
    for name in sorted(names, reverse=True):
        with suppress(NotFound, ValueError):
            content = json.loads(bucket.blob(name).download_as_bytes())
            if isinstance(content, dict) and "id" in content:
                yield content


def _upload(bucket: Bucket, run: str, content: dict[str, Any]) -> None:
    blob = bucket.blob(_path(run))
    blob.cache_control = "no-store"
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    blob.upload_from_string(
        text.encode(), content_type="application/json", timeout=SECONDS, retry=BRIEF
    )


def _path(run: str) -> str:
    return f"{FOLDER}/{run}.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
