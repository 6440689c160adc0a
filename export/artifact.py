"""A published version: how it is checked, opened and replayed.

The one module of this package that others may import. A pickle runs code, so nothing is
unpickled before signature, digests and libraries are checked and every class it names is
known to belong there. The pickle holds scikit-learn's and NumPy's classes alone.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from importlib.metadata import version as installed
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from export.errors import ArtifactError, DigestError, LibraryError
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
from export.replay import class_name, frame, predict, replay
from export.signature import key_id, public_key, sign, signing_key, verify_signature

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
    "canonical_json",
    "check_libraries",
    "class_name",
    "frame",
    "key_id",
    "libraries",
    "load",
    "pickled_names",
    "predict",
    "public_key",
    "replay",
    "sha256",
    "sign",
    "signing_key",
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
DISTRIBUTIONS = ("scikit-learn", "numpy", "pandas", "scipy", "joblib")


def libraries(model_type: str = "") -> dict[str, str]:
    """Return the versions of what a pickle depends on, as a manifest records them."""
    found = {name: installed(name) for name in DISTRIBUTIONS}
    if model_type.startswith(("BOOSTED_TREE", "RANDOM_FOREST")):
        from xgboost import __version__  # its distribution has two names

        found["xgboost"] = __version__
    return {"python": platform.python_version()} | found


def version_id(
    *,
    model: str,
    hashes: Mapping[str, str],
    export: Mapping[str, Any],
    libraries: Mapping[str, str],
) -> str:
    """Return the version that these inputs make; it is known before anything is trained."""
    content = {
        "model": model,
        "hashes": dict(hashes),
        "export": dict(export),
        "libraries": dict(libraries),
        "files": FILES,
        "schema_version": SCHEMA_VERSION,
    }
    return sha256(canonical_json(content))[:16]


def verify(
    files: Mapping[str, bytes],
    key: Ed25519PublicKey,
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
    key : Ed25519PublicKey
        The key that is trusted.
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
            raise DigestError(f"'{model}' {version} lacks {name}.")
    verify_signature(files[SIGNATURE], files[MANIFEST], model=model, version=version, key=key)
    manifest = Manifest.parse(files[MANIFEST])
    for name, facts in manifest.files.items():
        if needed is None or name in needed:
            _check_file(f"{model}/{version}/{name}", files.get(name), facts)
    strangers = sorted(files.keys() - manifest.files.keys() - {MANIFEST, SIGNATURE})
    if strangers:
        raise DigestError(f"'{model}/{version}' holds {strangers}, which its manifest lacks.")
    check_libraries(manifest)
    return manifest


def check_libraries(manifest: Manifest) -> None:
    """Refuse another minor version of scikit-learn, or another major one of NumPy.

    scikit-learn promises nothing for a pickle of another version.

    Raises
    ------
    LibraryError
        If a library differs that much.
    """
    here = libraries()
    for name, parts in (("scikit-learn", 2), ("numpy", 1)):
        wanted = manifest.libraries[name]
        if wanted.split(".")[:parts] != here[name].split(".")[:parts]:
            raise LibraryError(
                f"'{manifest.model}' {manifest.version} was pickled with {name} {wanted}; "
                f"{here[name]} is installed. Install {name} {wanted}, or publish the model again."
            )


def load(
    files: Mapping[str, bytes],
    key: Ed25519PublicKey,
    *,
    model: str,
    version: str,
    needed: Collection[str] | None = None,
) -> tuple[Manifest, Any]:
    """Verify, unpickle and replay a version.

    Parameters
    ----------
    files, key, model, version, needed
        As for `verify`; `SERVED` is what an answer needs.

    Returns
    -------
    tuple of Manifest and sklearn.pipeline.Pipeline

    Raises
    ------
    ArtifactError
        Its subclass says what is wrong.
    """
    manifest = verify(files, key, model=model, version=version, needed=needed)
    pipeline = unpickle(files[PICKLE])
    replay(pipeline, manifest)
    return manifest, pipeline


def _check_file(name: str, content: bytes | None, facts: Mapping[str, Any]) -> None:
    if content is None:
        raise DigestError(f"'{name}' is missing.")
    if (len(content), sha256(content)) != (facts["size"], facts["sha256"]):
        raise DigestError(
            f"'{name}' has {len(content)} bytes and sha256 {sha256(content)}; the signed manifest "
            f"says {facts['size']} bytes and {facts['sha256']}. Roll back, or publish again."
        )
