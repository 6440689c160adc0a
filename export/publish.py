"""Publish each model's verified twin, and move between published versions.

Training is the last resort: a version that is current is left, one that is complete or was
staged by a publisher that died is only pointed to. Whatever fails, the old pointer stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.cloud.storage import Bucket

from cloud import Settings
from export import bucket as store
from export.artifact import MANIFEST, SIGNATURE, Manifest, load, signing_key
from export.certification import choose
from export.connections import open_bucket, open_warehouse
from export.dataset import Warehouse
from export.errors import ArtifactError, ExportError, PublishConflict, PublishError
from export.identity import Identity, Untrained, identify
from export.manifest import sha256
from export.nodes import MANIFEST_FILE, Node, read_nodes
from export.package import package
from export.publication import Publication, publication
from export.study import read_study

Progress = Callable[[str], None]
Files = dict[str, bytes]


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
    tell = progress or (lambda text: None)
    return [_publish_safely(warehouse, bucket, key, node, tell) for node in nodes]


def _publish_safely(
    warehouse: Warehouse, bucket: Bucket, key: Ed25519PrivateKey, node: Node, tell: Progress
) -> Publication:
    try:
        return _publish(warehouse, bucket, key, node, tell)
    except ExportError as error:
        return Publication(node.name, error=str(error))


def _publish(
    warehouse: Warehouse, bucket: Bucket, key: Ed25519PrivateKey, node: Node, tell: Progress
) -> Publication:
    tell(f"{node.name}: looking for its version")
    identity = identify(warehouse, node)
    if isinstance(identity, Untrained):
        return _untrained(bucket, identity)
    current, generation, rolled_back_from = store.pointer(bucket, node.name)
    files = _complete(bucket, identity, key)
    if current is not None and current.version == identity.version:
        return _unchanged(bucket, identity, files, current.manifest_sha256)
    if files is not None and rolled_back_from == identity.version:
        note = f"It was rolled back to {current.version if current else 'nothing'}; left there."
        return publication(bucket, Manifest.parse(files[MANIFEST]), note=note)
    if files is None:
        files = _prepare(warehouse, bucket, identity, key, tell)
    store.unstage(bucket, node.name, identity.version)
    manifest = Manifest.parse(files[MANIFEST])
    try:
        store.move(bucket, node.name, identity.version, files[MANIFEST], generation=generation)
    except PublishConflict:
        return _lost(bucket, manifest, files[MANIFEST])
    return publication(bucket, manifest, created=True)


def _untrained(bucket: Bucket, identity: Untrained) -> Publication:
    node = identity.node
    reason = identity.verdict["reason"] or "dbt did not train this model and does not say why."
    note = f"Nothing published. {reason}"
    current, _, _ = store.pointer(bucket, node.name)
    if current is not None:
        note += f" Version {current.version}, of other data, stays current."
    kind = str(node.options.get("model_type", "")).upper() or None
    return Publication(node.name, type=kind, verdict=identity.verdict, note=note)


def _complete(bucket: Bucket, identity: Identity, key: Ed25519PrivateKey) -> Files | None:
    """Return the version's files if its folder is complete and true."""
    files = store.read(bucket, identity.node.name, identity.version)
    if SIGNATURE not in files:
        return None
    _verified(bucket, identity, files, key)
    return files


def _verified(bucket: Bucket, identity: Identity, files: Files, key: Ed25519PrivateKey) -> Manifest:
    name, version = identity.node.name, identity.version
    try:
        return load(files, key.public_key(), model=name, version=version)[0]
    except ArtifactError as error:
        raise PublishError(
            f"{error} Versions are never overwritten: remove '{store.uri(bucket, name, version)}', "
            f"then publish '{name}' again; `rollback` serves another version meanwhile."
        ) from error


def _unchanged(bucket: Bucket, identity: Identity, files: Files | None, digest: str) -> Publication:
    where = store.uri(bucket, identity.node.name, identity.version)
    if files is None or sha256(files[MANIFEST]) != digest:
        raise PublishError(
            f"The pointer of '{identity.node.name}' names '{where}', which is not complete or not "
            "the version it was. Remove that folder and the pointer, then publish again."
        )
    return publication(bucket, Manifest.parse(files[MANIFEST]), note="Unchanged.")


def _prepare(
    warehouse: Warehouse,
    bucket: Bucket,
    identity: Identity,
    key: Ed25519PrivateKey,
    tell: Progress,
) -> Files:
    """Return the files of a complete folder: a dead publisher's, or trained now."""
    name, version = identity.node.name, identity.version
    files = _left_behind(bucket, identity, key)
    if files is None:
        tell(f"{name}: reading rows and answers")
        study = read_study(warehouse, bucket, identity)
        tell(f"{name}: training and comparing {len(study.expected.keys):,} rows")
        made = package(study, choose(study), key, bucket=bucket.name)
        files = _agreed(bucket, identity, made)
    tell(f"{name}: publishing {version}")
    _verified(bucket, identity, files, key)
    store.unpack(bucket, name, version, files)
    return files


def _left_behind(bucket: Bucket, identity: Identity, key: Ed25519PrivateKey) -> Files | None:
    """Return what a publisher staged before it died; what does not verify is removed."""
    name, version = identity.node.name, identity.version
    try:
        files = store.staged(bucket, name, version)
        if files is not None:
            load(files, key.public_key(), model=name, version=version)
    except ArtifactError:
        store.unstage(bucket, name, version)
        return None
    return files


def _agreed(bucket: Bucket, identity: Identity, files: Files) -> Files:
    """Stage files; return another publisher's if that one was first.

    A stage that is free may mean that another publisher has finished: its folder counts.
    """
    name, version = identity.node.name, identity.version
    others = None
    if not store.stage(bucket, name, version, files):
        others = store.staged(bucket, name, version)
    folder = store.read(bucket, name, version)
    return others or (folder if SIGNATURE in folder else files)


def _lost(bucket: Bucket, manifest: Manifest, content: bytes) -> Publication:
    """Tell who lost a race: no harm if the winner published the same version."""
    current, _, _ = store.pointer(bucket, manifest.model)
    if current is not None and current.manifest_sha256 == sha256(content):
        note = "Another publisher published this version at the same moment."
        return publication(bucket, manifest, note=note)
    raise PublishConflict(
        f"Another publisher moved '{manifest.model}' to {current.version if current else None!r} "
        f"while this one prepared {manifest.version!r}; that stays. Run it again to go on from it."
    )
