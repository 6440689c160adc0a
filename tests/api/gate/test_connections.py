"""Slow clients, half-open connections and endless heads: bounded time, and it goes on serving."""

import json
import re
import socket
import time
from urllib.parse import urlsplit

import pytest

from api import __main__ as command
from tests.api.publishing import TYPICAL
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


def post(model="price", body=None, line="", version="1.1"):
    """Return a request for a prediction; `line` is one more of its head."""
    content = json.dumps({"rows": [TYPICAL]} if body is None else body).encode()
    head = f"POST /models/{model}/predict HTTP/{version}\r\nHost: x\r\n{line}"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def answers(connection, count):
    """Return the status and body of so many answers, in the order they came."""
    content, found = b"", []
    while len(found) < count:
        data = connection.recv(65536)
        assert data, f"closed after {found}"
        content += data
        while b"\r\n\r\n" in content:
            head, _, rest = content.partition(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head)[1])
            if len(rest) < length:
                break
            found.append((int(head.split()[1]), rest[:length]))
            content = rest[length:]
    assert content == b""
    return found


def test_requests_sent_at_once_are_answered_in_their_order(api):
    """Short predictions are answered at once, the others by ASGI."""
    many = post(body={"rows": [TYPICAL] * 1000})  # beyond what is answered at once
    live = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(api) as connection:
        connection.sendall(
            b"".join([post(), live, post("nobody"), many, post(), live, post("trees"), post()])
        )

        found = answers(connection, 8)

    assert [status for status, _ in found] == [200, 200, 404, 200, 200, 200, 200, 200]
    sizes = [body.count(b'"warnings"') for _, body in found]
    assert sizes == [1, 0, 0, 1000, 1, 0, 1, 1]
    assert found[0] == found[4] == found[7]


def test_a_body_in_pieces_and_a_long_head_are_one_request(api):
    whole = post(line="X-Filler: " + "a" * 2000 + "\r\n")
    with connected(api) as connection:
        for at in range(0, len(whole), 97):
            connection.sendall(whole[at : at + 97])
            time.sleep(0.001)
        (pieces,) = answers(connection, 1)
        connection.sendall(post())

        assert answers(connection, 1) == [pieces] and pieces[0] == 200


@pytest.mark.parametrize(
    ("request_", "stays"),
    [
        (post(), True),
        (post(line="Connection: close\r\n"), False),
        (post(version="1.0"), False),
        (post(body=[], line="Connection: close\r\n"), False),
        (post(line="Connection: Upgrade\r\nUpgrade: h2c\r\n"), True),
    ],
    ids=["stays", "close", "1.0", "refused and close", "upgrade"],
)
def test_a_connection_stays_as_the_caller_asked(api, request_, stays):
    with connected(api) as connection:
        connection.sendall(request_)
        answers(connection, 1)
        if stays:
            connection.sendall(post())
            assert answers(connection, 1)[0][0] == 200
        else:
            assert connection.recv(1) == b""


def test_a_connection_that_is_idle_is_closed_and_one_that_is_not_stays(make_settings, monkeypatch):
    config_of = command.config_of

    def short(*given):
        config = config_of(*given)
        config.timeout_keep_alive = 1
        return config

    monkeypatch.setattr("tests.api.serving.config_of", short)
    with serving(make_settings()) as client, connected(client) as connection:
        started = time.monotonic()
        while time.monotonic() - started < 2.5:
            connection.sendall(post("nobody"))
            assert answers(connection, 1)[0][0] == 404
            time.sleep(0.3)

        assert connection.recv(1) == b""
        assert 0.5 < time.monotonic() - started - 2.5 < 3
