"""Ed25519 over model, version and manifest digest.

The manifest's digest covers every other file. Who holds the public key alone can check a
version and cannot make one; model and version are signed too, so that a genuine version
cannot be passed off as another model's.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from export.errors import SignatureError
from export.manifest import SCHEMA_VERSION, canonical_json, parse_flat, sha256

ALGORITHM = "Ed25519"
KEYS = ("schema_version", "algorithm", "key_id", "signature")


def signing_key(private_file: Path, public_file: Path) -> Ed25519PrivateKey:
    """Read the signing key; make it at first use, with its public key beside it.

    Raises
    ------
    SignatureError
        If the file holds no Ed25519 key, or the public key there belongs to another one.
    """
    if not private_file.exists():
        _make(private_file, public_file)
    try:
        key = serialization.load_pem_private_key(private_file.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise SignatureError(f"'{private_file}' holds no private key in PEM: {error}.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SignatureError(f"'{private_file}' holds no Ed25519 key; it is {type(key).__name__}.")
    if not public_file.exists():
        _write(public_file, _public_pem(key.public_key()), 0o644)
    if key_id(public_key(public_file)) != key_id(key.public_key()):
        raise SignatureError(
            f"'{public_file}' is not the public key of '{private_file}'. Set both files to one "
            "pair, or remove the public key to have it written again."
        )
    return key


def public_key(file: Path) -> Ed25519PublicKey:
    """Read the public key.

    Raises
    ------
    SignatureError
        If the file is missing or holds no Ed25519 public key.
    """
    if not file.exists():
        raise SignatureError(f"The public key '{file}' is missing; publishing a model makes it.")
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except ValueError as error:
        raise SignatureError(f"'{file}' holds no public key in PEM: {error}.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError(f"'{file}' holds no Ed25519 key; it is {type(key).__name__}.")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: 16 hex digits of the sha256 of its raw bytes."""
    return sha256(key.public_bytes_raw())[:16]


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


def verify_signature(
    signature: bytes, manifest: bytes, *, model: str, version: str, key: Ed25519PublicKey
) -> None:
    """Check that the key's owner signed this manifest for this model and version.

    Raises
    ------
    SignatureError
        If not.
    """
    content = parse_flat(signature, "signature.json", KEYS)
    if content["algorithm"] != ALGORITHM:
        raise SignatureError(f"Algorithm is {content['algorithm']!r}; expected '{ALGORITHM}'.")
    if content["key_id"] != key_id(key):
        raise SignatureError(
            f"'{model}' {version} was signed by key {content['key_id']!r}; the trusted key is "
            f"'{key_id(key)}'."
        )
    try:
        signed = base64.b64decode(content["signature"], validate=True)
        key.verify(signed, _message(manifest, model, version))
    except (ValueError, InvalidSignature):
        raise SignatureError(
            f"The signature of '{model}' {version} does not fit its manifest: the manifest was "
            "changed, or belongs to another model or version."
        ) from None


def _message(manifest: bytes, model: str, version: str) -> bytes:
    return canonical_json({"manifest_sha256": sha256(manifest), "model": model, "version": version})


def _make(private_file: Path, public_file: Path) -> None:
    if public_file.exists() and not private_file.exists():
        raise SignatureError(
            f"The signing key '{private_file}' is missing but its public key '{public_file}' is "
            "there. Restore the signing key; or remove the public key to start with a new pair, "
            "which no published version is signed by."
        )
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(private_file, pem, 0o600)


def _write(file: Path, content: bytes, mode: int) -> None:
    """Write a file that is not there yet, whole or not at all; whoever is first wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
