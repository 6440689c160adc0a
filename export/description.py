"""One published version in words: what it is, how good, how near BigQuery ML, who signed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.cloud.storage import Bucket

from cloud import Settings
from export import bucket as store
from export import pointers
from export.artifact import MANIFEST, SIGNATURE, Manifest, sha256, trusted_keys, verify
from export.connections import open_bucket
from export.errors import ArtifactError
from export.signature import signer
from export.versions import current_version, read_version


def show_version(settings: Settings, model: str, version: str | None = None) -> str:
    """Describe a version; what is wrong with it is told, and the rest shown all the same.

    Parameters
    ----------
    settings : Settings
        Where the bucket is, and the public keys.
    model : str
        The model's name.
    version : str, optional
        The current one without it.

    Raises
    ------
    ManifestError
        If its manifest cannot be read.
    PublishError
        If there is no such version.
    """
    bucket = open_bucket(settings)
    version = version or current_version(bucket, model).version
    files = read_version(bucket, model, version)
    manifest = Manifest.parse(files.get(MANIFEST, b""))
    lines = [f"{model} {version}{_current(bucket, model, version)}"]
    lines += [f"  {name:<11}{text}" for name, text in _facts(manifest)]
    lines += ["  metrics    on the test split: BigQuery ML, scikit-learn"]
    lines += [f"    {line}" for line in _metrics(manifest.metrics)]
    lines += ["  parity", *(f"    {line}" for line in _parity(manifest))]
    lines += [f"  {name:<11}{text}" for name, text in _judgements(manifest)]
    lines += [f"  files      {store.uri(bucket, model, version)}"]
    lines += [f"    {line}" for line in _files(files)]
    lines += [f"  key        {_key(settings, files, model, version)}"]
    return "\n".join(lines)


def promotion_words(promotion: Mapping[str, Any] | None) -> str:
    """Say how a version did against the one that was current."""
    if promotion is None:
        return "never compared with another version"
    text = f"{promotion['outcome']}: {promotion['reason']}"
    if promotion["forced"]:
        text += f" Forced: a copy of {promotion['forced_from']} that somebody made current."
    return text


def verdict_words(verdict: Mapping[str, Any]) -> str:
    """Say whether a model is better than a constant."""
    text = str(verdict["status"])
    if verdict["improvement"] is not None and verdict["interval"] is not None:
        low, high = verdict["interval"]
        text += (
            f": {verdict['loss'] or 'loss'} {verdict['improvement']:.6g} less than a constant's "
            f"(95% interval {low:.6g} to {high:.6g}, {verdict['test_rows'] or 0:,} test rows)"
        )
    return f"{text}. {verdict['reason']}" if verdict["reason"] else text


def figures_words(figures: Mapping[str, Any] | None) -> str:
    """Say how near a pipeline came to BigQuery ML."""
    if figures is None:
        return "not tried"
    ends = [figures["max_abs"], figures["max_rel"]]
    worst, relative = ("not finite" if end is None else f"{end:.3g}" for end in ends)
    return (
        f"{'within' if figures['within'] else 'NOT within'} {figures['tolerance']:g}: "
        f"{figures['rows']:,} rows, worst {worst} (relative {relative}), "
        f"{figures['label_disagreements']} labels differ{_explained(figures.get('explanations'))}"
    )


def _explained(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    worst = "not finite" if found["max_rel"] is None else f"{found['max_rel']:.3g}"
    rows = f"{found['rows']:,}" + ("" if found["of"] is None else f" of {found['of']:,}")
    word = "within" if found["within"] else "NOT within"
    return f"; explanations of {rows} {word}, relative {worst}"


def number(value: Any) -> str:
    """Write a metric."""
    return f"{value:.6g}" if isinstance(value, int | float) else "–"


def _current(bucket: Bucket, model: str, version: str) -> str:
    current, _, _ = pointers.current(bucket, model)
    if current is None:
        return " (no version is current)"
    if current.version == version:
        return f" (current since {current.published_at})"
    return f" (current is {current.version})"


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    method, libraries = manifest.method, manifest.libraries
    classes = f", classes {list(manifest.classes)}" if manifest.classes else ""
    return [
        ("is", f"{manifest.bigquery_model} ({manifest.model_type}), {manifest.task}"),
        ("predicts", f"{manifest.label or 'no label'}{classes}"),
        ("from", ", ".join(f"{f.name} {f.type}" for f in manifest.features)),
        ("made at", f"{manifest.created_at} by code {manifest.code['commit'] or 'without commit'}"),
        ("trained on", " ".join(f"{name} {value}" for name, value in manifest.hashes.items())),
        ("method", f"{method['published']} (asked for: {method['requested']}). {method['reason']}"),
        ("libraries", ", ".join(f"{name} {value}" for name, value in libraries.items())),
    ]


def _metrics(metrics: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    theirs, ours = metrics["bigquery_ml"], metrics["scikit_learn"]
    names = sorted(theirs.keys() | ours.keys())
    return [f"{n:<24}{number(theirs.get(n)):>14}{number(ours.get(n)):>14}" for n in names]


def _parity(manifest: Manifest) -> list[str]:
    return [
        f"{name:<14}{figures_words(manifest.parity[name])}"
        for name in ("retrained", "transplanted")
    ] + [f"{len(manifest.golden_rows)} golden rows with BigQuery ML's own answers"]


def _judgements(manifest: Manifest) -> list[tuple[str, str]]:
    return [
        ("verdict", verdict_words(manifest.verdict)),
        ("promotion", promotion_words(manifest.promotion)),
    ]


def _files(files: Mapping[str, bytes]) -> list[str]:
    return [f"{name:<15}{len(data):>10} {sha256(data)}" for name, data in files.items()]


def _key(settings: Settings, files: Mapping[str, bytes], model: str, version: str) -> str:
    try:
        name = signer(files.get(SIGNATURE, b""))
        verify(files, trusted_keys(settings.public_key_file), model=model, version=version)
    except ArtifactError as error:
        return f"NOT as it was signed. {type(error).__name__}: {error}"
    return f"{name}, trusted; signature and digests hold (`verify` replays the golden rows too)"
