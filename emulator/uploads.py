"""Multipart uploads as the current google-cloud-bigquery sends them."""

from __future__ import annotations

import json
import re
from typing import Any

from bqemulator.domain.errors import InvalidQueryError


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the job's configuration and the file; stands where bqemulator's function stood.

    The parts are taken by their boundary alone, so that a file may hold any bytes and be of
    any type (the client says `*/*`).

    Raises
    ------
    InvalidQueryError
        If the body is not two parts, or the first is no JSON object.
    """
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise InvalidQueryError(f"Multipart upload without boundary: '{content_type}'")
    marker = b"--" + boundary[1].encode()
    parts = body.split(marker, 2)
    if len(parts) != 3:
        raise InvalidQueryError("A multipart upload has two parts: the job, then the file.")
    media = parts[2].rpartition(b"\r\n" + marker)[0]
    try:
        job = json.loads(_content(parts[1]))
    except ValueError as error:
        raise InvalidQueryError(f"The upload's first part is not valid JSON: {error}") from error
    if not isinstance(job, dict):
        raise InvalidQueryError("The upload's first part must be a JSON object.")
    return job, _content(media)


def _content(part: bytes) -> bytes:
    blank = b"\r\n\r\n" if b"\r\n\r\n" in part else b"\n\n"
    return part.partition(blank)[2]
