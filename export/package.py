"""The files of a version: pickle, certificate, card, manifest and signature."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from export import skops_format
from export.artifact import MANIFEST, PICKLE, SIGNATURE, libraries, replay, sign, unpickle
from export.card.pages import card_files
from export.certificate import Certificate
from export.certification import Choice
from export.examination import KEY, LABEL, VALUE, Examination
from export.manifest import GoldenRow, Manifest, Value, sha256
from export.parity import Answers
from export.pickles import dump
from export.study import Study

TYPICAL = 40
UNTRIED = {"retrained": None, "transplanted": None}


def package(
    study: Study, choice: Choice, key: Ed25519PrivateKey, *, bucket: str
) -> dict[str, bytes]:
    """Return the files of a version by name, signed, and replayed as a reader will.

    Parameters
    ----------
    study, choice
        The model, and what is published of it.
    key : Ed25519PrivateKey
        Signs.
    bucket : str
        Where the version will be: the card says how to download it.

    Raises
    ------
    ArtifactError
        If the pickle holds a class that does not belong there, or does not repeat the
        golden rows once it is unpickled.
    """
    facts, golden = _facts(study, choice), golden_rows(study, choice.examination)
    files = {
        PICKLE: dump(choice.candidate.pipeline),
        "model.skops": skops_format.dump(choice.candidate.pipeline),
        "parity.json": _parity(study, choice),
    } | card_files(study, choice, facts, golden[0], bucket=bucket)
    manifest = Manifest(
        **facts,
        features=study.features,
        files={n: {"sha256": sha256(data), "size": len(data)} for n, data in files.items()},
        golden_rows=tuple(golden),
    )
    files[MANIFEST] = manifest.to_json()
    files[SIGNATURE] = sign(
        files[MANIFEST], model=study.node.name, version=study.identity.version, key=key
    )
    replay(unpickle(files[PICKLE]), Manifest.parse(files[MANIFEST]))
    return files


def golden_rows(study: Study, examination: Examination) -> list[GoldenRow]:
    """Return rows with BigQuery ML's answers: some of the test split, all the hard ones."""
    hard, drawn = study.hard_batch.expected, examination.drawn.head(TYPICAL)
    places = [f"{VALUE}_{place}" for place in range(len(hard.outputs))]
    labels = tuple(drawn[LABEL].tolist()) if LABEL in drawn else None
    values = drawn[places].to_numpy(dtype="float64")
    usual = replace(hard, keys=tuple(drawn[KEY].tolist()), values=values, labels=labels)
    rows = [
        GoldenRow(_input(study, cells), _expected(study, usual, row), "typical")
        for row, cells in enumerate(drawn.to_dict("records"))
    ]
    return rows + [
        GoldenRow(dict(one.values), _expected(study, hard, row), one.kind)
        for row, one in enumerate(study.hard)
    ]


def _input(study: Study, cells: Mapping[Any, Any]) -> dict[str, Value]:
    return {f.name: _cell(cells[f.name], f.type) for f in study.features}


def _cell(value: Any, kind: str) -> Value:
    if value is None or value != value:
        return None
    return str(value) if kind == "STRING" else int(value) if kind == "INT64" else float(value)


def _expected(study: Study, answers: Answers, row: int) -> dict[str, Any]:
    values = answers.values[row].tolist()
    named = dict(zip(answers.outputs, values, strict=True))
    if study.node.task == "regression":
        return {"value": values[0]}
    if study.node.task == "decomposition":
        return {"components": named}
    if answers.labels is not None and study.node.task == "clustering":
        told = {name: value for name, value in named.items() if value == value}
        return {"cluster": answers.labels[row], "distances": told}
    return {"label": None if answers.labels is None else answers.labels[row]} | {
        "probabilities": named
    }


def _facts(study: Study, choice: Choice) -> dict[str, Any]:
    identity = study.identity
    figures = {method: found.figures() for method, found in choice.certificates.items()}
    published = choice.candidate.method
    return {
        "model": identity.node.name,
        "version": identity.version,
        "bigquery_model": identity.node.relation,
        "model_type": identity.model_type,
        "label": study.node.label or None,
        "task": study.node.task,
        "classes": study.classes,
        "method": {
            "published": published,
            "requested": study.node.method,
            "reason": choice.reason,
        },
        "hashes": identity.hashes,
        "dbt": {"invocation_id": study.node.invocation_id, "node": study.node.unique_id},
        "code": {"commit": _commit()},
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "libraries": libraries(identity.model_type),
        "metrics": {
            "bigquery_ml": study.metrics,
            "scikit_learn": choice.examination.found[published].metrics,
        },
        "parity": UNTRIED | figures | {"published": figures[published]},
        "verdict": identity.verdict,
    }


def _parity(study: Study, choice: Choice) -> bytes:
    content = {
        "schema_version": 1,
        "model": study.node.name,
        "version": study.identity.version,
        "rule": "|expected - actual| <= tolerance * max(1, |expected|), every output, every row",
        "test_rows": study.facts.tests,
        "hard_rows": len(study.hard),
        "published": choice.candidate.method,
        "reason": choice.reason,
        "open_constants": choice.candidate.open_constants,
        "median_and_roc_auc_of_rows": choice.examination.found[choice.candidate.method].of_rows,
    }
    content |= {name: _certificate(found) for name, found in choice.certificates.items()}
    return json.dumps(content, indent=1, allow_nan=False).encode()


def _certificate(certificate: Certificate) -> dict[str, Any]:
    explained = certificate.explanations
    return (
        certificate.figures()
        | _rows(certificate)
        | {
            "ties": certificate.tied,
            "first_ties": certificate.ties,
            "explanations": None
            if explained is None
            else certificate.figures()["explanations"] | _rows(explained),
        }
    )


def _rows(certificate: Certificate) -> dict[str, Any]:
    return {
        "rows_apart": certificate.apart,
        "first_rows_apart": certificate.rows_apart,
        "worst": certificate.worst,
    }


def _commit() -> str | None:
    """Return the commit of this code: an image is told it, a checkout knows; else None."""
    if told := os.environ.get("CODE_COMMIT"):
        return told
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
