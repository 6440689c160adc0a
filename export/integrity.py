"""Whether the files of a version are the ones that its manifest and its pointer name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from export.errors import (
    DigestError,
    MissingFileError,
    MissingVersionError,
    PointerError,
    TruncatedFileError,
)
from export.manifest import Pointer, sha256

REMEDY = "Roll back, or publish again."


def check_pointer(pointer: Pointer, manifest: bytes | None) -> None:
    """Check that a pointer names the manifest that its version has.

    Parameters
    ----------
    pointer : Pointer
        What `current.json` says.
    manifest : bytes or None
        The version's `manifest.json`; None if it is not there.

    Raises
    ------
    PointerError
        If not; MissingVersionError if there is no such version.
    """
    if manifest is None:
        raise MissingVersionError(
            f"The pointer of '{pointer.model}' names the version {pointer.version}, which is not "
            f"there or lacks manifest.json. {REMEDY}"
        )
    if sha256(manifest) != pointer.manifest_sha256:
        raise PointerError(
            f"The manifest of '{pointer.model}' {pointer.version} is not the one its pointer "
            f"names: its sha256 is {sha256(manifest)}, current.json names "
            f"{pointer.manifest_sha256}. {REMEDY}"
        )


def check_file(name: str, content: bytes | None, facts: Mapping[str, Any]) -> None:
    """Check a file against what the signed manifest says of it.

    Parameters
    ----------
    name : str
        `model/version/file`.
    content : bytes or None
        None if it is not there.
    facts : mapping
        `size` and `sha256`.

    Raises
    ------
    DigestError
        If it is another; MissingFileError or TruncatedFileError where that is known.
    """
    if content is None:
        raise MissingFileError(f"'{name}' is missing. {REMEDY}")
    if (len(content), sha256(content)) == (facts["size"], facts["sha256"]):
        return
    if len(content) < facts["size"]:
        raise TruncatedFileError(
            f"'{name}' has only {len(content)} of the {facts['size']} bytes that the signed "
            f"manifest says: it was cut off or replaced. {REMEDY}"
        )
    raise DigestError(
        f"'{name}' has {len(content)} bytes and sha256 {sha256(content)}; the signed manifest "
        f"says {facts['size']} bytes and {facts['sha256']}. {REMEDY}"
    )
