"""Every way a published version can be wrong, and how each is refused.

Used against the commands of the export and against the API: both read the same bucket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from export.artifact import key_id, libraries, signing_key
from export.errors import (
    ArtifactError,
    DigestError,
    ForeignManifestError,
    LibraryError,
    MissingFileError,
    RetiredKeyError,
    SignatureError,
    SwappedFileError,
    TruncatedFileError,
    UnknownKeyError,
)
from export.keys import retire, rotate
from tests.api.publishing import resigned, version_files

MODEL, OTHER = "price", "class_two"
GOOD, BAD = "1" * 16, "2" * 16
Files = dict[str, bytes]


@dataclass(frozen=True)
class Keys:
    """The pair of files in use, the key that signs and one that was retired."""

    private_file: Path
    public_file: Path
    signing: Ed25519PrivateKey
    retired: Ed25519PrivateKey


def make_keys(directory: Path) -> Keys:
    pair = directory / "signing.pem", directory / "public.pem"
    first = signing_key(*pair)
    rotate(*pair)
    retire(pair[1], key_id(first.public_key()))
    return Keys(*pair, signing_key(*pair), first)


def good(keys: Keys) -> Files:
    return version_files(MODEL, GOOD, keys.signing)


def other(keys: Keys) -> Files:
    return version_files(OTHER, GOOD, keys.signing)


def true(keys: Keys, **changes: object) -> Files:
    return version_files(MODEL, BAD, keys.signing, seed=1, **changes)


def flipped(data: bytes, position: int | None = None, bit: int = 0) -> bytes:
    at = len(data) // 2 if position is None else position
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def without(files: Files, name: str) -> Files:
    return {other: data for other, data in files.items() if other != name}


def taking(files: Files, source: Files, *names: str) -> Files:
    return files | {name: source[name] for name in names}


SEAL = ("manifest.json", "signature.json")
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)


@dataclass(frozen=True)
class Case:
    """A version that must be refused.

    Parameters
    ----------
    make : callable
        Returns the version's files.
    error, words : type and str
        What the export raises, and what its message matches.
    told : str
        What the API says, where it cannot know as much.
    served : bool
        Whether the API reads the file that is wrong.
    """

    make: Callable[[Keys], Files]
    error: type[ArtifactError]
    words: str
    told: str = ""
    served: bool = True


def _changed(name: str) -> Callable[[Keys], Files]:
    def make(keys: Keys) -> Files:
        files = true(keys)
        return files | {name: flipped(files[name])}

    return make


CASES: dict[str, Case] = {
    "tampered pickle": Case(
        _changed("model.pkl"), DigestError, r"model\.pkl' has \d+ bytes and sha256"
    ),
    "tampered certificate": Case(
        _changed("parity.json"), DigestError, r"parity\.json' has", served=False
    ),
    "tampered card": Case(_changed("card.md"), DigestError, r"card\.md' has", served=False),
    "tampered manifest": Case(
        lambda keys: taking(true(keys), true(keys, label="x"), "manifest.json"),
        SignatureError,
        "does not fit its manifest",
    ),
    "truncated pickle": Case(
        lambda keys: true(keys) | {"model.pkl": true(keys)["model.pkl"][:-9]},
        TruncatedFileError,
        r"model\.pkl' has only \d+ of the \d+ bytes",
    ),
    "missing certificate": Case(
        lambda keys: without(true(keys), "parity.json"),
        MissingFileError,
        "is missing",
        served=False,
    ),
    "missing signature": Case(
        lambda keys: without(true(keys), "signature.json"),
        MissingFileError,
        r"lacks signature\.json",
    ),
    "pickle of another version": Case(
        lambda keys: taking(true(keys), good(keys), "model.pkl"),
        SwappedFileError,
        f"model.pkl' is the model.pkl of '{MODEL}' {GOOD}",
        told="signed manifest says",
    ),
    "pickle of another model": Case(
        lambda keys: taking(true(keys), other(keys), "model.pkl"),
        SwappedFileError,
        f"model.pkl' is the model.pkl of '{OTHER}' {GOOD}",
        told="signed manifest says",
    ),
    "files of one version exchanged": Case(
        lambda keys: true(keys) | {"card.md": true(keys)["parity.json"]},
        SwappedFileError,
        r"card\.md' is the parity\.json of",
        served=False,
    ),
    "manifest of another version": Case(
        lambda keys: taking(true(keys), good(keys), *SEAL),
        ForeignManifestError,
        f"belongs to another model or version: it says '{MODEL}' '{GOOD}'",
    ),
    "manifest of another model": Case(
        lambda keys: taking(true(keys), other(keys), *SEAL),
        ForeignManifestError,
        f"belongs to another model or version: it says '{OTHER}' '{GOOD}'",
    ),
    "signature of another version": Case(
        lambda keys: taking(true(keys), good(keys), "signature.json"),
        SignatureError,
        "does not fit its manifest",
    ),
    "unknown key": Case(
        lambda keys: resigned(true(keys), MODEL, BAD, STRANGER),
        UnknownKeyError,
        "which is not trusted; trusted: [0-9a-f]{16}",
    ),
    "retired key": Case(
        lambda keys: resigned(true(keys), MODEL, BAD, keys.retired),
        RetiredKeyError,
        r"which was retired at 20.* trusted now: [0-9a-f]{16}",
    ),
    "other library": Case(
        lambda keys: true(keys, libraries=libraries() | {"scikit-learn": "1.2.0"}),
        LibraryError,
        r"was pickled with scikit-learn 1\.2\.0; .* Install scikit-learn 1\.2\.0, or publish",
    ),
    "other library of trees": Case(
        lambda keys: true(keys, libraries=libraries("BOOSTED_TREE") | {"xgboost": "2.1.4"}),
        LibraryError,
        r"was pickled with xgboost 2\.1\.4; 3\.0\..* Install xgboost 2\.1\.4, or publish",
    ),
}
