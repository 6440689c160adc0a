"""From a version's files to something that can be served.

Signature, digests and libraries are checked here; the pickle is opened by a child process
that has no credentials and seals itself off (`seal`). What it hands back is plain data, checked
again: the tables must give BigQuery ML's answers on the signed golden rows. The serving process
never unpickles.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.artifacts.served import Served
from api.errors import LoadError
from api.scoring.compiled import Scorer, compile_tables
from api.scoring.tables import Number, Tables, Text
from cloud.settings import Settings as CloudSettings
from export.artifact import (
    MANIFEST,
    PICKLE,
    SERVED,
    TOLERANCE,
    Manifest,
    Pointer,
    check_pointer,
    class_name,
    trusted_keys,
    verify,
)

ROOT = Path(__file__).resolve().parents[2]
KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
START_SECONDS = 60.0
LONGEST_REASON = 1000
TABLES = TypeAdapter(Tables)


@dataclass(frozen=True)
class Verified:
    """A version that is as it was signed, and not opened yet."""

    pointer: Pointer
    manifest: Manifest
    files: Mapping[str, bytes]


def verify_version(
    files: Mapping[str, bytes], pointer: Pointer, settings: CloudSettings
) -> Verified:
    """Check a version's files without opening the pickle.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by name.
    pointer : Pointer
        What `current.json` says.
    settings : cloud.Settings
        Where the trusted public keys are.

    Raises
    ------
    ArtifactError
        If the pointer names another manifest, the files are not what was signed, or the
        installed libraries cannot read them.
    """
    model, version = pointer.model, pointer.version
    check_pointer(pointer, files.get(MANIFEST))
    keys = trusted_keys(settings.public_key_file)
    manifest = verify(files, keys, model=model, version=version, needed=SERVED)
    return Verified(pointer, manifest, files)


def open_versions(versions: Sequence[Verified], *, seconds: float) -> list[Served | LoadError]:
    """Open versions in a child process and check what comes back.

    Parameters
    ----------
    versions : sequence of Verified
        Each is opened in a sealed process of its own.
    seconds : float
        How long one may take.

    Returns
    -------
    list of Served or LoadError
        In the same order.
    """
    try:
        answers = _ask_child(versions, seconds) if versions else []
    except LoadError as error:
        return [error] * len(versions)
    return [_served(entry, answer) for entry, answer in zip(versions, answers, strict=True)]


def _served(version: Verified, answer: dict[str, Any]) -> Served | LoadError:
    manifest = version.manifest
    try:
        if "error" in answer:
            raise LoadError(str(answer["error"])[:LONGEST_REASON])
        tables = TABLES.validate_json(json.dumps(answer.get("tables")))
        _check_form(tables, manifest)
        scorer = compile_tables(tables, manifest.features)
        _check_golden(scorer, manifest)
    except LoadError as error:
        return error
    except ValidationError as error:
        return LoadError(f"The opened model is no table of numbers: {error}"[:LONGEST_REASON])
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Served(manifest, scorer, version.pointer.published_at, now)


def _ask_child(versions: Sequence[Verified], seconds: float) -> list[dict[str, Any]]:
    models = [
        {
            "manifest": version.files[MANIFEST].decode(),
            "pickle": base64.b64encode(version.files[PICKLE]).decode(),
        }
        for version in versions
    ]
    ended = _run_child(json.dumps({"seconds": seconds, "models": models}).encode(), seconds)
    try:
        answers = json.loads(ended.stdout)
    except ValueError:
        answers = None
    fits = isinstance(answers, list) and all(isinstance(answer, dict) for answer in answers)
    if not fits or len(answers) != len(versions):
        words = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise LoadError(f"The process that opens pickles ended with {ended.returncode}: {words}")
    return list(answers)


def _run_child(request: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    longest = START_SECONDS + seconds * request.count(b'"pickle":')
    try:
        return subprocess.run(
            [sys.executable, "-EsB", "-m", "api.artifacts.child"],
            input=request,
            capture_output=True,
            cwd=ROOT,
            env=kept | ONE_THREAD,
            timeout=longest,
            check=False,
            start_new_session=True,  # Ctrl-C is for the service; the child dies with it
        )
    except subprocess.TimeoutExpired:
        raise LoadError(f"Opening the pickle took more than {longest:g} s.") from None


def _check_form(tables: Tables, manifest: Manifest) -> None:
    """Check that the tables are whole and cover the manifest's features and classes."""
    classes = len(manifest.classes or ())
    scores = {"identity": 1, "logistic": 1, "softmax": classes}[tables.link]
    links = {0: ("identity",), 2: ("logistic", "softmax")}.get(classes, ("softmax",))
    width = len(tables.baseline) if tables.trees is not None else scores
    kinds = {f.name: f.kind == "numeric" for f in manifest.features}
    fits = list(tables.columns) == list(kinds) and all(
        isinstance(column, Number) == kinds[name] and _is_whole(column, width)
        for name, column in tables.columns.items()
    )
    if not (fits and tables.link in links and len(tables.baseline) == width):
        raise LoadError(f"The opened model has other features or classes than {manifest.model!r}.")


def _is_whole(column: Number | Text, width: int) -> bool:
    """Tell whether vectors are as long as their parts, and these within the model."""
    vectors = [column.null]
    if isinstance(column, Number):
        pieces = len(column.edges) + 1
        if not len(column.slopes) == len(column.offsets) == pieces:
            return False
        if any(a >= b for a, b in itertools.pairwise(column.edges)):
            return False
        vectors += [*column.slopes, *column.offsets]
    else:
        vectors += [*column.known.values(), column.unseen]
    inside = all(0 <= part.target < width for part in column.parts)
    return inside and all(len(vector) == len(column.parts) for vector in vectors)


def _check_golden(scorer: Scorer, manifest: Manifest) -> None:
    names = [class_name(label) for label in manifest.classes or ()]
    for row in manifest.golden_rows:
        given = scorer.one([row.input[feature.name] for feature in manifest.features])
        expected = row.expected
        wanted = [expected["probabilities"][n] for n in names] if names else [expected["value"]]
        if len(given) != len(wanted) or not all(
            abs(a - b) <= TOLERANCE * max(1.0, abs(b)) for a, b in zip(given, wanted, strict=True)
        ):
            raise LoadError(
                f"'{manifest.model}' {manifest.version} answers the golden row {row.input} with "
                f"{given}; BigQuery ML answers {wanted}."
            )
