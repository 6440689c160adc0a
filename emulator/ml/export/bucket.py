"""Writes the files of an export into a bucket of this machine's Cloud Storage."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from bqemulator.domain.errors import NotFoundError

from emulator.ml.errors import OptionError, StatementError

SECONDS = 60
_URI = re.compile(r"gs://(?P<bucket>[a-z0-9][\w.-]{1,61}[a-z0-9])/?(?P<path>[^*?\[\]]*)")


def write_files(uri: str, files: dict[str, bytes], cloud_file: Path) -> None:
    """Write files below a `gs://` address.

    Parameters
    ----------
    uri : str
    files : dict
        Contents by path.
    cloud_file : pathlib.Path
        Where the running cloud says its ports.

    Raises
    ------
    OptionError
        If the address is none, or leads out of its bucket.
    NotFoundError
        If there is no such bucket.
    StatementError
        If Cloud Storage does not take a file.
    """
    found = _URI.fullmatch(uri)
    parts = [part for part in found["path"].split("/") if part] if found else []
    if found is None or any(part in (".", "..") for part in parts):
        raise OptionError(f"Invalid value for option URI: '{uri}'. Expected gs://bucket/path.")
    port = json.loads(cloud_file.read_text(encoding="utf-8"))["ports"]["storage"]
    address = f"http://127.0.0.1:{port}/upload/storage/v1/b/{found['bucket']}/o"
    for name, content in files.items():
        _upload(address, "/".join([*parts, name]), content, found["bucket"])


def _upload(address: str, name: str, content: bytes, bucket: str) -> None:
    query = urllib.parse.urlencode({"uploadType": "media", "name": name})
    request = urllib.request.Request(
        f"{address}?{query}", content, {"Content-Type": "application/octet-stream"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise NotFoundError(f"Not found: Bucket {bucket}") from error
        raise StatementError(f"Cloud Storage refused gs://{bucket}/{name}: {error}") from error
    except OSError as error:
        raise StatementError(f"Cloud Storage does not answer: {error}. Export again.") from error
