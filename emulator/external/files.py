"""Which files of the buckets' folder a gs:// URI means, and whether they changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bqemulator.domain.errors import InvalidQueryError

METADATA_SUFFIX = ".bucketMetadata"


@dataclass(frozen=True)
class SourceFile:
    """An object of a bucket as a file; size and time tell versions apart."""

    path: str
    uri: str
    size: int
    modified: int


def find(uris: Iterable[str], root: Path) -> tuple[SourceFile, ...]:
    """Return every object that the URIs name, each once, in order of its name."""
    found = {file.uri: file for uri in uris for file in _find_one(uri, root)}
    return tuple(found[uri] for uri in sorted(found))


def nothing_found(label: str, uris: Iterable[str]) -> InvalidQueryError:
    """Return BigQuery's error for URIs that match no object."""
    pattern = ", ".join(uris)
    return InvalidQueryError(
        f"Error while reading table: {label}, error message: Failed to expand table {label} "
        f"with file pattern {pattern}: matched no files. File: {pattern}"
    )


def no_columns(label: str) -> InvalidQueryError:
    """Return BigQuery's error for a table whose files have nothing to detect columns from."""
    return InvalidQueryError(f"Schema has no fields. Table: {label}")


def _find_one(uri: str, root: Path) -> Iterator[SourceFile]:
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    name = re.sub("/{2,}", "/", name)
    home = root / bucket
    if "*" not in name:
        yield from _stat(home / name, f"gs://{bucket}/{name}")
        return
    pattern = re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)
    folder = name.split("*")[0].rpartition("/")[0]
    for directory, _, names in os.walk(home / folder):
        for file_name in names:
            path = Path(directory) / file_name
            object_name = path.relative_to(home).as_posix()
            if pattern.fullmatch(object_name):
                yield from _stat(path, f"gs://{bucket}/{object_name}")


def _stat(path: Path, uri: str) -> Iterator[SourceFile]:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if path.is_file():
        yield SourceFile(str(path), uri, status.st_size, status.st_mtime_ns)
