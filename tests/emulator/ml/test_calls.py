"""Pairs in fixtures/calls.sql: a statement, and the data query of its first call."""

from pathlib import Path

import pytest

from emulator.ml.calls import next_place, read_call
from emulator.ml.errors import StatementError
from emulator.ml.syntax import Source, read_path

PAIRS = (Path(__file__).parent / "fixtures" / "calls.sql").read_text().split("# title: ")[1:]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.splitlines()[0])
def test_finds_the_first_call_and_its_data(pair):
    statement, expected = pair.split("\n", 1)[1].split("\n---\n")
    source = Source(statement)

    place = next_place(source)

    found = "no call" if place is None else read_call(source, place).data or "none"
    assert found == expected.strip()


def test_reads_every_kind_of_argument():
    source = Source("select * from ML . ROC_CURVE(MODEL my-project.d.m, TABLE d.t, [0.1, 0.2])")

    call = read_call(source, next_place(source))

    assert (call.function, call.model, call.data) == (
        "ROC_CURVE", "my-project.d.m", "SELECT * FROM d.t",
    )  # fmt: skip
    assert call.expression == "[0.1, 0.2]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select * from ml.predict(table t)", "needs MODEL and a model name"),
        ("select * from ml.predict(model m as x, table t)", "Syntax error in ML.PREDICT"),
        ("select * from ml.predict(model m, struct(1))", "has no name"),
        ("select * from ml.predict(model m, table t", "Expected"),
    ],
)
def test_broken_calls_are_refused(text, message):
    source = Source(text)

    with pytest.raises(StatementError, match=message):
        read_call(source, next_place(source))


@pytest.mark.parametrize(
    ("text", "path"),
    [("`a-b.c.d` x", "`a-b.c.d`"), ("c.d as x", "c.d"), ("my-proj-1.c.d,", "my-proj-1.c.d")],
)
def test_a_path_ends_where_the_name_ends(text, path):
    assert read_path(Source(text), 0)[0] == path
