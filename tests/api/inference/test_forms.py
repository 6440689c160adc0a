"""Columns, CSV and Arrow become the same rows as objects do, or say what is wrong."""

import io
import json
import math
import re
import time
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.doors import own
from api.doors.door import Question
from api.doors.own import Own
from api.errors import COUNTED, InvalidRows
from api.inference.arrow_messages import EXPERIMENTAL
from api.inference.batch import Table
from api.inference.parsing import parse
from api.scoring.proving import generated_rows
from tests.api.doors.asking import arrow, delimited
from tests.api.publishing import FEATURES, TYPICAL, served
from tests.api.test_fuzz import NAMES, bodies, good_rows

CSV, ARROW, JSON = "text/csv", "application/vnd.apache.arrow.stream", "application/json"
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def question(kind=JSON, most=2000):
    return Question(served("price"), "en", False, kind, most)


def rows_of(batch):
    rows = [batch.row(at) for at in range(len(batch))] if isinstance(batch, Table) else batch
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def read(body, kind=JSON, most=2000):
    return rows_of(Own().read(question(kind, most), body)[0])


def refused(body, kind):
    with pytest.raises(InvalidRows) as caught:
        read(body, kind)
    return caught.value


def columns(rows):
    return {name: [row[name] for row in rows] for name in NAMES}


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_every_form_is_the_same_rows(count):
    rows = [r for r in generated_rows(FEATURES, Random(6)) if "" not in r.values()][:count]
    objects = read(json.dumps({"rows": rows}).encode())

    assert objects == rows
    assert read(json.dumps({"columns": columns(rows)}).encode()) == objects
    assert read(arrow(rows), ARROW) == objects
    assert read(delimited(rows), CSV) == objects


@SETTINGS
@given(body=bodies)
def test_the_short_way_takes_nothing_that_the_long_way_refuses(body):
    text = json.dumps(body).encode()

    try:
        short = own._typed(question(most=4), text)
    except InvalidRows as refusal:
        with pytest.raises(InvalidRows, match=re.escape(str(refusal))):
            own._plain(question(most=4), parse(text))
        return

    if short is not None:
        long, form = own._plain(question(most=4), parse(text))
        assert (rows_of(short[0]), short[1]) == (rows_of(long), form)


@SETTINGS
@given(rows=st.lists(good_rows, min_size=1, max_size=20))
def test_columns_are_rows_turned(rows):
    by_row = read(json.dumps({"rows": rows}).encode())

    assert read(json.dumps({"columns": columns(rows)}).encode()) == by_row


def test_good_rows_take_the_short_way():
    for content in ({"rows": [TYPICAL] * 40}, {"columns": columns([TYPICAL] * 40)}):
        assert own._typed(question(), json.dumps(content).encode()) is not None


def test_csv_may_have_a_mark_any_order_quotes_and_empty_lines_at_the_end():
    text = 'year,"model",mileage_km,fuel_type\r\n2020,"X, 5",1e3,\r\n,"a ""b""\nc",.5,Diesel\r\n'

    assert read(b"\xef\xbb\xbf" + text.encode(), CSV) == [
        {"model": "X, 5", "fuel_type": None, "year": 2020.0, "mileage_km": 1000.0},
        {"model": 'a "b"\nc', "fuel_type": "Diesel", "year": None, "mileage_km": 0.5},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The column model is missing in the header"),
        ("model;year\n1;2\n", "unknown column 'model;year'"),
        ("model,model,fuel_type,year,mileage_km\n", "The column model is there 2 times"),
        ("model,fuel_type,year,mileage_km\n", "the CSV has 0 entries"),
        ("model,fuel_type,year,mileage_km\nX5,Diesel,2020\n", r"rows\[0\] has 3 fields"),
        ("model,fuel_type,year,mileage_km\nX5,Diesel,2020.5,1\n", r"rows\[0\].year is '2020.5'"),
        ("model,fuel_type,year,mileage_km\nX5,Diesel,1e19,1\n", r"rows\[0\].year is '1e19'"),
        ("model,fuel_type,year,mileage_km\nX5,Diesel,2020,nan\n", r"mileage_km is 'nan'"),
        ("model,fuel_type,year,mileage_km\nX5,Diesel,2020,1e400\n", r"mileage_km is '1e400'"),
        ('model,fuel_type,year,mileage_km\nX5,Diesel,2020,"1.000,5"\n', r"is '1.000,5'"),
        ('model,fuel_type,year,mileage_km\n"X5,Diesel,2020,1\n', "not CSV"),
        ("model,fuel_type,year,mileage_km\n\xff,Diesel,2020,1\n", "not UTF-8"),
    ],
)
def test_a_wrong_csv_is_told_in_words(text, words):
    error = refused(text.encode("latin-1"), CSV)

    assert re.search(words, " ".join(problem.message for problem in error.problems))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a{}", "The header has the unknown column 'a0'"),
        ('"{}"', "The header has the unknown column '0'"),
        ("\n\n{}", "The column model is missing in the header"),
    ],
)
def test_a_header_of_a_hundred_thousand_names_is_refused_soon(text, words):
    began = time.monotonic()

    error = refused(",".join(text.format(n) for n in range(100_000)).encode(), CSV)

    assert words in " ".join(problem.message for problem in error.problems)
    assert time.monotonic() - began < 2


def test_empty_lines_before_the_header_are_none_of_it():
    assert read(b"\n\n" + delimited([TYPICAL]), CSV) == [TYPICAL]


@pytest.mark.parametrize("names", [5, 300_000])
def test_a_key_that_stands_twice_among_many_is_found_soon(names):
    pairs = ", ".join(f'"a{n}": 1' for n in range(names))
    began = time.monotonic()

    error = refused(f'{{{pairs}, "twice": 1, "twice": 1}}'.encode(), JSON)

    assert "the key 'twice' stands twice" in str(error)
    assert time.monotonic() - began < 3


def test_of_very_many_problems_some_are_told_and_not_all_counted():
    error = refused(json.dumps({"rows": [{f"a{n}": 1 for n in range(5000)}]}).encode(), JSON)

    assert len(error.problems) == 20
    assert str(error).endswith(f"(and {COUNTED:,} or more others)")


def table(**changes):
    arrays = {
        "model": pa.array(["X5"]),
        "fuel_type": pa.array(["Diesel"]),
        "year": pa.array([2020]),
        "mileage_km": pa.array([1.5]),
    } | changes
    content = pa.table({name: array for name, array in arrays.items() if array is not None})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, content.schema) as writer:
        writer.write_table(content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"model": pa.array(["X5"]).dictionary_encode()}, "X5"),
        ({"model": pa.array(["X5"], pa.large_string())}, "X5"),
        ({"model": pa.nulls(1)}, None),
        ({"year": pa.array([2020.0], pa.float32())}, "X5"),
        ({"year": pa.array([7], pa.uint8()), "mileage_km": pa.array([7])}, "X5"),
    ],
)
def test_arrow_takes_what_texts_and_numbers_are_in_it(changes, value):
    assert read(table(**changes), ARROW)[0]["model"] == value


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"year": None}, "The column year is missing in the schema"),
        ({"Yaer": pa.array([1])}, "unknown column 'Yaer'"),
        ({"year": pa.array(["2020"])}, "The column year is of the type string"),
        ({"model": pa.array([5])}, "The column model is of the type int64"),
        ({"year": pa.array([2020.5])}, r"rows\[0\].year is 2020.5"),
        ({"mileage_km": pa.array([math.inf])}, r"rows\[0\].mileage_km is Infinity"),
        ({"mileage_km": pa.array([math.nan])}, r"rows\[0\].mileage_km is NaN"),
        ({"mileage_km": pa.array([True])}, "The column mileage_km is of the type bool"),
    ],
)
def test_a_wrong_table_is_told_in_words(changes, words):
    error = refused(table(**changes), ARROW)

    assert re.search(words, " ".join(problem.message for problem in error.problems))


def test_a_file_of_arrow_is_read_too():
    sink = io.BytesIO()
    stream = pa.ipc.open_stream(table()).read_all()
    with pa.ipc.new_file(sink, stream.schema) as writer:
        writer.write_table(stream)

    assert read(sink.getvalue(), ARROW)[0]["year"] == 2020.0


@pytest.mark.parametrize("new", [pa.ipc.new_stream, pa.ipc.new_file], ids=["stream", "file"])
@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@pytest.mark.parametrize("form", [pa.Array.dictionary_encode, pa.array], ids=["dictionary", "text"])
def test_compressed_buffers_are_refused(new, codec, form):
    content = pa.ipc.open_stream(table(model=form(pa.array(["X5"])))).read_all()
    sink = io.BytesIO()
    with new(sink, content.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_table(content)

    error = refused(sink.getvalue(), ARROW)

    assert "The buffers of the body are compressed; write them without" in str(error)


def test_buffers_that_are_compressed_as_long_ago_are_refused():
    content = pa.ipc.open_stream(table()).read_all()
    sink, options = io.BytesIO(), pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)
    with pa.ipc.new_stream(sink, content.schema, options=options) as writer:
        (batch,) = content.to_batches()
        writer.write_batch(batch, custom_metadata={EXPERIMENTAL: b"zstd"})

    assert "are compressed" in str(refused(sink.getvalue(), ARROW))


def test_a_dictionary_that_very_many_batches_have_is_refused_soon():
    words = pa.array([str(n) for n in range(100_000)])
    content = pa.ipc.open_stream(table(model=words[:1].dictionary_encode())).read_all()
    shared = pa.DictionaryArray.from_arrays(pa.array([7], pa.int32()), words)
    (batch,) = content.set_column(0, "model", [shared]).to_batches()
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        for _ in range(1000):
            writer.write_batch(batch)
    began = time.monotonic()

    assert "have more than 67,108,864 bytes in memory" in str(refused(sink.getvalue(), ARROW))
    assert time.monotonic() - began < 2


def test_only_the_words_of_a_dictionary_that_rows_have_are_looked_at():
    words = pa.array(["X5", "Fusca", None, "M3", *map(str, range(5000))])
    places = pa.array([3, None, 0, 3, 2] * 5, pa.int16())
    arrays = {
        "model": pa.DictionaryArray.from_arrays(places, words),
        **{name: pa.nulls(25) for name in ("fuel_type", "year", "mileage_km")},
    }

    found = Own().read(question(ARROW), table(**arrays))[0]

    assert [found.row(at)[0] for at in range(5)] == ["M3", None, "X5", "M3", None]
    assert found.texts[0]._table == ["M3", "X5", None, None]


@SETTINGS
@given(at=st.integers(0, 600), flip=st.integers(1, 255))
def test_a_damaged_table_is_read_or_refused(at, flip):
    body = bytearray(table())
    body[at % len(body)] ^= flip

    try:
        rows = read(bytes(body), ARROW)
    except InvalidRows:
        return
    assert all(row["year"] is None or np.isfinite(row["year"]) for row in rows)
