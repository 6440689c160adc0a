"""Look at published versions, verify them, and move the pointer back."""

from __future__ import annotations

from dataclasses import dataclass

from google.cloud.storage import Bucket

from cloud import Settings
from export import bucket as store
from export.artifact import MANIFEST, Manifest, load, public_key
from export.connections import open_bucket
from export.errors import ArtifactError, DigestError, PublishError
from export.manifest import sha256


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
        None if it cannot be read; `problem` says why.
    problem : str
    """

    model: str
    version: str
    current: bool
    manifest: Manifest | None
    problem: str = ""


def list_versions(settings: Settings) -> list[Entry]:
    """Return every published version, by model, the newest first."""
    bucket = open_bucket(settings)
    entries = []
    for model, names in sorted(store.versions(bucket).items()):
        current, _, _ = store.pointer(bucket, model)
        served = current.version if current else None
        found = [_entry(bucket, model, name, name == served) for name in names]
        entries += sorted(found, key=_created_at, reverse=True)
    return entries


def verify_version(settings: Settings, model: str, version: str | None = None) -> Manifest:
    """Download a version and check signature, digests, libraries and golden rows.

    Parameters
    ----------
    settings : Settings
        Where the bucket is, and the public key.
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
    key = public_key(settings.public_key_file)
    digest = None
    if version is None:
        current, _, _ = store.pointer(bucket, model)
        if current is None:
            raise PublishError(f"'{model}' has no current version; {_known(bucket, model)}.")
        version, digest = current.version, current.manifest_sha256
    files = _files(bucket, model, version)
    if digest is not None and sha256(files.get(MANIFEST, b"")) != digest:
        raise DigestError(f"The manifest of '{model}' {version} is not the one current.json names.")
    return load(files, key, model=model, version=version)[0]


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
    current, generation, _ = store.pointer(bucket, model)
    manifest = verify_version(settings, model, version)
    if current is None or current.version != version:
        store.move(
            bucket,
            model,
            version,
            _files(bucket, model, version)[MANIFEST],
            generation=generation,
            rolled_back_from=current.version if current else None,
        )
    return manifest


def _files(bucket: Bucket, model: str, version: str) -> dict[str, bytes]:
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


def _entry(bucket: Bucket, model: str, version: str, current: bool) -> Entry:
    try:
        manifest = Manifest.parse(store.read(bucket, model, version).get(MANIFEST, b""))
    except ArtifactError as error:
        return Entry(model, version, current, None, str(error))
    return Entry(model, version, current, manifest)


def _created_at(entry: Entry) -> str:
    return entry.manifest.created_at if entry.manifest else ""
