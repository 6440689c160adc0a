"""Ed25519 over model, version and manifest digest.

The manifest's digest covers every other file. Who holds the public keys alone can check a
version and cannot make one; model and version are signed too, so that a genuine version
cannot be passed off as another model's.
"""

from __future__ import annotations

import base64
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from export.errors import (
    ForeignManifestError,
    ManifestError,
    RetiredKeyError,
    SignatureError,
    UnknownKeyError,
)
from export.keys import TrustedKeys, key_id
from export.manifest import SCHEMA_VERSION, canonical_json, parse_flat, parse_json, sha256

ALGORITHM = "Ed25519"
KEYS = ("schema_version", "algorithm", "key_id", "signature")


def sign(manifest: bytes, *, model: str, version: str, key: Ed25519PrivateKey) -> bytes:
    """Return the content of `signature.json`."""
    signed = key.sign(_message(manifest, model, version))
    return canonical_json(
        {
            "schema_version": SCHEMA_VERSION,
            "algorithm": ALGORITHM,
            "key_id": key_id(key.public_key()),
            "signature": base64.b64encode(signed).decode(),
        }
    )


def signer(signature: bytes) -> str:
    """Return the id of the key that a `signature.json` names; nothing is verified.

    Raises
    ------
    ManifestError
        If it is not a signature.
    """
    return str(parse_flat(signature, "signature.json", KEYS)["key_id"])


def verify_signature(
    signature: bytes, manifest: bytes, *, model: str, version: str, keys: TrustedKeys
) -> None:
    """Check that the owner of a trusted key signed this manifest for this model and version.

    Raises
    ------
    SignatureError
        If not; UnknownKeyError, RetiredKeyError or ForeignManifestError where that is known.
    """
    content = parse_flat(signature, "signature.json", KEYS)
    if content["algorithm"] != ALGORITHM:
        raise SignatureError(f"Algorithm is {content['algorithm']!r}; expected '{ALGORITHM}'.")
    key = keys.keys.get(content["key_id"])
    if key is None:
        _refuse_key(content["key_id"], f"'{model}' {version}", keys)
    try:
        signed = base64.b64decode(content["signature"], validate=True)
        key.verify(signed, _message(manifest, model, version))
    except (ValueError, InvalidSignature):
        _refuse_manifest(manifest, model, version)
    if signature != canonical_json(content | {"signature": base64.b64encode(signed).decode()}):
        raise SignatureError(
            f"The signature.json of '{model}' {version} is not in the one form that it is written "
            "in: a byte of it was changed. Roll back, or publish again."
        )


def _refuse_key(name: str, what: str, keys: TrustedKeys) -> NoReturn:
    trusted = ", ".join(keys.keys)
    if name in keys.retired:
        raise RetiredKeyError(
            f"{what} was signed by key '{name}', which was retired at {keys.retired[name]}; "
            f"trusted now: {trusted}. Publish the model again."
        )
    raise UnknownKeyError(
        f"{what} was signed by key {name!r}, which is not trusted; trusted: {trusted}. Publish it "
        "again, or append that public key to MODEL_PUBLIC_KEY_FILE if you know whose it is."
    )


def _refuse_manifest(manifest: bytes, model: str, version: str) -> NoReturn:
    """Say whose manifest it is if it tells; it is not trusted for anything else."""
    try:
        content = parse_json(manifest, "manifest.json")
    except ManifestError:
        content = {}
    told = content.get("model", model), content.get("version", version)
    if told != (model, version):
        raise ForeignManifestError(
            f"The manifest of '{model}' {version} belongs to another model or version: it says "
            f"{str(told[0])[:80]!r} {str(told[1])[:16]!r}. Roll back, or publish again."
        )
    raise SignatureError(
        f"The signature of '{model}' {version} does not fit its manifest: one of the two was "
        "changed, or is of another version. Roll back, or publish again."
    )


def _message(manifest: bytes, model: str, version: str) -> bytes:
    return canonical_json({"manifest_sha256": sha256(manifest), "model": model, "version": version})
