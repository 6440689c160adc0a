"""Readers that do not read, or hardly: they end, and hold neither connection nor turn."""

import json
import re
import socket
import time
from contextlib import suppress

import httpx
import pytest

from api.gate import writing
from api.routes.batch import AT_ONCE
from cloud import storage_client
from tests.api.conftest import V1
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import serving, wait_for, wait_until
from tests.api.test_batch import HEADER, LINES

SECONDS = 1.0
# Its answer is far more than the kernel keeps for a reader.
LONG = json.dumps({"rows": [TYPICAL | {"model": "Fusca", "year": 1999}] * 10_000}).encode()
ASKS_LONG = b"POST /models/price/predict?explain=true HTTP/1.1\r\nHost: x\r\n"
REPORT = "\n".join([HEADER, *[LINES[0]] * 60_000]).encode("latin-1")
ASKS_REPORT = b"POST /models/price/report HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def impatient(request, make_settings, key):
    """A client of an API that waits for a second; the client keeps no connection."""
    settings = make_settings(request_seconds=SECONDS, max_connections=request.param)
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, "price", V1, version_files("price", V1, key))
    with serving(settings) as client:
        wait_for(client, price=V1)
        client.close()
        kept = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=client.base_url, timeout=30, limits=kept) as other:
            yield other


alone = pytest.mark.parametrize("impatient", [1], indirect=True, ids=["one connection"])
together = pytest.mark.parametrize("impatient", [20], indirect=True, ids=["more connections"])


@pytest.fixture
def ask(impatient):
    """Ask over a connection of its own that takes little at once, and do not read."""
    asked = []

    def asking(head, body):
        asked.append(socket.socket())
        asked[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asked[-1].connect((impatient.base_url.host, impatient.base_url.port))
        asked[-1].sendall(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
        return asked[-1]

    yield asking
    for one in asked:
        one.close()


def read(connection, bite=65536, pause=0.0):
    """Read by bites; return the head, and how much of the body came before the end."""
    content = b""
    try:
        while data := connection.recv(bite, socket.MSG_WAITALL):
            content += data
            time.sleep(pause)
    except ConnectionResetError:
        pass
    head, _, body = content.partition(b"\r\n\r\n")
    return head, len(body)


def length(head):
    return int(re.search(rb"content-length: (\d+)", head)[1])


@alone
@pytest.mark.parametrize("bite", [0, 1024], ids=["nothing", "little"])
@pytest.mark.parametrize("stays", [b"", b"Connection: close\r\n"], ids=["keep-alive", "close"])
def test_who_reads_hardly_anything_holds_no_connection(impatient, ask, stays, bite):
    silent = ask(ASKS_LONG + stays, LONG)

    def status():
        with suppress(BlockingIOError):
            silent.recv(bite, socket.MSG_DONTWAIT)
        return impatient.get("/models").status_code

    assert status() == 503
    assert wait_until(lambda: status() == 200, seconds=20)


@pytest.mark.soak
@together
def test_who_does_not_read_a_report_holds_no_turn(impatient, ask):
    def status():
        return impatient.post("/models/price/report", content=REPORT[:1000]).status_code

    for _ in range(AT_ONCE):
        ask(ASKS_REPORT, REPORT)
    wait_until(lambda: status() == 503, seconds=10)

    assert wait_until(lambda: status() == 200, seconds=20)


@pytest.mark.soak
@together
def test_who_reads_slowly_gets_all(impatient, ask, monkeypatch):
    monkeypatch.setattr(writing, "ENOUGH", 64 * 1024)
    began = time.monotonic()

    head, came = read(ask(ASKS_LONG, LONG), 256 * 1024, 0.1)

    assert came == length(head)
    assert time.monotonic() - began > 2 * SECONDS
