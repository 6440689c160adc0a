"""Publish each model's verified twin.

Training is the last resort: a version that is current is left, one that is complete or was
staged by a publisher that died is only pointed to. Whatever fails, the old pointer stands; it
also stands where the gate finds the new version worse.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.cloud.storage import Bucket

from cloud import Settings
from export import pointers
from export.artifact import (
    MANIFEST,
    Manifest,
    Pointer,
    TrustedKeys,
    key_id,
    seal,
    signing_key,
    trusted_keys,
)
from export.certification import choose
from export.connections import open_bucket, open_warehouse
from export.contest import Promotion
from export.errors import ExportError, PublishConflict, PublishError
from export.folder import Files, Folder
from export.gate import FIRST, held_back, judge, recorded
from export.identity import Identity, Untrained, identify
from export.manifest import sha256
from export.nodes import MANIFEST_FILE, Node, read_nodes
from export.package import package
from export.promote import forced_copy
from export.publication import Publication, publication
from export.study import read_study
from export.warehouse import Warehouse

Progress = Callable[[str], None]


def publish_models(
    settings: Settings,
    *,
    models: Sequence[str] | None = None,
    dbt_manifest: Path = MANIFEST_FILE,
    progress: Progress | None = None,
) -> list[Publication]:
    """Publish the models that dbt built, each by itself.

    Parameters
    ----------
    settings : Settings
        Where BigQuery and the bucket are, and the signing key.
    models : sequence of str, optional
        Only these; all with an export block without it.
    dbt_manifest : pathlib.Path
        dbt's `target/manifest.json`.
    progress : callable, optional
        Called with one line for each thing that begins.

    Returns
    -------
    list of Publication
        One a model; what failed for one model is in its `error`.

    Raises
    ------
    ExportError
        If nothing can be published at all: no dbt manifest, no bucket, no key.
    """
    nodes = read_nodes(dbt_manifest, models)
    bucket = open_bucket(settings)
    key = signing_key(settings.signing_key_file, settings.public_key_file)
    warehouse = open_warehouse(settings)
    trusted = trusted_keys(settings.public_key_file)
    desk = _Desk(warehouse, bucket, key, trusted, progress or (lambda text: None))
    return [_publish_safely(desk, node) for node in nodes]


@dataclass(frozen=True)
class _Desk:
    """What the publication of each model needs."""

    warehouse: Warehouse
    bucket: Bucket
    key: Ed25519PrivateKey
    trusted: TrustedKeys
    tell: Progress

    def folder(self, identity: Identity) -> Folder:
        return Folder(self.bucket, self.trusted, identity.node.name, identity.version)


def _publish_safely(desk: _Desk, node: Node) -> Publication:
    try:
        return _publish(desk, node)
    except ExportError as error:
        return Publication(node.name, error=str(error))
    except Exception as error:  # a fault of ours with one model leaves the others theirs
        logging.getLogger(__name__).exception("'%s' was not published", node.name)
        told = f"{type(error).__name__}: {error}"
        return Publication(node.name, error=f"The export failed, which is a fault of it: {told}")


def _publish(desk: _Desk, node: Node) -> Publication:
    desk.tell(f"{node.name}: looking for its version")
    identity = identify(desk.warehouse, node, key_id(desk.key.public_key()))
    if isinstance(identity, Untrained):
        return _untrained(desk.bucket, identity)
    current, generation, rolled_back_from = pointers.current(desk.bucket, node.name)
    folder = desk.folder(identity)
    files = folder.complete()
    if current is not None and current.version == identity.version:
        return _unchanged(folder, files, current.manifest_sha256)
    if files is not None and current is not None:
        if copy := forced_copy(desk.bucket, desk.trusted, current, identity.version):
            return publication(desk.bucket, copy, note=f"Unchanged since {identity.version}.")
        if rolled_back_from == identity.version:
            note = f"It was rolled back to {current.version}; left there."
            return publication(desk.bucket, Manifest.parse(files[MANIFEST]), note=note)
    if files is None:
        files = folder.settle(lambda: _made(desk, identity, current))
    folder.tidy()
    return _promote(desk, identity, files, current, generation)


def _made(desk: _Desk, identity: Identity, current: Pointer | None) -> Files:
    """Train, certify, and ask the gate; its answer is a part of the signed manifest."""
    name = identity.node.name
    desk.tell(f"{name}: reading rows and answers")
    study = read_study(desk.warehouse, desk.bucket, identity)
    desk.tell(f"{name}: training and comparing {study.facts.tests + len(study.hard):,} rows")
    files = package(study, choose(study), desk.key, bucket=desk.bucket.name)
    promotion = _judged(desk, identity, files, current)
    desk.tell(f"{name}: publishing {identity.version}")
    manifest = replace(Manifest.parse(files[MANIFEST]), promotion=promotion.to_json())
    return seal(files, manifest, desk.key)


def _judged(desk: _Desk, identity: Identity, files: Files, current: Pointer | None) -> Promotion:
    known = recorded(Manifest.parse(files[MANIFEST]), current)
    if known is not None or current is None:
        return known or FIRST
    desk.tell(f"{identity.node.name}: comparing it with {current.version} on the test rows")
    challenger = desk.folder(identity).opened(files)
    return judge(desk.warehouse, identity.node, desk.bucket, desk.trusted, challenger, current)


def _promote(
    desk: _Desk, identity: Identity, files: Files, current: Pointer | None, generation: int
) -> Publication:
    """Move the pointer to a complete version, if the gate lets it."""
    manifest = Manifest.parse(files[MANIFEST])
    promotion = _judged(desk, identity, files, current)
    if not promotion.allows:
        note = held_back(promotion, manifest.model, manifest.version)
        return publication(desk.bucket, manifest, note=note, waiting=True)
    try:
        pointers.move(
            desk.bucket, manifest.model, manifest.version, files[MANIFEST], generation=generation
        )
    except PublishConflict:
        return _lost(desk.bucket, manifest, files[MANIFEST])
    return publication(desk.bucket, manifest, created=True)


def _untrained(bucket: Bucket, identity: Untrained) -> Publication:
    node = identity.node
    reason = identity.verdict["reason"] or "dbt did not train this model and does not say why."
    note = f"Nothing published. {reason}"
    current, _, _ = pointers.current(bucket, node.name)
    if current is not None:
        note += f" Version {current.version}, of other data, stays current."
    kind = str(node.options.get("model_type", "")).upper() or None
    return Publication(node.name, type=kind, verdict=identity.verdict, note=note)


def _unchanged(folder: Folder, files: Files | None, digest: str) -> Publication:
    if files is None or sha256(files[MANIFEST]) != digest:
        raise PublishError(
            f"The pointer of '{folder.model}' names '{folder.uri}', which is not complete or not "
            "the version it was. Remove that folder and the pointer, then publish again."
        )
    return publication(folder.bucket, Manifest.parse(files[MANIFEST]), note="Unchanged.")


def _lost(bucket: Bucket, manifest: Manifest, content: bytes) -> Publication:
    """Tell who lost a race: no harm if the winner published the same version."""
    current, _, _ = pointers.current(bucket, manifest.model)
    if current is not None and current.manifest_sha256 == sha256(content):
        note = "Another publisher published this version at the same moment."
        return publication(bucket, manifest, note=note)
    raise PublishConflict(
        f"Another publisher moved '{manifest.model}' to {current.version if current else None!r} "
        f"while this one prepared {manifest.version!r}; that stays. Run it again to go on from it."
    )
