"""From a version's files to something that can be served.

Signature, digests and libraries are checked here; the pickle is opened by a child process
that has no credentials and seals itself off (`api.seal`). What it hands back is plain data,
checked again: the tables must give BigQuery ML's answers on the signed golden rows. The
serving process never unpickles.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.errors import LoadError
from api.tables import Tables
from cloud.settings import Settings as CloudSettings
from export.artifact import (
    MANIFEST,
    PICKLE,
    TOLERANCE,
    Manifest,
    Pointer,
    class_name,
    public_key,
    sha256,
    verify,
)

ROOT = Path(__file__).resolve().parents[1]
KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
TABLES = TypeAdapter(Tables)


@dataclass(frozen=True)
class Served:
    """One version, ready to answer.

    Parameters
    ----------
    manifest : Manifest
        Verified.
    tables : Tables
        What answers.
    published_at : str
        When the pointer was moved to this version.
    loaded_at : str
        When this process took it over, UTC.
    """

    manifest: Manifest
    tables: Tables
    published_at: str
    loaded_at: str


def load(
    files: Mapping[str, bytes], pointer: Pointer, settings: CloudSettings, *, seconds: float
) -> Served:
    """Verify a version, open it in a child process and check what comes back.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by name.
    pointer : Pointer
        What `current.json` says.
    settings : cloud.Settings
        Where the trusted public key is.
    seconds : float
        How long the child may take.

    Raises
    ------
    ArtifactError
        If the files are not what was signed; nothing was unpickled then.
    LoadError
        If the pickle cannot be opened or does not answer as it must.
    """
    if sha256(files.get(MANIFEST, b"")) != pointer.manifest_sha256:
        raise LoadError(
            f"The manifest of '{pointer.model}' {pointer.version} is not the one its pointer names."
        )
    key = public_key(settings.public_key_file)
    manifest = verify(files, key, model=pointer.model, version=pointer.version)
    tables = _tables(files, seconds)
    _check_form(tables, manifest)
    _check_golden(tables, manifest)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Served(manifest, tables, pointer.published_at, now)


def _tables(files: Mapping[str, bytes], seconds: float) -> Tables:
    request = {
        "manifest": files[MANIFEST].decode(),
        "pickle": base64.b64encode(files[PICKLE]).decode(),
        "seconds": int(seconds) + 1,
    }
    answer = _ask_child(json.dumps(request).encode(), seconds)
    if "error" in answer:
        raise LoadError(str(answer["error"])[:1000])
    try:
        return TABLES.validate_json(json.dumps(answer.get("tables")))
    except ValidationError as error:
        raise LoadError(f"The opened model is not a table of numbers: {error}"[:500]) from None


def _ask_child(request: bytes, seconds: float) -> dict[str, Any]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    try:
        ended = subprocess.run(
            [sys.executable, "-EsB", "-m", "api.child"],
            input=request,
            capture_output=True,
            cwd=ROOT,
            env=kept | ONE_THREAD,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LoadError(f"Opening the pickle took more than {seconds:g} s.") from None
    try:
        answer = json.loads(ended.stdout)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        words = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise LoadError(
            f"The process that opened the pickle ended with {ended.returncode}: {words}"
        )
    return answer


def _check_form(tables: Tables, manifest: Manifest) -> None:
    """Check that the tables cover the manifest's features and classes, no more and no less."""
    classes = len(manifest.classes or ())
    numbers = {f.name for f in manifest.features if f.kind == "numeric"}
    texts = {f.name for f in manifest.features} - numbers
    fits = all(
        e.numeric.keys() == numbers and e.categorical.keys() == texts for e in tables.equations
    )
    outputs = {"identity": classes == 0, "logistic": classes == 2, "softmax": classes > 2}
    wanted = classes if classes > 2 else 1
    if not (fits and outputs[tables.link] and len(tables.equations) == wanted):
        raise LoadError(f"The opened model has other features or classes than {manifest.model!r}.")


def _check_golden(tables: Tables, manifest: Manifest) -> None:
    names = [class_name(label) for label in manifest.classes or ()]
    for row in manifest.golden_rows:
        _, given = tables.answer(row.input)
        expected = row.expected
        wanted = [expected["probabilities"][n] for n in names] if names else [expected["value"]]
        if not all(
            abs(a - b) <= TOLERANCE * max(1.0, abs(b)) for a, b in zip(given, wanted, strict=True)
        ):
            raise LoadError(
                f"'{manifest.model}' {manifest.version} answers the golden row {row.input} with "
                f"{given}; BigQuery ML answers {wanted}."
            )
