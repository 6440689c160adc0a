"""Bodies become rows, or a list of what is wrong with them."""

import json
import re

import pytest

from api.doors.door import Question
from api.doors.own import Own
from api.errors import InvalidRows
from tests.api.publishing import TYPICAL, served


def read_rows(body, most, kind="application/json"):
    """Return the rows of a body by column name."""
    batch, _ = Own().read(Question(served("price"), "en", False, kind, most), body)
    names = [feature.name for feature in served("price").manifest.features]
    return [dict(zip(names, row, strict=True)) for row in batch]


def read(*rows, most=100):
    return read_rows(json.dumps({"rows": rows}).encode(), most)


def refused(body, most=100):
    with pytest.raises(InvalidRows) as caught:
        read_rows(body if isinstance(body, bytes) else json.dumps(body).encode(), most)
    return caught.value


def refused_cell(column, text):
    row = json.dumps(TYPICAL | {column: "@"}).replace('"@"', text)
    (problem,) = refused(f'{{"rows": [{json.dumps(TYPICAL)}, {row}]}}'.encode()).problems
    return problem


def test_numbers_become_floats_and_null_stays():
    (row,) = read(TYPICAL | {"mileage_km": 7, "fuel_type": None, "model": "série 3"})

    assert row == {"model": "série 3", "fuel_type": None, "year": 2020.0, "mileage_km": 7.0}
    assert isinstance(row["mileage_km"], float)


@pytest.mark.parametrize("text", ["2020.0", "-3", "9223372036854775807", "1e3"])
def test_whole_numbers_are_whole_in_any_spelling(text):
    body = json.dumps({"rows": [TYPICAL | {"year": "@"}]}).replace('"@"', text)

    assert read_rows(body.encode(), 1)[0]["year"] == float(text)


@pytest.mark.parametrize(
    ("column", "text", "value", "expected"),
    [
        ("year", '"2020"', "'2020'", "a whole number of 64 bits or null"),
        ("year", "2020.5", "2020.5", "a whole number of 64 bits or null"),
        ("year", "true", "true", "a whole number of 64 bits or null"),
        ("year", "9223372036854775808", "9223372036854775808", "a whole number of 64 bits or null"),
        ("year", "[2020]", "a list", "a whole number of 64 bits or null"),
        ("mileage_km", "NaN", "NaN", "a finite number or null"),
        ("mileage_km", "-Infinity", "-Infinity", "a finite number or null"),
        ("mileage_km", "1e400", "Infinity", "a finite number or null"),
        (
            "mileage_km",
            "1" + "0" * 400,
            "a whole number of about 401 digits",
            "a finite number or null",
        ),
        ("mileage_km", "false", "false", "a finite number or null"),
        ("mileage_km", '""', "''", "a finite number or null"),
        ("mileage_km", "{}", "an object", "a finite number or null"),
        ("model", "1", "1", "a text or null"),
        ("model", "0", "0", "a text or null"),
        ("model", '"\\ud800"', r"'\ud800'", "a text or null"),
    ],
)
def test_a_bad_cell_is_told_with_row_column_value_and_expectation(column, text, value, expected):
    problem = refused_cell(column, text)

    assert (problem.row, problem.column, problem.value) == (1, column, value)
    assert problem.expected == expected
    assert problem.message == f"rows[1].{column} is {value}; expected {expected}."


def test_a_missing_column_is_named():
    (problem,) = refused({"rows": [{k: v for k, v in TYPICAL.items() if k != "year"}]}).problems

    assert problem.column == "year"
    assert problem.message.startswith("rows[0].year is missing; expected a whole number")


def test_an_unknown_column_is_named_with_the_known_ones():
    (problem,) = refused({"rows": [TYPICAL | {"Yaer": 2020}]}).problems

    assert problem.column == "Yaer"
    assert problem.expected == "one of the columns model, fuel_type, year, mileage_km"


def test_a_column_in_another_case_is_both_missing_and_unknown():
    row = {k.title() if k == "year" else k: v for k, v in TYPICAL.items()}

    assert {p.column for p in refused({"rows": [row]}).problems} == {"year", "Year"}


def test_every_problem_is_counted_and_the_first_ones_are_listed():
    error = refused({"rows": [TYPICAL | {"year": "x"}] * 50})

    assert len(error.problems) == 20
    assert "(and 49 more problems)" in str(error)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON: line 1, column 1"),
        (b"{", "not JSON"),
        (b'{"rows": [}', "not JSON: line 1, column 11"),
        (b'{"rows": "\xff"}', "not UTF-8: byte 10 is 0xff"),
        ('{"rows": []}'.encode("utf-16"), "not UTF-8"),
        (b"[]", "The body is a list"),
        (b"null", "The body is null"),
        (b"1", "The body is 1;"),
        (b"{}", "an object with the keys none"),
        (b'{"row": []}', "an object with the keys 'row'"),
        (b'{"rows": [], "x": 1}', "an object with the keys 'rows', 'x'"),
        (b'{"rows": {}}', "rows is an object"),
        (b'{"rows": []}', "rows has 0 entries"),
        (b'{"rows": [1,2,3]}', "rows has 3 entries"),
        (b'{"rows": [1]}', r"rows\[0\] is 1; expected an object"),
        (b'{"rows": [{"year": 1, "year": 2}]}', "the key 'year' stands twice"),
        (b'{"rows": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"rows": [{"a":' * 50_000, "nested too deeply"),
        (b'{"rows": [' + b"9" * 5000 + b"]}", "cannot be read: Exceeds the limit"),
    ],
)
def test_a_bad_body_is_told_in_words(body, words):
    error = refused(body, most=2)

    assert re.search(words, str(error))


def test_a_byte_order_mark_is_read_over():
    assert read_rows(b"\xef\xbb\xbf" + json.dumps({"rows": [TYPICAL]}).encode(), 1)


def test_long_values_are_shortened_in_messages():
    (problem,) = refused({"rows": [TYPICAL | {"year": "x" * 1000, "model": "y"}]}).problems

    assert len(problem.message) < 150
    assert problem.value.endswith("…'")
