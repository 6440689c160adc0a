"""What cannot be taken is refused with file, line, column, value and remedy."""

import re

import pytest

from ingest.dialect import recognise
from ingest.errors import IngestError
from ingest.text import LONGEST_LINE
from tests.ingest.test_normalise import HEADER, spelled

HEAD = ",".join(HEADER) + "\n"
ROW = "X3,2020,Asia,Red,Petrol,Automatic,2,11000,98.740,8300,High\n"
BAD = {
    "empty": (b"", "the file is empty"),
    "blank": (b"\n\n ;;\n", "no header and no records"),
    "header only": (HEAD.encode(), r"a header \(line 1\) and no records"),
    "missing column": (spelled().replace(",Year,", ",Yeah,").encode(), r"lacks Year \(or Ano,"),
    "doubled column": (
        spelled().replace("Color", "Modelo").encode(),
        "columns 1 'Model' and 4 'Modelo' both mean Model",
    ),
    "unknown delimiter": (spelled(delimiter="^").encode(), "split at comma, semicolon, tab or"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00", "which no text has"),
    "workbook": (b"PK\x03\x04rest", "spreadsheet workbook"),
    "UTF-16": (spelled().encode("utf-16"), "UTF-16. Save it as 'CSV UTF-8'"),
    "UTF-16 without mark": (spelled().encode("utf-16-le"), "It may be UTF-16"),
    "NUL": (spelled().replace("Asia", "As\0ia").encode(), r"b'\\x00', which no text has"),
    "endless line": (HEAD.encode() + b"x" * (LONGEST_LINE + 5), "line 2: the line has more than"),
    "open quote": ((HEAD + ROW + ROW.replace("Asia", '"Asia')).encode(), "line 3: a quote opens"),
    "quote closed by a later one": (
        (HEAD + ROW.replace("Asia", '"Asia') + ROW.replace("Red", '"Red"')).encode(),
        "line 2: a quote opens",
    ),
    "undecidable": (
        (HEAD + ROW).encode(),
        "line 2, column Price_USD, value '98.740': nothing in the file tells",
    ),
    "both ways": (
        (HEAD + ROW.replace("98.740", "1.5") + ROW.replace("98.740", '"1,5"')).encode(),
        "line 2, column Price_USD, value '1.5' has the decimal mark '.', line 3",
    ),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_refuses_with_a_message_that_helps(tmp_path, content, message):
    report = tmp_path / "report.csv"
    report.write_bytes(content)

    with pytest.raises(IngestError, match=message) as caught:
        recognise(report)

    assert str(caught.value).startswith(str(report))
    assert re.search(r"\.$", str(caught.value))


def test_a_mark_in_whole_numbers_groups_thousands(tmp_path):
    report = tmp_path / "report.csv"
    report.write_text(HEAD + ROW.replace("11000", "11.000"))

    assert recognise(report).decimal == ","
