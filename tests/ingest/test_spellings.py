"""Any report, in any spelling, has one normal form: so it is one object."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dialect import recognise
from ingest.normalise import normalise
from tests.ingest.test_normalise import HEADER, PORTUGUESE, grouped

# Letters whose Windows-1252 bytes never read as UTF-8.
text = st.text("abXY 019éçü\"';,|\t\n.-", max_size=6)
whole = st.integers(-9_999_999, 9_999_999).map(str)
real = st.decimals(-9_999_999, 9_999_999, places=2).map(str)
rows = st.lists(
    st.tuples(text, whole, text, text, text, text, real, real, real, whole, text).map(list),
    min_size=1,
    max_size=4,
)
ANCHOR = ["X3", "2020", "Asia", "Red", "Petrol", "Manual", "2.5", "1", "2", "3", "Low"]
spelling = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "marks": st.sampled_from([("", "."), ("", ","), (",", "."), (".", ","), ("\xa0", ",")]),
        "end": st.sampled_from(["\n", "\r\n", "\r"]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
        "header": st.sampled_from([HEADER, PORTUGUESE, [name.upper() for name in HEADER]]),
        "order": st.permutations(range(len(HEADER))),
    }
)
PLAIN = {
    "delimiter": ",", "marks": ("", "."), "end": "\n", "encoding": "utf-8",
    "header": HEADER, "order": range(len(HEADER)),
}  # fmt: skip


def number(value, marks):
    sign = "-" if value.startswith("-") else ""
    return sign + grouped(value.removeprefix("-"), *marks)


def written(table, how):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=how["delimiter"], lineterminator="\n")
    writer.writerow(how["header"][at] for at in how["order"])
    for row in table:
        cells = [number(v, how["marks"]) if at in (1, 6, 7, 8, 9) else v for at, v in row]
        writer.writerow(cells[at] for at in how["order"])
    return out.getvalue().replace("\n", how["end"]).encode(how["encoding"])


def normal_form(content):
    with tempfile.TemporaryDirectory() as folder:
        report, target = Path(folder) / "report.csv", Path(folder) / "normal.csv"
        report.write_bytes(content)
        return normalise(report, recognise(report), target), target.read_bytes()


@settings(max_examples=150, deadline=None)
@given(rows, spelling)
def test_a_spelling_never_changes_the_normal_form(table, how):
    table = [list(enumerate(row)) for row in [*table, ANCHOR]]

    assert normal_form(written(table, how)) == normal_form(written(table, PLAIN))
