"""What changed between two published versions of a model, one line a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cloud import Settings
from export.artifact import (
    MANIFEST,
    SIGNATURE,
    Feature,
    Manifest,
    TrustedKeys,
    trusted_keys,
    verify_signature,
)
from export.connections import open_bucket
from export.description import figures_words, number, promotion_words, verdict_words
from export.errors import ArtifactError, PublishError
from export.signature import signer
from export.versions import read_version

HASHES = {"data": "training data", "sql": "SQL", "options": "options"}
EXPORT = ("model_type", "label", "task", "classes", "bigquery_model")


def diff_versions(settings: Settings, model: str, first: str, second: str) -> list[str]:
    """Return what changed from the first version to the second.

    A version that no trusted key signed, as another project's, is compared too; a line says so.

    Parameters
    ----------
    settings : Settings
        Where the bucket is.
    model, first, second : str
        Two published versions of a model, or folders that hold one: of another bucket, such as
        the local one's in `.local/buckets/`, or a copy.

    Returns
    -------
    list of str
        Empty if nothing changed but the name.

    Raises
    ------
    ManifestError
        If one of the manifests cannot be read.
    PublishError
        If one of the versions is not there.
    """
    sides = [_files(settings, model, version) for version in (first, second)]
    a, b = (Manifest.parse(files.get(MANIFEST, b"")) for files in sides)
    signers = [signer(files.get(SIGNATURE, b"")) for files in sides]
    keys = trusted_keys(settings.public_key_file)
    doubts = [doubt for files in sides for doubt in _doubts(files, model, keys)]
    return [*dict.fromkeys(doubts), *differences(a, b), *_pair("signing key", *signers)]


def _doubts(files: Mapping[str, bytes], model: str, keys: TrustedKeys) -> Iterator[str]:
    version = Manifest.parse(files[MANIFEST]).version
    try:
        verify_signature(files[SIGNATURE], files[MANIFEST], model=model, version=version, keys=keys)
    except ArtifactError as error:
        yield f"NOT verified. {type(error).__name__}: {error}"


def _files(settings: Settings, model: str, version: str) -> dict[str, bytes]:
    folder = Path(version)
    if "/" not in version and not folder.is_dir():
        return read_version(open_bucket(settings), model, version)
    try:
        files = {name: (folder / name).read_bytes() for name in (MANIFEST, SIGNATURE)}
    except OSError as error:
        raise PublishError(
            f"'{folder}' is no folder of a version: {error.strerror}: '{error.filename}'. Give one "
            "that holds manifest.json and signature.json, or 16 hex digits as `list` shows them."
        ) from error
    held = Manifest.parse(files[MANIFEST]).model
    if held != model:
        raise PublishError(f"'{folder}' holds a version of '{held}', not of '{model}'.")
    return files


def differences(a: Manifest, b: Manifest) -> list[str]:
    """Return what changed from one manifest to another."""
    lines = [f"{name} changed: {a.hashes[key]} → {b.hashes[key]}" for key, name in HASHES.items()]
    lines = [
        line for line, key in zip(lines, HASHES, strict=True) if a.hashes[key] != b.hashes[key]
    ]
    for key in EXPORT:
        lines += _pair(key.replace("_", " "), getattr(a, key), getattr(b, key))
    lines += _features(a.features, b.features)
    lines += _entries("library ", a.libraries, b.libraries)
    lines += _pair("code commit", a.code["commit"], b.code["commit"])
    for key in ("requested", "published", "reason"):
        lines += _pair(f"method {key}", a.method[key], b.method[key])
    for side, name in (("bigquery_ml", "BigQuery ML"), ("scikit_learn", "scikit-learn")):
        lines += _numbers(f"metric of {name} ", a.metrics[side], b.metrics[side])
    for key in ("retrained", "transplanted"):
        lines += _pair(f"parity {key}", figures_words(a.parity[key]), figures_words(b.parity[key]))
    lines += _pair("verdict", verdict_words(a.verdict), verdict_words(b.verdict))
    lines += _pair("promotion", promotion_words(a.promotion), promotion_words(b.promotion))
    return lines


def _pair(name: str, before: Any, after: Any) -> Iterator[str]:
    if before != after:
        yield f"{name}: {_written(before)} → {_written(after)}"


def _written(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else "–" if value is None else str(value)


def _entries(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        yield from _pair(f"{name}{key}", before.get(key), after.get(key))


def _numbers(
    name: str, before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old != new:
            change = f" ({new - old:+.3g})" if old is not None and new is not None else ""
            yield f"{name}{key}: {number(old)} → {number(new)}{change}"


def _features(before: tuple[Feature, ...], after: tuple[Feature, ...]) -> Iterator[str]:
    old, new = ({f.name: f for f in features} for features in (before, after))
    for name in old.keys() - new.keys():
        yield f"feature {name}: taken out"
    for name in new.keys() - old.keys():
        yield f"feature {name}: added ({new[name].type})"
    shared = [name for name in new if name in old]
    for name in shared:
        yield from _feature(old[name], new[name])
    if shared != [name for name in old if name in new]:
        yield f"order of features: {', '.join(old)} → {', '.join(new)}"


def _feature(old: Feature, new: Feature) -> Iterator[str]:
    name = f"feature {old.name}"
    for key in ("type", "kind", "nullable"):
        yield from _pair(f"{name}, {key}", getattr(old, key), getattr(new, key))
    ends = [f"{number(f.min)} to {number(f.max)}" for f in (old, new)]
    yield from _pair(f"{name}, training range", *ends)
    seen, now = set(old.categories or ()), set(new.categories or ())
    if seen != now:
        gone, come = sorted(seen - now), sorted(now - seen)
        yield f"{name}, categories: {len(gone)} gone {gone[:5]}, {len(come)} new {come[:5]}"
