"""Make a published version the current one, through the gate or against it.

Against it means a copy of its own: the same files under a manifest that says so, because what
was signed is never changed and a mark beside it could be lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from google.cloud.storage import Bucket

from cloud import Settings
from export import pointers
from export.artifact import (
    MANIFEST,
    Manifest,
    Pointer,
    TrustedKeys,
    canonical_json,
    key_id,
    seal,
    sha256,
    signing_key,
    trusted_keys,
)
from export.connections import open_bucket, open_warehouse
from export.contest import Contestant, Promotion
from export.errors import ArtifactError, ExportError, PromotionError, PublishError
from export.folder import Files, Folder
from export.gate import FIRST, force_command, judge, recorded
from export.nodes import MANIFEST_FILE, read_nodes
from export.versions import open_version


@dataclass(frozen=True)
class Promoted:
    """What `promote` did.

    Parameters
    ----------
    manifest : Manifest
        Of the version that is current now: the one that was named, or its forced copy.
    promotion : Promotion
        What the gate said.
    before : str or None
        The version that was current.
    """

    manifest: Manifest
    promotion: Promotion
    before: str | None


def promote(
    settings: Settings,
    model: str,
    version: str,
    *,
    force: bool = False,
    dbt_manifest: Path = MANIFEST_FILE,
) -> Promoted:
    """Point to a version if it is not worse than the current one.

    Parameters
    ----------
    settings : Settings
        Where bucket, keys and BigQuery are.
    model, version : str
        A published version.
    force : bool
        Point to a marked copy of it if the gate does not let it through.
    dbt_manifest : pathlib.Path
        Read only if both must answer the test rows: when the version's manifest names
        another champion than the one that is current.

    Raises
    ------
    PromotionError
        If the gate does not let it through; the numbers and the command are in the message.
    ArtifactError
        If the version does not verify; nothing forces that.
    PublishConflict
        If another publisher moved the pointer meanwhile.
    """
    bucket, keys = open_bucket(settings), trusted_keys(settings.public_key_file)
    current, generation, _ = pointers.current(bucket, model)
    files, opened = open_version(bucket, keys, model, version)
    before = current.version if current else None
    own = Promotion(**opened.manifest.promotion) if opened.manifest.promotion else None
    if before == version:
        return Promoted(opened.manifest, own or Promotion("first", None, "It is current."), before)
    promotion = _judged(settings, bucket, opened, current, force, dbt_manifest)
    if not promotion.allows:
        if not force:
            raise PromotionError(_refusal(promotion, model, version))
        files, opened = _copy(settings, Folder(bucket, keys, model, version), files, promotion)
    pointers.move(bucket, model, opened.manifest.version, files[MANIFEST], generation=generation)
    return Promoted(opened.manifest, promotion, before)


def forced_copy(
    bucket: Bucket, keys: TrustedKeys, current: Pointer, version: str
) -> Manifest | None:
    """Return the current version's manifest if it is a forced copy of this version, and true."""
    try:
        files, opened = open_version(bucket, keys, current.model, current.version)
    except (ArtifactError, PublishError):
        return None
    same = sha256(files[MANIFEST]) == current.manifest_sha256
    copied = (opened.manifest.promotion or {}).get("forced_from") == version
    return opened.manifest if same and copied else None


def _judged(
    settings: Settings,
    bucket: Bucket,
    opened: Contestant,
    current: Pointer | None,
    force: bool,
    dbt_manifest: Path,
) -> Promotion:
    known = recorded(opened.manifest, current)
    if known is not None or current is None:
        return known or FIRST
    try:
        (node,) = read_nodes(dbt_manifest, [current.model])
        keys = trusted_keys(settings.public_key_file)
        return judge(open_warehouse(settings), node, bucket, keys, opened, current)
    except ExportError as error:
        if not force:
            raise
        return Promotion("incomparable", current.version, f"Nobody could ask both: {error}")


def _refusal(promotion: Promotion, model: str, version: str) -> str:
    return (
        f"'{model}' {version} is not promoted ({promotion.outcome}): {promotion.reason} "
        f"{promotion.champion} stays current. To serve {version} all the same: "
        f"{force_command(model, version)}"
    )


def _copy(
    settings: Settings, origin: Folder, files: Files, promotion: Promotion
) -> tuple[Files, Contestant]:
    """Publish the files again under a manifest that tells of the force."""
    key = signing_key(settings.signing_key_file, settings.public_key_file)
    manifest = Manifest.parse(files[MANIFEST])
    source = (manifest.promotion or {}).get("forced_from") or origin.version
    marked = replace(promotion, forced=True, forced_from=source)
    made_of = {"champion": promotion.champion, "forced_from": source}
    made_of |= {"key": key_id(key.public_key()), "model": origin.model}
    copy = replace(
        manifest,
        version=sha256(canonical_json(made_of))[:16],
        created_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        promotion=marked.to_json(),
    )
    folder = replace(origin, version=copy.version)
    written = folder.complete() or folder.settle(lambda: seal(files, copy, key))
    folder.tidy()
    return written, folder.opened(written)
