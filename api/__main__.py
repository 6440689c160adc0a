"""Start the API: `python -m api`; the environment says how (see `api/README.md`)."""

from __future__ import annotations

import os
import sys

from api.artifacts import opener

if __name__ == "__main__" and not sys.argv[1:] and os.environ.get("WORKERS", "1") in ("", "1"):
    opener.prepare()  # before the imports below, which take as long as half of its own

import argparse
import contextlib
import socket
from functools import partial
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.gate.connection import Connection
from api.gate.keys import new_key
from api.listener import listen
from api.observability.sharing import take_away
from api.settings import Settings

HELP = """The environment says how (see api/README.md):
  HOST, PORT                      where to listen (127.0.0.1, 8080)
  WORKERS                         processes that answer (1)
  API_KEYS_FILE                   hashes of the API keys that open
  GOOGLE_AUDIENCE, IAP_AUDIENCE   whom Google's tokens have to be for
  GOOGLE_CALLERS                  whom GOOGLE_AUDIENCE's tokens let in
  MAX_ROWS, MAX_BODY_BYTES        most of one request (10000, 10485760)
  MAX_CONCURRENT, MAX_CONNECTIONS most at once (256, 1000)
  MAX_PER_SECOND                  requests of one caller (0: no limit)
  REQUEST_SECONDS                 for a request to arrive, and its answer to be read (60)
  CORS_ORIGINS                    pages of other origins that may ask
  DEFAULT_MODEL                   for doors that name none (price_linear)
  KEPT_VERSIONS, RELOAD_SECONDS   earlier versions kept (2), pace of looking for new ones (2)
  LOG_FORM, LOG_REQUESTS          text or json; 1 logs every request (text, 0)
  PREDICTION_LOG, PREDICTION_LOG_SECONDS   BigQuery table of predictions (none, 300)
  AIP_HTTP_PORT, AIP_HEALTH_ROUTE, AIP_PREDICT_ROUTE, AIP_STORAGE_URI   Vertex AI's own
  VENDAS_TARGET, VENDAS_BUCKET, STORAGE_EMULATOR_HOST, MODEL_PUBLIC_KEY_FILE   the models
"""
# Requests that are being answered when it is told to stop get so long.
GRACE_SECONDS = 20


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, or make an API key."""
    asked = _parser().parse_args(arguments)
    try:
        return _make_key(asked.name) if asked.command else _serve()
    except (ValueError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description="Serve the published models over HTTP.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command")
    key = commands.add_parser("new-key", help="make an API key and the line for API_KEYS_FILE")
    key.add_argument("name", metavar="NAME", help="whose key it is")
    return parser


def _make_key(name: str) -> int:
    key, line = new_key(name)
    print(f"The key, which is shown this once:\n  {key}\nThe line for API_KEYS_FILE:\n  {line}")
    return 0


def _serve() -> int:
    settings = Settings.from_environment()
    settings.check_guard()
    listener = listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    print(f"API and page on http://{host}:{port} (each model says when it is ready)", flush=True)
    config = config_of(settings)
    if settings.workers == 1:
        _run(config, [listener])
    else:
        try:
            Multiprocess(config, sockets=[listener]).run()
        finally:
            take_away(os.getpid())
    return 0


def config_of(settings: Settings, app: Any = "api.main:from_environment") -> uvicorn.Config:
    """Return how uvicorn serves the API."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        http=partial(Connection, request_seconds=settings.request_seconds),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=GRACE_SECONDS,
        workers=settings.workers,
    )


def _run(config: uvicorn.Config, sockets: list[socket.socket]) -> None:
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once it has stopped
        uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    sys.exit(main())
