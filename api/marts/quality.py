"""What became of every line: reports, reasons for rejection, the last run."""

from __future__ import annotations

import json
from typing import Any

from google.cloud.storage import Client

from api.artifacts.bucket import FAILURES
from api.marts.dashboard import NEWEST, source
from api.marts.reader import Marts

FILES = """
    select source_file, records, sales, flagged, rejected, duplicates, first_seen_at as seen
    from vendas_marts.report_files order by first_seen_at desc, source_file
"""
REASONS = """
    select regexp_extract(reason, r'^[^:]+') as reason, count(*) as records
    from vendas_marts.rejected_sales, unnest(reasons) as reason group by 1 order by 2 desc, 1
"""
REJECTED = """
    select source_file, record_number, reasons from vendas_marts.rejected_sales
    order by source_file, record_number limit 100
"""
RUNS = "runs/"
SECONDS = 10


def quality(marts: Marts, storage: Client, bucket: str) -> dict[str, Any]:
    """Return reports, reasons, rejected records and the last run.

    Raises
    ------
    MartsAway
        If BigQuery does not answer and never did.
    """
    files, reasons, rejected = marts.ask(FILES), marts.ask(REASONS), marts.ask(REJECTED)
    newest = marts.ask(NEWEST)
    return {
        "reports": [
            {
                "uri": row["source_file"],
                "lines": row["records"],
                "clean": row["sales"],
                "flagged": row["flagged"],
                "rejected": row["rejected"],
                "duplicates": row["duplicates"],
                "seen_at": None
                if row["seen"] is None
                else row["seen"].isoformat(timespec="seconds"),
            }
            for row in files.rows
        ],
        "reasons": [{"reason": row["reason"], "records": row["records"]} for row in reasons.rows],
        "rejected": [
            {
                "uri": row["source_file"],
                "record_number": row["record_number"],
                "reasons": list(row["reasons"]),
            }
            for row in rejected.rows
        ],
        "last_run": last_run(storage, bucket),
        "source": source([files, reasons, rejected, newest], newest),
    }


def last_run(storage: Client, bucket: str) -> dict[str, Any] | None:
    """Return what the newest record of a run says; None if there is none that can be read."""
    try:
        blobs = storage.list_blobs(bucket, prefix=RUNS, delimiter="/", timeout=SECONDS, retry=None)
        names = sorted((b.name for b in blobs if b.name[len(RUNS) :][:1].isdigit()), reverse=True)
        if not names:
            return None
        blob = storage.bucket(bucket).blob(names[0])
        record = json.loads(blob.download_as_bytes(timeout=SECONDS, retry=None))
    except (*FAILURES, ValueError):
        return None
    steps: list[dict[str, Any]] = record.get("steps", [])
    detail: dict[str, Any] = next(
        (step.get("detail", {}) for step in steps if step["name"] == "build"), {}
    )
    return {
        "id": str(record.get("id", "")),
        "status": str(record.get("status", "")),
        "trigger": str(record.get("trigger", "")),
        "finished_at": record.get("finished_at"),
        "seconds": record.get("seconds"),
        "tests": detail.get("tests"),
        "warnings": [
            f"{w['node'].rsplit('.', 1)[-1]}: {w['message']}" for w in detail.get("warnings", [])
        ],
        "errors": [str(error) for error in record.get("errors", [])],
    }
