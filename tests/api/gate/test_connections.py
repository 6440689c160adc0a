"""Slow clients, half-open connections and endless heads: bounded time, and it goes on serving."""

import asyncio
import json
import logging
import re
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest
from uvicorn.server import ServerState

from api import __main__ as command
from api.doors.addresses import Addresses
from api.gate.connection import Connection
from api.settings import Settings
from tests.api.publishing import TYPICAL
from tests.api.serving import serving, wait_until

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
                if impatient.get("/models").status_code == 200:
                    break
            except OSError:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        for connection in connections:
            connection.close()


DOORS = {
    "/models/price/predict": "detail",
    "/v2/models/price/infer": "error",
    "/invocations": "message",
    "/predict": "error",
}


def test_one_connection_too_many_is_refused_in_each_door_s_form_and_counted(make_settings, caplog):
    with serving(make_settings(max_connections=2, default_model="price")) as client:
        assert client.get("/models").status_code == 200  # over a connection that stays
        with connected(client) as other, caplog.at_level(logging.INFO, logger="api.requests"):
            for path, said in DOORS.items():
                with httpx.Client(base_url=client.base_url) as late:
                    answer = late.post(path, json={}, headers={"X-Request-ID": "late"})

                assert answer.status_code == 503
                assert "Too many connections are open" in str(answer.json()[said])
                assert int(answer.headers["retry-after"]) > 0
                assert answer.headers["x-request-id"] == "late"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["connection"] == "close"
                wait_until(lambda path=path: f"POST {path} 503" in caplog.text)
            assert httpx.get(f"{client.base_url}/models").status_code == 503
            assert client.get("/models").status_code == 200
            for path in ("/health/live", "/v2/health/live"):
                answer = httpx.get(f"{client.base_url}{path}")
                assert answer.status_code == 200 and answer.headers["connection"] == "close"
            other.close()
            wait_until(lambda: httpx.get(f"{client.base_url}/models").status_code == 200)
        counted = client.get("/metrics").text

    refused = 'sales_api_requests_total{door="vertex",model="",status="503",version=""} 1.0'
    assert refused in counted


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


@pytest.fixture
def brief(make_settings, monkeypatch):
    """A client of an API that closes connections that were idle for a second."""
    config_of = command.config_of

    def short(*given):
        config = config_of(*given)
        config.timeout_keep_alive = 1
        return config

    monkeypatch.setattr("tests.api.serving.config_of", short)
    with serving(make_settings(request_seconds=4)) as client:
        wait_until(lambda: client.post("/models/nobody/predict").status_code == 404)
        yield client


def test_a_connection_that_is_idle_is_closed_and_one_that_is_not_stays(brief):
    with connected(brief) as connection:
        started = time.monotonic()
        while time.monotonic() - started < 2.5:
            connection.sendall(post("nobody"))
            assert answers(connection, 1)[0][0] == 404
            time.sleep(0.3)

        assert connection.recv(1) == b""
        assert 0.5 < time.monotonic() - started - 2.5 < 3


def test_an_empty_line_does_not_hold_a_connection(brief):
    with connected(brief) as connection:
        connection.sendall(post("nobody"))
        answers(connection, 1)
        connection.sendall(b"\r\n")

        assert connection.recv(1) == b""


def test_a_request_on_its_way_is_not_idle_whatever_was_asked_before(brief):
    whole = post("nobody")
    half = len(whole) - 10
    with connected(brief) as connection:
        connection.sendall(post("nobody") * 3 + whole[:half])
        time.sleep(2.5)
        connection.sendall(whole[half:])

        assert [status for status, _ in answers(connection, 4)] == [404] * 4


def test_many_requests_in_one_piece_are_no_long_head(api):
    with connected(api) as connection:
        connection.sendall(post("nobody") * 400 + b"GET /health/live HTTP/1.1\r\n")
        assert [status for status, _ in answers(connection, 400)] == [404] * 400
        connection.sendall(b"Host: x\r\n\r\n")

        assert answers(connection, 1)[0][0] == 200


def test_each_request_has_its_own_time_however_they_arrive(brief):
    """Every piece ends within a request; the last of them is long after the first's deadline."""
    many = post("nobody") * 12
    step = len(many) // 12
    with connected(brief) as connection:
        for at in range(0, len(many), step):
            connection.sendall(many[at : at + step - 20 if at == 0 else at + step])
            if at == 0:
                connection.sendall(many[step - 20 : step])
            time.sleep(0.5)

        assert [status for status, _ in answers(connection, 12)] == [404] * 12


def test_long_addresses_are_not_remembered():
    addresses = Addresses("/predict")

    found = [addresses.find(f"/models/{'x' * 600}{number}/predict") for number in range(2000)]

    assert all(found)
    assert addresses._known.cache_info().currsize == 0


class Transport:
    """What a connection writes to."""

    def __init__(self):
        self.written, self.closed, self.socket = b"", False, None

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def get_write_buffer_size(self):
        return 0

    def get_extra_info(self, name):
        return self.socket if name == "socket" else None


class Answering:
    """An application with a desk that answers all, or fails."""

    def __init__(self, error=None):
        self.desk, self.error = self, error

    async def __call__(self, scope, receive, send):
        raise AssertionError("nothing is left for ASGI")

    def find(self, target):
        return target

    def at_once(self, asked, headers, body, server, write):
        if self.error is not None:
            raise self.error
        write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", b"ok")
        return True


def on(application, play):
    """Play with a connection to an application, within an event loop."""

    async def run():
        config = command.config_of(Settings(), application)
        config.load()
        connection = Connection(
            config=config, server_state=ServerState(), app_state={}, request_seconds=5
        )
        transport = Transport()
        connection.connection_made(transport)
        play(connection, transport)
        await asyncio.sleep(0)
        connection.connection_lost(None)
        return transport

    return asyncio.run(run())


def test_a_prediction_on_its_way_is_answered_before_the_server_goes():
    def play(connection, transport):
        whole = post()
        connection.data_received(whole[:-5])
        connection.shutdown()
        assert not transport.closed
        connection.data_received(whole[-5:])

    transport = on(Answering(), play)

    assert transport.written.endswith(b"connection: close\r\n\r\nok")
    assert transport.closed


def test_what_came_and_was_not_read_yet_is_not_idle():
    ours, theirs = socket.socketpair()

    def play(connection, transport):
        transport.socket = ours
        connection.data_received(post())
        connection._idle_since -= 100
        theirs.send(b"P")
        connection.timeout_keep_alive_handler()
        assert not transport.closed
        ours.recv(1)
        connection.timeout_keep_alive_handler()
        assert transport.closed

    with ours, theirs:
        on(Answering(), play)


def test_a_fault_of_the_desk_is_logged_and_ends_the_connection(caplog):
    transport = on(Answering(KeyError("x")), lambda connection, _: connection.data_received(post()))

    assert (transport.written, transport.closed) == (b"", True)
    assert "A request could not be answered." in caplog.text
