"""Delete old versions, and what dead publishers left behind.

The signature goes first, then the manifest: from the first deletion on no reader takes the
version for one. Then the pointer is read again, since somebody may have rolled back to the
version meanwhile; in that case the signature is put back (see `pointers.move`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.api_core.exceptions import NotFound
from google.cloud.storage import Blob, Bucket

from cloud import Settings
from export import bucket as store
from export import pointers
from export.artifact import MANIFEST, SIGNATURE, Manifest
from export.connections import open_bucket
from export.errors import ArtifactError, PublishConflict, PublishError

YOUNGEST = timedelta(days=1)
PENDING = "pending"


@dataclass(frozen=True)
class Pruned:
    """What was deleted of one model, or would be.

    Parameters
    ----------
    model : str
        Its name.
    versions : tuple of str
        Deleted, the oldest first.
    remains : tuple of str
        What dead publishers left: folders without a signature, and staged versions.
    kept : dict of str to str
        Why a version stays that is beyond the number to keep.
    """

    model: str
    versions: tuple[str, ...]
    remains: tuple[str, ...]
    kept: dict[str, str]


@dataclass(frozen=True)
class _Folder:
    """The objects of one folder (or one staged version) and when the last one was made."""

    name: str
    blobs: list[Blob]
    made: datetime

    @property
    def complete(self) -> bool:
        return any(blob.name.endswith(f"/{SIGNATURE}") for blob in self.blobs)


def prune(
    settings: Settings,
    model: str | None = None,
    *,
    keep: int,
    dry_run: bool = False,
    now: datetime | None = None,
) -> list[Pruned]:
    """Delete the oldest versions of a model, or of all.

    Parameters
    ----------
    settings : Settings
        Where the bucket is.
    model : str, optional
        All models without it.
    keep : int
        How many of the newest stay, the current one among them or not. The current one, what
        it was compared with, copied from or rolled back from, and what is younger than a day
        stay in any case.
    dry_run : bool
        Only tell.
    now : datetime, optional
        What age counts from; the present without it. Cloud Storage's clock dates the versions.

    Raises
    ------
    PublishError
        If `keep` is below 1, or there is no such model.
    PublishConflict
        If somebody pointed to a version while it was deleted; it is whole again.
    """
    if keep < 1:
        raise PublishError(f"--keep is {keep}; expected 1 or more versions.")
    bucket = open_bucket(settings)
    found = _models(bucket)
    if model is not None and model not in found:
        raise PublishError(
            f"There is no model '{model}'; published are {', '.join(sorted(found)) or 'none'}."
        )
    latest = (now or datetime.now(UTC)) - YOUNGEST
    names = [model] if model is not None else sorted(found)
    return [_prune(bucket, name, found[name], keep, dry_run, latest) for name in names]


def _prune(
    bucket: Bucket,
    model: str,
    folders: list[_Folder],
    keep: int,
    dry_run: bool,
    latest: datetime,
) -> Pruned:
    versions = [f for f in folders if f.complete]
    doomed, kept = [], {}
    reasons = _needed(bucket, model)
    for folder in versions[: max(0, len(versions) - keep)]:
        reason = reasons.get(folder.name) or ("younger than a day" if folder.made > latest else "")
        if reason:
            kept[folder.name] = reason
        else:
            doomed.append(folder)
    remains = [f for f in folders if not f.complete and f.made <= latest]
    if not dry_run:
        for folder in doomed:
            _delete(bucket, model, folder)
        for folder in remains:
            _remove(folder.blobs)
    names = tuple(folder.name for folder in doomed)
    return Pruned(model, names, tuple(folder.name for folder in remains), kept)


def _needed(bucket: Bucket, model: str) -> dict[str, str]:
    """Return the versions that stay whatever their age, and why."""
    current, _, rolled_back_from = pointers.current(bucket, model)
    if current is None:
        return {}
    content = store.read_file(bucket, model, current.version, MANIFEST)
    try:
        promotion = Manifest.parse(content or b"").promotion or {}
    except ArtifactError as error:
        raise PublishError(
            f"The current version of '{model}' cannot be read, so nothing of it is deleted: {error}"
        ) from None
    reasons = {
        promotion.get("champion"): "the current version was compared with it",
        promotion.get("forced_from"): "the current version is its copy",
        rolled_back_from: "the current version was rolled back from it",
        current.version: "current",
    }
    return {name: reason for name, reason in reasons.items() if name}


def _delete(bucket: Bucket, model: str, folder: _Folder) -> None:
    order = {SIGNATURE: 0, MANIFEST: 1}
    blobs = sorted(folder.blobs, key=lambda blob: order.get(blob.name.rsplit("/", 1)[-1], 2))
    signature = store.read_file(bucket, model, folder.name, SIGNATURE)
    _remove(blobs[:1])
    current, _, _ = pointers.current(bucket, model)
    if current is not None and current.version == folder.name and signature is not None:
        store.put_back(bucket, model, folder.name, SIGNATURE, signature)
        raise PublishConflict(
            f"'{model}' {folder.name} became current while it was to be deleted; it is whole "
            "again and stays. Run it again for the others."
        )
    _remove(blobs[1:])


def _remove(blobs: Iterable[Blob]) -> None:
    for blob in blobs:
        try:
            with store.refusals(blob.bucket, blob.name, NotFound):
                blob.delete()
        except NotFound:
            continue  # another prune was faster


def _models(bucket: Bucket) -> dict[str, list[_Folder]]:
    """Return the folders of each model, the oldest first."""
    blobs: dict[tuple[str, str], list[Blob]] = {}
    for blob in store.blobs(bucket):
        parts = blob.name.split("/")
        if len(parts) == 4:
            name = f"{PENDING}/{parts[3]}" if parts[2] == PENDING else parts[2]
            blobs.setdefault((parts[1], name), []).append(blob)
    found: dict[str, list[_Folder]] = {}
    for (model, name), listed in blobs.items():
        made = max(blob.time_created for blob in listed)
        found.setdefault(model, []).append(_Folder(name, listed, made))
    return {m: sorted(folders, key=lambda f: (f.made, f.name)) for m, folders in found.items()}
