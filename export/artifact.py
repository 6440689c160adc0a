"""A published version: how it is checked, opened and replayed.

The one module of this package that others may import. A pickle runs code, so nothing is
unpickled before signature, digests and libraries are checked and every class it names is
known to belong there. The pickle holds scikit-learn's and NumPy's classes alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from export.errors import ArtifactError, DigestError, MissingFileError
from export.installed import check_libraries, libraries
from export.integrity import check_file, check_pointer
from export.keys import TrustedKeys, key_id, signing_key, trusted_keys
from export.manifest import (
    SCHEMA_VERSION,
    Feature,
    GoldenRow,
    Manifest,
    Pointer,
    canonical_json,
    sha256,
)
from export.parity import TOLERANCE
from export.pickles import pickled_names, unpickle
from export.replay import class_name, frame, outputs_of, predict, replay
from export.signature import sign, verify_signature

if TYPE_CHECKING:
    import pandas as pd

    from export.attributions import Attributions

__all__ = [
    "FILES",
    "MANIFEST",
    "PICKLE",
    "POINTER",
    "SERVED",
    "SIGNATURE",
    "TOLERANCE",
    "ArtifactError",
    "Feature",
    "GoldenRow",
    "Manifest",
    "Pointer",
    "TrustedKeys",
    "attributions",
    "canonical_json",
    "check_libraries",
    "check_pointer",
    "class_name",
    "frame",
    "key_id",
    "libraries",
    "load",
    "outputs_of",
    "pickled_names",
    "predict",
    "replay",
    "seal",
    "sha256",
    "sign",
    "signing_key",
    "trusted_keys",
    "unpickle",
    "verify",
    "verify_signature",
    "version_id",
]

PICKLE, MANIFEST, SIGNATURE, POINTER = (
    "model.pkl",
    "manifest.json",
    "signature.json",
    "current.json",
)
# Every version has these, and what else its manifest lists; the signature is written last.
FILES = (PICKLE, "model.skops", "parity.json", "card.md", "card.pt-BR.md", MANIFEST, SIGNATURE)
SERVED = (PICKLE, MANIFEST, SIGNATURE)


def attributions(pipeline: Any, rows: pd.DataFrame) -> Attributions | None:
    """Return what the certificate compares with ML.EXPLAIN_PREDICT; see `export.attributions`."""
    from export.attributions import attributions  # whoever only verifies does without sklearn

    return attributions(pipeline, rows)


def version_id(
    *,
    model: str,
    hashes: Mapping[str, str],
    export: Mapping[str, Any],
    libraries: Mapping[str, str],
    key: str,
) -> str:
    """Return the version that these inputs make; it is known before anything is trained.

    The signing key's id is one of them: after a rotation what is published anew is a new
    version, which need not share a folder with what the old key signed.
    """
    content = {
        "model": model,
        "hashes": dict(hashes),
        "export": dict(export),
        "libraries": dict(libraries),
        "files": FILES,
        "key": key,
        "schema_version": SCHEMA_VERSION,
    }
    return sha256(canonical_json(content))[:16]


def seal(
    files: Mapping[str, bytes], manifest: Manifest, key: Ed25519PrivateKey
) -> dict[str, bytes]:
    """Return the files with this manifest, signed."""
    content = manifest.to_json()
    signature = sign(content, model=manifest.model, version=manifest.version, key=key)
    return dict(files) | {MANIFEST: content, SIGNATURE: signature}


def verify(
    files: Mapping[str, bytes],
    keys: TrustedKeys,
    *,
    model: str,
    version: str,
    needed: Collection[str] | None = None,
) -> Manifest:
    """Check a version's files without unpickling anything.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by name.
    keys : TrustedKeys
        The keys that are trusted.
    model, version : str
        What the caller asked for.
    needed : collection of str, optional
        The files that the caller uses; without it, all that the manifest lists, and no other.

    Raises
    ------
    ArtifactError
        SignatureError, ManifestError, DigestError or LibraryError, whichever comes first.
    """
    for name in (MANIFEST, SIGNATURE):
        if name not in files:
            raise MissingFileError(f"'{model}' {version} lacks {name}.")
    verify_signature(files[SIGNATURE], files[MANIFEST], model=model, version=version, keys=keys)
    manifest = Manifest.parse(files[MANIFEST])
    for name, facts in manifest.files.items():
        if needed is None or name in needed:
            check_file(f"{model}/{version}/{name}", files.get(name), facts)
    strangers = sorted(files.keys() - manifest.files.keys() - {MANIFEST, SIGNATURE})
    if strangers:
        raise DigestError(f"'{model}/{version}' holds {strangers}, which its manifest lacks.")
    check_libraries(manifest)
    return manifest


def load(
    files: Mapping[str, bytes],
    keys: TrustedKeys,
    *,
    model: str,
    version: str,
    needed: Collection[str] | None = None,
) -> tuple[Manifest, Any]:
    """Verify, unpickle and replay a version.

    Parameters
    ----------
    files, keys, model, version, needed
        As for `verify`; `SERVED` is what an answer needs.

    Returns
    -------
    tuple of Manifest and sklearn.pipeline.Pipeline

    Raises
    ------
    ArtifactError
        Its subclass says what is wrong.
    """
    manifest = verify(files, keys, model=model, version=version, needed=needed)
    pipeline = unpickle(files[PICKLE])
    replay(pipeline, manifest)
    return manifest, pipeline
