"""Start the API: `python -m api`; the environment says where (see `api/settings.py`)."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys

import uvicorn

from api.listener import listen
from api.main import create_app
from api.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description="Serve the published models over HTTP. Variables: HOST (127.0.0.1), PORT "
        "(8080), RELOAD_SECONDS (2), MAX_ROWS (10000), MAX_BODY_BYTES (10485760), "
        "DEFAULT_MODEL (price_linear), KEPT_VERSIONS (2), AIP_PREDICT_ROUTE (/predict), "
        "VENDAS_TARGET, VENDAS_BUCKET, STORAGE_EMULATOR_HOST, MODEL_PUBLIC_KEY_FILE.",
    )
    parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    try:
        settings = Settings.from_environment()
        listener = listen(settings.host, settings.port)
    except (ValueError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    host, port = listener.getsockname()[:2]
    print(f"API and page on http://{host}:{port} (each model says when it is ready)", flush=True)
    config = uvicorn.Config(create_app(settings), log_level="warning", server_header=False)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once it has stopped
        uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
