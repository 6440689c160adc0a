"""Look at published versions, verify them, and move the pointer back."""

from __future__ import annotations

from dataclasses import dataclass

from google.cloud.storage import Bucket

from cloud import Settings
from export import bucket as store
from export import pointers
from export.artifact import (
    MANIFEST,
    POINTER,
    SIGNATURE,
    Manifest,
    Pointer,
    TrustedKeys,
    check_pointer,
    load,
    trusted_keys,
    verify_signature,
)
from export.connections import open_bucket
from export.contest import Contestant
from export.errors import ArtifactError, DigestError, PublishError
from export.swaps import trace


@dataclass(frozen=True)
class Entry:
    """One version in the list.

    Parameters
    ----------
    model, version : str
        Which one.
    current : bool
        Whether the pointer names it.
    manifest : Manifest or None
        None if it cannot be read or is not as it was signed; `problem` says why.
    problem : str
    """

    model: str
    version: str
    current: bool
    manifest: Manifest | None
    problem: str = ""


def list_versions(settings: Settings) -> list[Entry]:
    """Return every published version, by model, the newest first.

    What a version tells of itself is told on only if a trusted key signed it. A pointer that is
    broken, or names a version that is not there, is an entry with a problem.
    """
    bucket = open_bucket(settings)
    versions, entries = store.versions(bucket), []
    keys = trusted_keys(settings.public_key_file) if versions else TrustedKeys.of()
    for model in sorted(versions.keys() | set(store.pointed(bucket))):
        names = versions.get(model, [])
        try:
            current, _, _ = pointers.current(bucket, model)
        except ArtifactError as error:
            entries.append(Entry(model, POINTER, True, None, str(error)))
            current = None
        served = current.version if current else None
        if served is not None and served not in names:
            entries.append(Entry(model, served, True, None, "The pointer names it; it is gone."))
        found = [_entry(bucket, keys, model, name, name == served) for name in names]
        entries += sorted(found, key=_created_at, reverse=True)
    return entries


def verify_version(settings: Settings, model: str, version: str | None = None) -> Manifest:
    """Download a version and check signature, digests, libraries and golden rows.

    Parameters
    ----------
    settings : Settings
        Where the bucket is, and the public keys.
    model : str
        The model's name.
    version : str, optional
        The current one without it; then the pointer is checked too.

    Raises
    ------
    ArtifactError
        Its subclass and message say what is wrong.
    PublishError
        If there is no such version.
    """
    bucket = open_bucket(settings)
    keys = trusted_keys(settings.public_key_file)
    if version is None:
        current = current_version(bucket, model)
        version = current.version
        check_pointer(current, store.read_file(bucket, model, version, MANIFEST))
    return open_version(bucket, keys, model, version)[1].manifest


def rollback(settings: Settings, model: str, version: str) -> Manifest:
    """Verify a version and point to it.

    Raises
    ------
    ArtifactError
        If the version does not verify; the pointer stays.
    PublishConflict
        If another publisher moved the pointer meanwhile.
    """
    bucket = open_bucket(settings)
    keys = trusted_keys(settings.public_key_file)
    current, generation, _ = pointers.current(bucket, model)
    files, opened = open_version(bucket, keys, model, version)
    if current is None or current.version != version:
        pointers.move(
            bucket,
            model,
            version,
            files[MANIFEST],
            generation=generation,
            rolled_back_from=current.version if current else None,
        )
    return opened.manifest


def current_version(bucket: Bucket, model: str) -> Pointer:
    """Return a model's pointer.

    Raises
    ------
    PublishError
        If it has none; the message has what there is.
    """
    current, _, _ = pointers.current(bucket, model)
    if current is None:
        raise PublishError(f"'{model}' has no current version; {_known(bucket, model)}.")
    return current


def open_version(
    bucket: Bucket, keys: TrustedKeys, model: str, version: str
) -> tuple[dict[str, bytes], Contestant]:
    """Download a version, verify it and open it.

    Raises
    ------
    ArtifactError
        If it is not what was signed; SwappedFileError names where a file comes from.
    PublishError
        If there is no such version.
    """
    files = read_version(bucket, model, version)
    try:
        return files, Contestant(*load(files, keys, model=model, version=version))
    except DigestError as error:
        raise trace(bucket, files, error) from None


def read_version(bucket: Bucket, model: str, version: str) -> dict[str, bytes]:
    """Download a version's files; nothing is verified.

    Raises
    ------
    PublishError
        If there is no such version; the message has what there is.
    """
    files = store.read(bucket, model, version)
    if not files:
        raise PublishError(
            f"'{model}' has no version '{version}' in '{bucket.name}'; {_known(bucket, model)}."
        )
    return files


def _known(bucket: Bucket, model: str) -> str:
    known = store.versions(bucket)
    if model in known:
        return f"it has {', '.join(sorted(known[model]))}"
    return f"published models are {', '.join(sorted(known)) or 'none'}"


def _entry(bucket: Bucket, keys: TrustedKeys, model: str, version: str, current: bool) -> Entry:
    content, signature = (
        store.read_file(bucket, model, version, name) or b"" for name in (MANIFEST, SIGNATURE)
    )
    try:
        verify_signature(signature, content, model=model, version=version, keys=keys)
        return Entry(model, version, current, Manifest.parse(content))
    except ArtifactError as error:
        return Entry(model, version, current, None, str(error))


def _created_at(entry: Entry) -> str:
    return entry.manifest.created_at if entry.manifest else ""
