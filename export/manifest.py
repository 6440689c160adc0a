"""What a published version says about itself: manifest, pointer and their JSON.

`manifest.schema.json` decides what is valid; the classes here only give its parts names.
A new key is a new `schema_version`: readers refuse what they do not know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from export.errors import ManifestError
from export.schema import problem

SCHEMA_VERSION = 1
SCHEMA_FILE = Path(__file__).parent / "manifest.schema.json"
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Feature:
    """One input column, as training saw it.

    Parameters
    ----------
    name : str
        Column name.
    type : {"INT64", "FLOAT64", "STRING"}
        BigQuery's type.
    kind : {"numeric", "categorical"}
        How the model reads it.
    categories : tuple of str or None
        Values seen in training, ascending; None for a numeric column.
    min, max : float or None
        Training range; None for a categorical column or one that was all NULL.
    nullable : bool
        Whether training held NULLs.
    """

    name: str
    type: str
    kind: str
    categories: tuple[str, ...] | None
    min: float | None
    max: float | None
    nullable: bool


@dataclass(frozen=True)
class GoldenRow:
    """One row with BigQuery ML's own answer.

    Parameters
    ----------
    input : dict
        Value by feature; None is NULL.
    expected : dict
        `value`; `label` and `probabilities` by class; `cluster` and `distances` by cluster; or
        `components`.
    kind : {"typical", "null", "unseen", "extreme"}
        Why the row is there.
    """

    input: dict[str, Value]
    expected: dict[str, Any]
    kind: str


@dataclass(frozen=True)
class Manifest:
    """A published version, in the words of `manifest.schema.json`."""

    model: str
    version: str
    bigquery_model: str
    model_type: str
    label: str | None
    task: str
    classes: tuple[str | int | bool, ...] | None
    features: tuple[Feature, ...]
    method: dict[str, str]
    hashes: dict[str, str]
    dbt: dict[str, str | None]
    code: dict[str, str | None]
    created_at: str
    libraries: dict[str, str]
    files: dict[str, dict[str, Any]]
    metrics: dict[str, dict[str, float | None]]
    parity: dict[str, dict[str, Any] | None]
    verdict: dict[str, Any]
    golden_rows: tuple[GoldenRow, ...]
    promotion: dict[str, Any] | None = None
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Read a manifest.

        Raises
        ------
        ManifestError
            If it is not JSON or breaks the schema.
        """
        content = parse_json(data, "manifest.json")
        if found := problem(content, _schema()):
            raise ManifestError(f"manifest.json is not a valid manifest: {found}.")
        classes = content.pop("classes")
        features = tuple(
            Feature(**entry | {"categories": _tuple(entry["categories"])})
            for entry in content.pop("features")
        )
        golden = tuple(GoldenRow(**entry) for entry in content.pop("golden_rows"))
        return cls(**content, classes=_tuple(classes), features=features, golden_rows=golden)

    def to_json(self) -> bytes:
        """Write the manifest.

        Raises
        ------
        ManifestError
            If it breaks the schema.
        """
        text = json.dumps(asdict(self), indent=1, sort_keys=True, allow_nan=False)
        if found := problem(json.loads(text), _schema()):
            raise ManifestError(f"The manifest to write is not valid: {found}.")
        return text.encode()


@dataclass(frozen=True)
class Pointer:
    """`current.json`: the version that is served."""

    model: str
    version: str
    manifest_sha256: str
    published_at: str
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def parse(cls, data: bytes) -> Pointer:
        """Read a pointer.

        Raises
        ------
        ManifestError
            If it is not JSON or lacks a key.
        """
        return cls(**parse_flat(data, "current.json", tuple(cls.__annotations__)))

    def to_json(self) -> bytes:
        """Write the pointer."""
        return canonical_json(asdict(self))


def canonical_json(value: Any) -> bytes:
    """Write JSON in the one form that digests and signatures are made of.

    Keys sorted, no blanks, UTF-8, no NaN.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def sha256(data: bytes) -> str:
    """Return the digest in hex."""
    return hashlib.sha256(data).hexdigest()


def parse_json(data: bytes, name: str) -> dict[str, Any]:
    """Read a JSON object that holds no NaN.

    Raises
    ------
    ManifestError
        If it is anything else.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not a number")

    try:
        content = json.loads(data, parse_constant=refuse)
    except ValueError as error:
        raise ManifestError(f"{name} is not JSON: {error}.") from None
    if not isinstance(content, dict):
        raise ManifestError(f"{name} is {str(content)[:40]!r}; expected an object.")
    return content


def parse_flat(data: bytes, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Read a JSON object of texts with exactly these keys, `schema_version` among them.

    Raises
    ------
    ManifestError
        If it is anything else.
    """
    content = parse_json(data, name)
    if content.get("schema_version") != SCHEMA_VERSION:
        version = content.get("schema_version")
        raise ManifestError(f"{name} has schema_version {version!r}; expected {SCHEMA_VERSION}.")
    texts = all(isinstance(content[key], str) for key in content if key != "schema_version")
    if content.keys() != set(keys) or not texts:
        raise ManifestError(
            f"{name} has the keys {sorted(content)}; expected texts {sorted(keys)}."
        )
    return content


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


@cache
def _schema() -> Mapping[str, Any]:
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema
