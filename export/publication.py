"""What became of one model: what the command line prints and `run.json` holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from google.cloud.storage import Bucket

from export import bucket as store
from export.manifest import Manifest


@dataclass(frozen=True)
class Publication:
    """What became of one model.

    Parameters
    ----------
    name : str
        dbt's name of the model.
    type, version, uri : str or None
        BigQuery's type, the version and its folder; None if nothing is published.
    created : bool
        Whether this run moved the pointer to this version.
    metrics : dict
        `bigquery_ml` and `scikit_learn`, on the test split.
    parity : dict
        The published pipeline's figures.
    methods : dict
        `published`, `requested`, `reason`, and both methods' figures.
    verdict : dict
        Status, improvement, interval and more.
    promotion : dict
        How it did against the version that was current, as the manifest says.
    waiting : bool
        Whether it is published while another version stays current; `note` says why.
    note : str
        What a person should know: why nothing is published, or why nothing was done.
    error : str or None
        What went wrong; the old pointer stands.
    """

    name: str
    type: str | None = None
    version: str | None = None
    uri: str | None = None
    created: bool = False
    metrics: dict[str, Any] = field(default_factory=dict)
    parity: dict[str, Any] = field(default_factory=dict)
    methods: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    promotion: dict[str, Any] = field(default_factory=dict)
    waiting: bool = False
    note: str = ""
    error: str | None = None


def publication(
    bucket: Bucket,
    manifest: Manifest,
    *,
    created: bool = False,
    waiting: bool = False,
    note: str = "",
) -> Publication:
    """Return a published version as `run.json` tells it."""
    figures = {name: manifest.parity[name] for name in ("retrained", "transplanted")}
    return Publication(
        name=manifest.model,
        type=manifest.model_type,
        version=manifest.version,
        uri=store.uri(bucket, manifest.model, manifest.version),
        created=created,
        metrics=dict(manifest.metrics),
        parity=manifest.parity["published"] or {},
        methods=manifest.method | figures,
        verdict=manifest.verdict,
        promotion=manifest.promotion or {},
        waiting=waiting,
        note=note,
    )
