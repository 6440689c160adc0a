"""Whatever is sent, memory and time are bounded: the API as a process of its own."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pytest

from cloud import storage_client
from tests.api.conftest import V1
from tests.api.doors.asking import ALL, ARROW, NAMES, ask
from tests.api.publishing import FEATURES, TYPICAL, publish, version_files
from tests.api.serving import wait_for, wait_until
from tests.api.test_workers import ended, started

HEAD = b"POST /models/price/predict HTTP/1.1\r\nHost: x\r\n"
BLOCK = b"[" * 1_000_000
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
        yield process.pid, address, mebibytes(process.pid, "VmRSS")
    finally:
        ended(process)


def mebibytes(pid, name):
    """Return what Linux tells of a process's memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


@contextmanager
def bounded(process, most, seconds):
    """Give a client; the process takes so many MiB more at most, and so long, and answers after."""
    pid, address, before = process
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
    began = time.monotonic()
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


def connected(process, takes=None):
    """Connect; of an answer that nobody reads this side takes so many bytes, not megabytes."""
    address = urlsplit(process[1])
    connection = socket.socket()
    if takes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
    connection.settimeout(60)
    connection.connect((address.hostname, address.port))
    return connection


def begun(process, body):
    """Ask over a connection of its own; return it unread."""
    connection = connected(process, takes=4096)
    connection.sendall(b"%sContent-Length: %d\r\n\r\n%s" % (HEAD, len(body), body))
    return connection


def status(connection):
    """Return the status of an answer whose rest is not read."""
    return int(connection.recv(12, socket.MSG_WAITALL).split()[1])


def at_once(process, send, count):
    """Send so many requests together; return their statuses, 0 where the connection broke."""

    def one(_):
        with connected(process) as connection:
            with suppress(ConnectionError):
                send(connection)
            try:
                return status(connection)
            except (ConnectionError, IndexError):
                return 0

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def send_declared(connection):
    connection.sendall(HEAD + b"Content-Length: 100000000\r\n\r\n")
    for _ in range(100):
        connection.sendall(BLOCK)


def send_chunked(connection):
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK))
    connection.sendall(b"0\r\n\r\n")


@pytest.mark.parametrize("send", [send_declared, send_chunked])
def test_bodies_of_a_hundred_megabytes_at_once_are_not_kept(process, send):
    with bounded(process, 128, 30):
        found = at_once(process, send, 8)

    assert 413 in found and set(found) <= {413, 503, 0}


def test_there_is_room_for_so_many_bytes_of_bodies_that_are_on_their_way(process):
    """Each lacks its last byte; those that find no room are told at once."""
    part = HEAD + b"Content-Length: 9000001\r\n\r\n" + b" " * 9_000_000
    with bounded(process, 260, 30) as client:
        waiting = [connected(process) for _ in range(24)]
        for connection in waiting:
            with suppress(ConnectionError):
                connection.sendall(part)
        late = asked(client, b" " * 9_000_000)
        for connection in waiting:
            with suppress(OSError):
                connection.sendall(b" ")
        found = [status(connection) for connection in waiting]
        for connection in waiting:
            connection.close()

    assert (late.status_code, late.headers["retry-after"]) == (503, "2")
    assert "Other requests have" in late.json()["detail"]
    assert found.count(422) == 9 and found.count(503) == 15


@pytest.mark.soak
def test_there_is_room_for_so_many_bytes_of_answers_that_nobody_reads(process):
    rows = [TYPICAL | {"model": "Fusca", "year": 1999, "mileage_km": -1.5}] * 10_000
    body = json.dumps({"rows": rows}).encode()
    with bounded(process, 450, 60) as client:
        unread = [begun(process, body) for _ in range(60)]
        found = [status(connection) for connection in unread]
        for connection in unread:
            connection.close()
        wait_until(lambda: asked(client, body, "application/json").status_code == 200, seconds=10)

    assert set(found) == {200, 503}


LARGE = 10 * 1024 * 1024


@pytest.mark.soak
@pytest.mark.parametrize(
    "body",
    [
        b'{"rows": [' + b"[]," * (LARGE // 3 - 10) + b"[]]}",
        b'{"rows": [{' + b",".join(b'"a%d":1' % n for n in range(LARGE // 12)) + b"}]}",
        b"[" * LARGE,
        b'{"rows":' * (LARGE // 8),
    ],
    ids=["lists", "keys", "deep lists", "deep objects"],
)
def test_json_of_ten_megabytes_at_once_is_read_by_few(process, body):
    def send(connection):
        connection.sendall(b"%sContent-Length: %d\r\n\r\n%s" % (HEAD, len(body), body))

    with bounded(process, 800, 60):
        found = at_once(process, send, 8)

    assert 422 in found and set(found) <= {422, 503}
