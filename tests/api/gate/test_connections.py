"""Slow clients, half-open connections and endless heads: bounded time, and it goes on serving."""

import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.api.serving import serving

HEAD = b"POST /models/price/predict HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def impatient(make_settings):
    """A client of an API that waits for half a second."""
    with serving(make_settings(request_seconds=0.5, max_connections=50)) as client:
        yield client


def connected(client):
    address = urlsplit(str(client.base_url))
    return socket.create_connection((address.hostname, address.port), timeout=10)


def answer(connection):
    """Return all that comes until the other side closes."""
    content = b""
    while data := connection.recv(65536):
        content += data
    return content


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"POST /mod",
        HEAD + b"Content-Le",
        HEAD + b"Content-Length: 100\r\n\r\n",
        HEAD + b'Content-Length: 100\r\n\r\n{"rows":',
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
    ids=["nothing", "half a line", "half a head", "no body", "half a body", "half a chunk"],
)
def test_a_request_that_does_not_get_whole_is_ended_with_a_408(impatient, said):
    with connected(impatient) as connection:
        started = time.monotonic()
        connection.sendall(said)

        content = answer(connection)

    assert content.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - started < 5
    assert impatient.get("/health/live").status_code == 200


def test_one_byte_at_a_time_does_not_buy_more(impatient):
    with connected(impatient) as connection:
        started = time.monotonic()
        try:
            for byte in HEAD * 10:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            pass

        assert time.monotonic() - started < 5


def test_a_second_request_has_a_deadline_of_its_own(impatient):
    with connected(impatient) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /health/li")

        assert answer(connection).startswith(b"HTTP/1.1 408")


def test_a_head_without_an_end_is_a_431(impatient):
    with connected(impatient) as connection:
        try:
            connection.sendall(HEAD + b"X-Long: " + b"a" * (1 << 20))
            content = answer(connection)
        except ConnectionError:
            content = b"HTTP/1.1 431"

    assert content.startswith(b"HTTP/1.1 431")


def test_a_hundred_half_open_connections_keep_nobody_out_for_long(impatient):
    connections = [connected(impatient) for _ in range(100)]
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                if impatient.get("/health/live").status_code == 200:
                    break
            except OSError:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        for connection in connections:
            connection.close()


def test_what_is_no_http_is_a_400(impatient):
    with connected(impatient) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00" * 20)

        assert answer(connection).startswith(b"HTTP/1.1 400")
