"""A whole report answered row by row: any dialect that ingest reads, and no row is lost.

What comes out has a line for each record that came in, as ingest normalises it, with the answer
or the reason why there is none.
"""

from __future__ import annotations

import csv
import io
import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from api.artifacts.served import Served
from api.errors import InvalidReport, InvalidRows
from api.inference.batch import Batch, Row, batch_of_rows
from api.inference.predictor import Answers, predict
from api.phrases import Language
from export.artifact import Feature
from ingest.columns import contract
from ingest.dialect import Dialect, recognise
from ingest.errors import ReportError
from ingest.normalise import normalise

CHUNK = 2_000
NOTE = "note"
# The report's own names, by those of the features.
NAMES = {column.name.lower(): column.name for column in contract()}
# What stands before the name of a class, cluster or component.
OUTPUTS = {"classification": "probability_", "clustering": "distance_", "decomposition": ""}
Problems = list[dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """A report in its normal form.

    Parameters
    ----------
    dialect : Dialect
        What was recognised.
    records : int
        How many there are.
    path : pathlib.Path
        Its normal form.
    """

    dialect: Dialect
    records: int
    path: Path


@dataclass(frozen=True)
class Piece:
    """Rows that were answered together.

    Parameters
    ----------
    batch, answers
        The rows and what was answered.
    places : list of int
        Where each stands in the report, from 0.
    """

    batch: Batch
    answers: Answers
    places: list[int]


@dataclass(frozen=True)
class Part:
    """Some records of a report.

    Parameters
    ----------
    lines : str
        CSV, the columns of `header_of`.
    records : int
        How many.
    rejected : list of dict
        `record` and `reason` of those without an answer.
    pieces : list of Piece
        Those with one.
    """

    lines: str
    records: int
    rejected: Problems
    pieces: list[Piece]


@contextmanager
def place() -> Iterator[tuple[Path, IO[bytes]]]:
    """Give a file for a report: in memory where the system has such, for there may be no disk."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("report"), "w+b") as file:
            yield Path(f"/proc/self/fd/{file.fileno()}"), file
    else:
        with tempfile.NamedTemporaryFile() as file:
            yield Path(file.name), file


def read_report(path: Path, target: Path) -> Report:
    """Recognise a report and write its normal form.

    Raises
    ------
    InvalidReport
        With ingest's own words.
    """
    try:
        dialect = recognise(path)
        return Report(dialect, normalise(path, dialect, target).records, target)
    except ReportError as error:
        raise InvalidReport(str(error).replace(str(path), "The report")) from None


def check_columns(served: Served) -> None:
    """Refuse a model that looks at what no report holds.

    Raises
    ------
    InvalidReport
        Naming the columns.
    """
    missing = [f.name for f in served.scorer.features if f.name not in NAMES]
    if missing:
        raise InvalidReport(
            f"'{served.manifest.model}' looks at {', '.join(missing)}, which no report holds. Ask "
            "it by rows instead."
        )


def header_of(served: Served) -> list[str]:
    """Return the names of the columns that come out."""
    return ["record", *NAMES.values(), *_outputs(served), NOTE]


def _outputs(served: Served) -> list[str]:
    task = served.manifest.task
    numbers = [f"{OUTPUTS[task]}{name}" for name in served.names]
    picked = {"clustering": "cluster"}.get(task, served.manifest.label)
    return numbers if picked is None else [f"predicted_{picked}", *numbers]


def answered(report: Report, served: Served, language: Language) -> Iterator[Part]:
    """Answer a report part by part."""
    with report.path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        while records := list(islice(reader, CHUNK)):
            yield _part(records, served, language)


def _part(records: Sequence[dict[str, str]], served: Served, language: Language) -> Part:
    rows: list[Row] = []
    places: list[int] = []
    reasons: list[str] = []
    for record in records:
        row, reason = _row(record, served.scorer.features)
        reasons.append(reason)
        if not reason:
            rows.append(row)
            places.append(int(record["record_number"]) - 1)
    piece = None
    if rows:
        batch = batch_of_rows(rows, served.scorer)
        try:
            piece = Piece(batch, predict(served.scorer, batch, language), places)
        except InvalidRows as error:  # of some rows the answer is not finite
            if len(records) > 1:
                return _joined([_part([record], served, language) for record in records])
            reasons = [str(error)]
    return _written(records, reasons, piece, served)


def _joined(parts: Sequence[Part]) -> Part:
    return Part(
        "".join(part.lines for part in parts),
        sum(part.records for part in parts),
        [problem for part in parts for problem in part.rejected],
        [piece for part in parts for piece in part.pieces],
    )


def _written(
    records: Sequence[dict[str, str]],
    reasons: Sequence[str],
    piece: Piece | None,
    served: Served,
) -> Part:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    rejected: Problems = []
    empty = [""] * len(_outputs(served))
    at = 0
    for record, reason in zip(records, reasons, strict=True):
        told, note = empty, reason
        if piece is not None and not reason:
            told = _told(piece.answers, at, served)
            note = "; ".join(warned.message for warned in piece.answers.warnings.get(at, ()))
            at += 1
        else:
            rejected.append({"record": int(record["record_number"]), "reason": reason})
        values = (_safe(record[name]) for name in NAMES.values())
        writer.writerow([record["record_number"], *values, *told, _safe(note)])
    pieces = [] if piece is None else [piece]
    return Part(text.getvalue(), len(records), rejected, pieces)


def _told(answers: Answers, at: int, served: Served) -> list[str]:
    numbers = [repr(float(output[at])) for output in answers.outputs]
    if answers.picked is None or served.labels is None:
        return numbers
    return [str(served.labels[answers.picked[at]]), *numbers]


def _row(record: dict[str, str], features: Sequence[Feature]) -> tuple[Row, str]:
    if record["malformed_record"]:
        return (), f"wrong number of fields: {record['malformed_record'][:200]}"
    values, wrong = [], []
    for feature in features:
        text = record[NAMES[feature.name]]
        value = text or None if feature.type == "STRING" else _number(text)
        if isinstance(value, float) and not _fits(value, feature):
            wrong.append(f"not a number: {feature.name} = {text[:60]}")
        values.append(value)
    return tuple(values), "; ".join(wrong)


def _number(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        return math.nan


def _fits(value: float, feature: Feature) -> bool:
    is_int64 = value.is_integer() and abs(value) < 2.0**63
    return math.isfinite(value) and (is_int64 or feature.type != "INT64")


def _safe(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text[:1] in ("=", "@", "\t") else text
