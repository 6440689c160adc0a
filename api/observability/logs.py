"""Logs as JSON lines, in the form that Cloud Logging reads."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

FIELDS = "fields"


class JsonLines(logging.Formatter):
    """A record as one line: time, severity, message, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        content: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname,
            "message": record.getMessage(),
        }
        content |= getattr(record, FIELDS, {})
        if record.exc_info:
            content["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(content, ensure_ascii=False, default=str)


def set_up(form: str) -> None:
    """Write logs to standard error.

    Parameters
    ----------
    form : {"text", "json"}
    """
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(levelname)s: %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def with_fields(**fields: Any) -> dict[str, Any]:
    """Return what a logger takes as `extra`."""
    return {FIELDS: fields}
