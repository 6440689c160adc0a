"""From a version's files to something that can be served.

Signature, digests and libraries are checked here; the pickle is opened by a child process
that has no credentials and seals itself off (`seal`). What it hands back is plain data, checked
again: the tables must give BigQuery ML's answers on the signed golden rows. The serving process
never unpickles.
"""

from __future__ import annotations

import base64
import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from api.artifacts.kept import KeptPipeline
from api.artifacts.opener import Opener
from api.artifacts.served import Served, named
from api.errors import LoadError, Unanswered
from api.scoring.compiled import Picks, Scorer, by_pipeline, compile_tables
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
    outputs_of,
    trusted_keys,
    verify,
)

LONGEST_REASON = 1000
PICKS: Mapping[str, Picks] = {
    "regression": None,
    "classification": "greatest",
    "clustering": "least",
    "decomposition": None,
}
logger = logging.getLogger("api")


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


def has_trees(version: Verified) -> bool:
    """Tell whether opening a version takes XGBoost."""
    return "xgboost" in version.manifest.libraries


def open_versions(versions: Sequence[Verified], opener: Opener) -> Iterator[Served | Exception]:
    """Open versions in the child and check what comes back; yield each, or why it is not served.

    Parameters
    ----------
    versions : sequence of Verified
        Each opened in a sealed process of its own, several at once.
    opener : Opener
        Who starts those.
    """
    files = [
        (one.files[MANIFEST].decode(), base64.b64encode(one.files[PICKLE]).decode())
        for one in versions
    ]
    answers = opener.open(files)
    for at, version in enumerate(versions):
        try:
            answer = next(answers)
        except LoadError as error:
            if len(versions) == 1:
                yield error
                return
            for one in versions[at:]:  # alone, so that only who is to blame fails
                yield from open_versions([one], opener)
            return
        try:
            yield _checked(version, answer)
        except Exception as error:
            yield error


def _checked(version: Verified, answer: Mapping[str, Any]) -> Served:
    manifest = version.manifest
    if "error" in answer:
        raise LoadError(str(answer["error"])[:LONGEST_REASON])
    if "pipeline" in answer:
        names = [str(name) for name in answer["names"]]
        return _served_by_pipeline(version, names, str(answer["pipeline"])[:LONGEST_REASON])
    try:
        tables = msgspec.convert(answer.get("tables"), Tables)
    except msgspec.ValidationError as error:
        words = f"The opened model is no table of numbers: {error}"
        raise LoadError(words[:LONGEST_REASON]) from None
    _check_form(tables, manifest)
    scorer = compile_tables(tables, manifest.features)
    _check_golden(scorer, manifest)
    return _served(version, scorer, None if tables.trees is None else _kept(version, answers=False))


def _served_by_pipeline(version: Verified, names: Sequence[str], reason: str) -> Served:
    """Let the pipeline itself answer, in a process that stays."""
    manifest, pipeline = version.manifest, _kept(version, answers=True)
    scorer = by_pipeline(
        lambda rows: pipeline.predict(named(manifest.features, rows)),
        manifest.features,
        PICKS[manifest.task],
        names,
    )
    try:
        _check_golden(scorer, manifest)
    except Unanswered as error:
        pipeline.end()
        raise LoadError(str(error)[:LONGEST_REASON]) from None
    except LoadError:
        pipeline.end()
        raise
    logger.warning(
        "'%s' %s is answered by its pipeline, in milliseconds where tables take microseconds. %s",
        *(manifest.model, manifest.version, reason),
    )
    return _served(version, scorer, pipeline)


def _kept(version: Verified, *, answers: bool) -> KeptPipeline:
    return KeptPipeline(version.files[MANIFEST], version.files[PICKLE], answers=answers)


def _served(version: Verified, scorer: Scorer, pipeline: KeptPipeline | None) -> Served:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Served(version.manifest, scorer, version.pointer.published_at, now, pipeline)


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
    """Check the outputs that the golden rows tell: of many clusters they tell the nearest."""
    names = [class_name(label) for label in manifest.classes or ()] or scorer.names or ("value",)
    for row in manifest.golden_rows:
        given = scorer.one([row.input[feature.name] for feature in manifest.features])
        wanted = outputs_of(row.expected)
        told = dict(zip(names, given, strict=False))
        if len(given) != len(names) or not all(
            name in told and abs(told[name] - one) <= TOLERANCE * max(1.0, abs(one))
            for name, one in wanted.items()
        ):
            raise LoadError(
                f"'{manifest.model}' {manifest.version} answers the golden row {row.input} with "
                f"{given}; BigQuery ML answers {wanted}."
            )
