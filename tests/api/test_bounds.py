"""Whatever is sent, memory and time are bounded: the API as a process of its own."""

import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyarrow as pa
import pytest

from cloud import storage_client
from tests.api.conftest import V1
from tests.api.doors.asking import ALL, ARROW, NAMES, ask
from tests.api.publishing import FEATURES, TYPICAL, publish, version_files
from tests.api.serving import wait_for
from tests.api.test_workers import ended, started

STREAM = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def process(make_settings, key):
    """An API in a process of its own that has answered at every door."""
    settings = make_settings()
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, "price", V1, version_files("price", V1, key))
    process, address = started(settings, DEFAULT_MODEL="price")
    try:
        with httpx.Client(base_url=address, timeout=60) as client:
            wait_for(client, price=V1)
            for way in ALL:
                assert ask(client, way, [TYPICAL] * 20).status_code == 200
        yield process.pid, address
    finally:
        ended(process)


def mebibytes(pid, name):
    """Return what Linux tells of a process's memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


@contextmanager
def bounded(process, most, seconds):
    """Give a client; the process may take so many MiB more, and so long, and answers after."""
    pid, address = process
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
    before, began = mebibytes(pid, "VmRSS"), time.monotonic()
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client
        assert time.monotonic() - began < seconds
        assert mebibytes(pid, "VmHWM") - before < most
        assert ask(client, "own rows", [TYPICAL]).status_code == 200


def arrow(rows, compression=None, **arrays):
    """Return a stream of typical rows with other arrays in it."""
    typical = {f.name: pa.array([TYPICAL[f.name]] * rows, ARROW[f.type]) for f in FEATURES}
    table = pa.table(typical | arrays).select(NAMES)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def asked(client, body, kind=STREAM):
    return client.post("/models/price/predict", content=body, headers={"Content-Type": kind})


def test_a_text_that_unfolds_to_a_hundred_megabytes_is_refused(process):
    body = arrow(1, "zstd", model=pa.array(["Z" * 100_000_000], pa.large_string()))
    assert len(body) < 10_000

    with bounded(process, 32, 5) as client:
        answer = asked(client, body)

    assert answer.status_code == 422
    assert "write them without compression" in answer.json()["detail"]


def test_a_text_that_a_thousand_rows_share_is_not_repeated(process):
    shared = pa.DictionaryArray.from_arrays(
        pa.array([0] * 1000, pa.int16()), pa.array(["Z" * 200_000])
    )

    with bounded(process, 32, 5) as client:
        answer = asked(client, arrow(1000, model=shared))

    assert answer.status_code == 422
    assert len(answer.content) < 1000
    assert "model of row 0 has 200,000 characters; expected a text of at most 256" in answer.text
