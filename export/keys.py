"""The Ed25519 keys: one that signs, several that are trusted.

The file of public keys is plain PEM, one block after the other, the newest first: there looks
whoever takes a single key, as the card's lines do. A key that was retired leaves a comment, so
that a reader can be told why its versions do not load. Files are replaced whole, and a public
key is trusted before anything is signed with it: whatever is killed in between, what was
published still loads.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from export.errors import KeyFileError
from export.manifest import sha256

BEGIN = b"-----BEGIN "
BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.S)
RETIRED = re.compile(rb"^# retired ([0-9a-f]{16}) (\S+)", re.M)


@dataclass(frozen=True)
class TrustedKeys:
    """The public keys that a version may be signed by.

    Parameters
    ----------
    keys : mapping of str to Ed25519PublicKey
        By key id, the newest first.
    retired : mapping of str to str
        When a key was retired, by its id.
    """

    keys: Mapping[str, Ed25519PublicKey]
    retired: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, *keys: Ed25519PublicKey) -> TrustedKeys:
        """Trust these keys."""
        return cls({key_id(key): key for key in keys})


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: 16 hex digits of the sha256 of its raw bytes."""
    return sha256(key.public_bytes_raw())[:16]


def trusted_keys(file: Path) -> TrustedKeys:
    """Read the public keys.

    Raises
    ------
    KeyFileError
        If the file is missing, or anything in it is not an Ed25519 public key.
    """
    if not file.exists():
        raise KeyFileError(f"The public key '{file}' is missing; publishing a model makes it.")
    content = file.read_bytes()
    blocks = BLOCK.findall(content)
    if not blocks or len(blocks) != content.count(BEGIN):
        raise KeyFileError(
            f"'{file}' holds no public key in PEM, or one that is cut off: {len(blocks)} of "
            f"{content.count(BEGIN)} blocks are public keys. Write it again from the keys you "
            "trust."
        )
    retired = {name.decode(): when.decode() for name, when in RETIRED.findall(content)}
    return TrustedKeys({key_id(key): key for key in (_public(b, file) for b in blocks)}, retired)


def signing_key(private_file: Path, public_file: Path) -> Ed25519PrivateKey:
    """Read the signing key; make it at first use, with its public key beside it.

    Raises
    ------
    KeyFileError
        If the file holds no Ed25519 key, or its public key is not among the trusted.
    """
    if not private_file.exists():
        _refuse_a_lost_key(private_file, public_file)
        _create(private_file, _private_pem(Ed25519PrivateKey.generate()), 0o600)
    key = read_private(private_file)
    if not public_file.exists():
        _create(public_file, _public_pem(key.public_key()), 0o644)
    trusted, own = trusted_keys(public_file).keys, key_id(key.public_key())
    if own not in trusted:
        raise KeyFileError(
            f"'{public_file}' trusts {', '.join(trusted)} and is not the public key of "
            f"'{private_file}' ({own}). Set both files to one pair, or append that key to it."
        )
    return key


def read_private(file: Path) -> Ed25519PrivateKey:
    """Read a signing key that is there.

    Raises
    ------
    KeyFileError
        If the file holds no Ed25519 private key.
    """
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"'{file}' holds no private key in PEM: {error}.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"'{file}' holds no Ed25519 key; it is {type(key).__name__}.")
    return key


def rotate(private_file: Path, public_file: Path) -> tuple[str, str]:
    """Make a new signing key and trust it; the old public keys stay trusted.

    Returns
    -------
    tuple of str
        The ids of the old key and of the new one. The old signing key is gone.

    Raises
    ------
    KeyFileError
        If there is no whole pair to begin with.
    """
    with _locked(public_file):
        old = key_id(signing_key(private_file, public_file).public_key())
        new = Ed25519PrivateKey.generate()
        _replace(public_file, _public_pem(new.public_key()) + public_file.read_bytes())
        _replace(private_file, _private_pem(new), 0o600)
    return old, key_id(new.public_key())


def retire(public_file: Path, name: str) -> None:
    """Trust a key no longer, and leave a note that says since when.

    Raises
    ------
    KeyFileError
        If the key is not trusted, or is the last one.
    """
    with _locked(public_file):
        trusted = trusted_keys(public_file)
        if name not in trusted.keys:
            raise KeyFileError(
                f"'{public_file}' does not trust a key {name!r}; it trusts "
                f"{', '.join(trusted.keys)}."
            )
        if len(trusted.keys) == 1:
            raise KeyFileError(
                f"'{name}' is the only key that '{public_file}' trusts: without it nothing loads. "
                "Run `python -m export rotate-key` and publish first."
            )
        kept = b"".join(_public_pem(key) for own, key in trusted.keys.items() if own != name)
        retired = {**trusted.retired, name: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        notes = "".join(f"# retired {own} {when}\n" for own, when in retired.items())
        _replace(public_file, kept + notes.encode())


def _public(block: bytes, file: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(block)
    except ValueError as error:
        raise KeyFileError(f"'{file}' holds no public key in PEM: {error}.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"'{file}' holds no Ed25519 key; it is {type(key).__name__}.")
    return key


def _refuse_a_lost_key(private_file: Path, public_file: Path) -> None:
    if public_file.exists() and not private_file.exists():
        raise KeyFileError(
            f"The signing key '{private_file}' is missing but its public key '{public_file}' is "
            "there. Restore the signing key; or remove the public key to start with a new pair, "
            "which no published version is signed by."
        )


def _create(file: Path, content: bytes, mode: int) -> None:
    """Write a file that is not there yet, whole or not at all; whoever is first wins."""
    draft = _draft(file, content, mode)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _replace(file: Path, content: bytes, mode: int = 0o644) -> None:
    os.replace(_draft(file, content, mode), file)


def _draft(file: Path, content: bytes, mode: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(descriptor, mode)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
    return Path(draft)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Let one process change the keys at a time: each reads what the last one wrote."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
