"""CSV of the wire: a header, commas, decimal points, UTF-8; an empty field is NULL.

Reports of people in any dialect are `ingest`'s; a program that calls an API writes this one.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow as pa
from pyarrow import csv as arrow_csv

from api.errors import InvalidRows, Problem
from api.inference.arrow import columns_of
from api.inference.batch import Batch
from api.inference.cells import cell, expected_of, kind_of, refusal, show, whole
from api.inference.checks import check_count
from api.scoring.compiled import Scorer
from export.artifact import Feature

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LARGEST_INT64 = 2.0**63
LONGEST_HEADER = 64 * 1024
OTHERS = "its header names other columns"
EXPECTED = "CSV in UTF-8: a header with the model's columns, commas, decimal points"


def read_csv(scorer: Scorer, body: bytes, most: int) -> Batch:
    """Return the rows of a CSV body.

    Parameters
    ----------
    scorer : Scorer
        Whose columns the header must name, in any order.
    body : bytes
        With a byte order mark or without.
    most : int
        Largest number of rows.

    Raises
    ------
    InvalidRows
        With every problem by row and column, up to `LISTED` of them in full.
    """
    features = scorer.features
    if not _is_header(_names(body), features):  # of a million, Arrow would make a million columns
        raise _refusal(features, body, most, OTHERS)
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types={
                    f.name: pa.string() if kind_of(f) == "STRING" else pa.float64()
                    for f in features
                },
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                check_utf8=True,
            ),
            read_options=arrow_csv.ReadOptions(use_threads=False),
        )
    except (pa.ArrowException, ValueError) as error:
        raise _refusal(features, body, most, str(error)) from None
    if not _is_header(table.column_names, features):  # Arrow may read quotes another way
        raise _refusal(features, body, most, OTHERS)
    check_count(table.num_rows, most, "the CSV")
    found = columns_of(scorer, table)
    if found is None:
        raise _refusal(features, body, most, "a number is not what the model takes")
    return found


def _names(body: bytes) -> list[str]:
    """Return the names that a body begins with."""
    begin = io.StringIO(body[:LONGEST_HEADER].decode("utf-8-sig", "replace"), newline="")
    try:
        return next(filter(None, csv.reader(begin)), [])
    except csv.Error:
        return []


def _is_header(names: Sequence[str], features: Sequence[Feature]) -> bool:
    return sorted(names) == sorted(feature.name for feature in features)


def _refusal(features: Sequence[Feature], body: bytes, most: int, reason: str) -> InvalidRows:
    """Return what is wrong, found by reading the body once more, line by line."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        words = f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}"
        return whole(None, EXPECTED, words)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if refused := refusal(_header_problems(header, features)):
            return refused
        records = list(islice((record for record in reader if record), most + 1))
    except csv.Error as error:
        return whole(None, EXPECTED, f"The body is not CSV: line {reader.line_num}: {error}")
    check_count(len(records), most, "the CSV")
    refused = refusal(_record_problems(header, records, features))
    return refused or whole(None, EXPECTED, f"The body is not CSV: {show(reason)[1:-1]}")


def _header_problems(header: Sequence[str], features: Sequence[Feature]) -> Iterator[Problem]:
    names = [feature.name for feature in features]
    expected = f"each of the columns {', '.join(names)} once"
    for name in names:
        if (times := header.count(name)) != 1:
            shown = "missing" if not times else f"there {times} times"
            words = f"The column {name} is {shown} in the header; expected {expected}."
            yield Problem(None, name, shown, expected, words)
    for name in dict.fromkeys(header):
        if name not in names:
            shown = show(name)[1:-1]
            words = f"The header has the unknown column '{shown}'; expected {expected}."
            yield Problem(None, shown, shown, expected, words)


def _record_problems(
    header: Sequence[str], records: Sequence[Sequence[str]], features: Sequence[Feature]
) -> Iterator[Problem]:
    by_name = {feature.name: feature for feature in features}
    for at, record in enumerate(records):
        if len(record) != len(header):
            expected = f"{len(header)} fields, as the header has"
            words = f"rows[{at}] has {len(record)} fields; expected {expected}."
            yield Problem(at, None, f"{len(record)} fields", expected, words)
            continue
        for name, text in zip(header, record, strict=True):
            if text and not _fits(text, by_name[name]):
                yield cell("rows", at, name, show(text), expected_of(by_name[name]))


def _fits(text: str, feature: Feature) -> bool:
    kind = kind_of(feature)
    if kind == "STRING":
        return True
    if not NUMBER.fullmatch(text):
        return False
    number = float(text)
    if kind == "FLOAT64":
        return math.isfinite(number)
    return number.is_integer() and -LARGEST_INT64 <= number < LARGEST_INT64
