"""A published version: how it is checked, opened and replayed.

The one module of this package that others may import. A pickle runs code, so nothing is
unpickled before signature, digests and libraries are checked and every class it names is
known to belong there. The pickle holds scikit-learn's and NumPy's classes alone.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from export.errors import ArtifactError, DigestError, GoldenError, LibraryError
from export.manifest import (
    SCHEMA_VERSION,
    Feature,
    GoldenRow,
    Manifest,
    Pointer,
    Value,
    canonical_json,
    sha256,
)
from export.parity import TOLERANCE, close
from export.pickles import pickled_names, unpickle
from export.signature import key_id, public_key, sign, signing_key, verify_signature

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FILES",
    "MANIFEST",
    "PICKLE",
    "POINTER",
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
FILES = (PICKLE, "parity.json", "card.md", MANIFEST, SIGNATURE)
DISTRIBUTIONS = ("scikit-learn", "numpy", "pandas", "scipy", "joblib")
Rows = Sequence[Mapping[str, Value]]


def libraries() -> dict[str, str]:
    """Return the versions of what a pickle depends on, as a manifest records them."""
    found = {name: installed(name) for name in DISTRIBUTIONS}
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
        "schema_version": SCHEMA_VERSION,
    }
    return sha256(canonical_json(content))[:16]


def verify(
    files: Mapping[str, bytes], key: Ed25519PublicKey, *, model: str, version: str
) -> Manifest:
    """Check a version's files without unpickling anything.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by name: the five of `FILES`.
    key : Ed25519PublicKey
        The key that is trusted.
    model, version : str
        What the caller asked for.

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
        _check_file(f"{model}/{version}/{name}", files.get(name), facts)
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
    files: Mapping[str, bytes], key: Ed25519PublicKey, *, model: str, version: str
) -> tuple[Manifest, Any]:
    """Verify, unpickle and replay a version.

    Returns
    -------
    tuple of Manifest and sklearn.pipeline.Pipeline

    Raises
    ------
    ArtifactError
        Its subclass says what is wrong.
    """
    manifest = verify(files, key, model=model, version=version)
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


def frame(rows: Rows, features: Sequence[Feature]) -> pd.DataFrame:
    """Return rows as the pipeline takes them: numbers as float64, texts as objects.

    Parameters
    ----------
    rows : sequence of mappings
        Value by feature; None or a missing key is NULL.
    features : sequence of Feature
        The manifest's.
    """
    import pandas as pd  # whoever only verifies does without it

    return pd.DataFrame(
        {
            feature.name: pd.Series(
                [row.get(feature.name) for row in rows],
                dtype="float64" if feature.kind == "numeric" else "object",
            )
            for feature in features
        }
    )


def class_name(label: str | int | bool) -> str:
    """Return a class as a JSON key, written as SQL casts it to STRING."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def predict(pipeline: Any, manifest: Manifest, rows: Rows) -> list[dict[str, Any]]:
    """Answer rows in the form of a golden row's `expected`."""
    table = frame(rows, manifest.features)
    if manifest.classes is None:
        return [{"value": float(value)} for value in pipeline.predict(table)]
    labels = pipeline.predict(table).tolist()
    names = [class_name(label) for label in pipeline.classes_.tolist()]
    return [
        {"label": label, "probabilities": dict(zip(names, row, strict=True))}
        for label, row in zip(labels, pipeline.predict_proba(table).tolist(), strict=True)
    ]


def replay(pipeline: Any, manifest: Manifest) -> None:
    """Check that a pipeline gives BigQuery ML's answers on the golden rows.

    Raises
    ------
    GoldenError
        Naming the first row that differs and by how much.
    """
    golden = manifest.golden_rows
    answers = predict(pipeline, manifest, [row.input for row in golden])
    for row, answer in zip(golden, answers, strict=True):
        if difference := _difference(row.expected, answer):
            raise GoldenError(
                f"'{manifest.model}' {manifest.version} answers the golden row {row.input} "
                f"({row.kind}) with {difference}; the tolerance is {TOLERANCE:g}."
            )


def _difference(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str | None:
    if "value" in expected:
        same = close(expected["value"], actual["value"])
        return None if same else f"{actual['value']!r} instead of {expected['value']!r}"
    wanted, given = expected["probabilities"], actual["probabilities"]
    apart = [n for n in wanted if n not in given or abs(wanted[n] - given[n]) > TOLERANCE]
    if apart or wanted.keys() != given.keys():
        return f"probabilities {given} instead of {wanted}"
    tie = sorted(wanted.values())[-2:]
    if expected["label"] == actual["label"] or tie[1] - tie[0] <= 2 * TOLERANCE:
        return None
    return f"label {actual['label']!r} instead of {expected['label']!r}"
