"""Rows and columns of plain JSON values, checked cell by cell: every problem has its place.

What is decoded straight into the model's types (`api.inference.typed`) is not checked again;
whatever is not ends here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from api.errors import InvalidRows, Problem
from api.inference.batch import Row
from api.inference.cells import MISSING, cell, expected_of, fits, refusal, show, whole
from export.artifact import Feature


def check_rows(
    content: object, features: Sequence[Feature], most: int, label: str = "rows"
) -> list[Row]:
    """Return objects as rows.

    Parameters
    ----------
    content : object
        A list of objects, each with a value for every feature and no other.
    features : sequence of Feature
        The model's.
    most : int
        Largest number of rows.
    label : str
        What the list is called in the body.

    Raises
    ------
    InvalidRows
        With every problem, up to `LISTED` of them in full.
    """
    rows = _list(content, most, label, "rows")
    problems = (p for at, row in enumerate(rows) for p in _row_problems(label, at, row, features))
    if refused := refusal(problems):
        raise refused
    return [tuple(_plain(row[f.name]) for f in features) for row in rows if isinstance(row, dict)]


def check_columns(
    content: object, features: Sequence[Feature], most: int, label: str = "columns"
) -> list[list[object]]:
    """Return an object of columns as lists in the order of the features.

    Raises
    ------
    InvalidRows
        If a column is missing, unknown or no list, they differ in length, or cells are wrong.
    """
    names = ", ".join(feature.name for feature in features)
    expected = f"an object with a list for each of the columns {names}"
    if not isinstance(content, dict):
        raise whole(show(content), expected, f"{label} is {show(content)}")
    if refused := refusal(_column_problems(content, features, label)):
        raise refused
    columns = [content[feature.name] for feature in features]
    _same_length(columns, features, label)
    _list(columns[0], most, label, "rows")
    if refused := refusal(_cell_problems(columns, features, label)):
        raise refused
    return [[_plain(value) for value in column] for column in columns]


def check_count(rows: int, most: int, label: str) -> None:
    """Check how many rows there are.

    Raises
    ------
    InvalidRows
        If there are none, or more than `most`.
    """
    if not 1 <= rows <= most:
        raise whole(str(rows), f"1 to {most} rows", f"{label} has {rows} entries")


def _list(content: object, most: int, label: str, what: str) -> list[object]:
    if not isinstance(content, list):
        expected = f"a list of 1 to {most} {what}"
        raise whole(show(content), expected, f"{label} is {show(content)}")
    check_count(len(content), most, label)
    return content


def _row_problems(
    label: str, at: int, row: object, features: Sequence[Feature]
) -> Iterator[Problem]:
    if not isinstance(row, dict):
        expected = "an object with a value for each column"
        words = f"{label}[{at}] is {show(row)}; expected {expected}."
        yield Problem(at, None, show(row), expected, words)
        return
    for feature in features:
        if feature.name not in row:
            expected = f"{expected_of(feature)} {MISSING}"
            yield cell(label, at, feature.name, "missing", expected)
        elif not fits(row[feature.name], feature):
            shown = show(row[feature.name])
            yield cell(label, at, feature.name, shown, expected_of(feature))
    yield from _unknown(f"{label}[{at}] has", at, row, features)


def _column_problems(
    content: Mapping[str, object], features: Sequence[Feature], label: str
) -> Iterator[Problem]:
    yield from _unknown(f"{label} has", None, content, features)
    for feature in features:
        column = content.get(feature.name)
        if not isinstance(column, list):
            shown = show(column) if feature.name in content else "missing"
            wanted = f"a list, each {expected_of(feature)}"
            words = f"{label}.{feature.name} is {shown}; expected {wanted}."
            yield Problem(None, feature.name, shown, wanted, words)


def _cell_problems(
    columns: Sequence[Sequence[object]], features: Sequence[Feature], label: str
) -> Iterator[Problem]:
    for column, feature in zip(columns, features, strict=True):
        for at, value in enumerate(column):
            if not fits(value, feature):
                expected = expected_of(feature)
                words = f"{label}.{feature.name}[{at}] is {show(value)}; expected {expected}."
                yield Problem(at, feature.name, show(value), expected, words)


def _unknown(
    words: str, row: int | None, content: Mapping[str, object], features: Sequence[Feature]
) -> Iterator[Problem]:
    names = [feature.name for feature in features]
    for name in content:
        if name in names:
            continue
        shown, expected = show(name)[1:-1], f"one of the columns {', '.join(names)}"
        message = f"{words} the unknown column '{shown}'; expected {expected}."
        yield Problem(row, shown, show(content[name]), expected, message)


def _same_length(
    columns: Sequence[Sequence[object]], features: Sequence[Feature], label: str
) -> None:
    first = len(columns[0])
    for column, feature in zip(columns, features, strict=True):
        if len(column) != first:
            expected = f"as many values as {features[0].name}, {first}"
            words = f"{label}.{feature.name} has {len(column)} values; expected {expected}."
            raise InvalidRows(
                [Problem(None, feature.name, f"{len(column)} values", expected, words)], 1
            )


def _plain(value: object) -> object:
    """Return numbers as floats."""
    return float(value) if isinstance(value, int | float) else value
