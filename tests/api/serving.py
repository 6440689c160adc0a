"""The API as a real server on a free port, in a thread of this process."""

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import uvicorn

from api.__main__ import config_of
from api.main import create_app

WAIT_SECONDS = 60


@contextmanager
def serving(settings):
    """Give an HTTP client of a running API."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(config_of(settings, create_app(settings)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with httpx.Client(base_url=address, timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


def wait_until(holds, seconds=WAIT_SECONDS):
    """Wait until a condition gives something true, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def ready(client):
    return client.get("/health/ready").json()


def wait_for(client, **versions):
    """Wait until these versions are in service."""
    return wait_until(lambda: versions.items() <= ready(client)["models"].items() and ready(client))


def wait_for_problem(client, model):
    def found():
        return [p for p in ready(client)["problems"] if p["model"] == model]

    return wait_until(found)[0]
