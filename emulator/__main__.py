"""`python -m emulator`: the local cloud in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from emulator.cloud import Ports, serve
from emulator.errors import EmulatorError


def main(arguments: list[str] | None = None) -> int:
    """Run the local cloud until it is told to stop; return the exit code."""
    options = _parser().parse_args(arguments)
    ports = Ports(options.bigquery_port, options.bigquery_grpc_port, options.storage_port)
    try:
        asyncio.run(
            serve(options.data_dir.absolute(), ports, options.project, until_eof=options.until_eof)
        )
    except EmulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def run() -> None:
    """Run `main` and leave at once: a job that still computes must not hold the process."""
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Google Cloud on this machine: BigQuery with BigQuery ML, and Cloud Storage. "
        "Stops on Ctrl-C; everything is still there at the next start.",
        epilog="Exit codes: 0 stopped, 1 failed, 2 the command is wrong, 75 another one holds the "
        "data directory.",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(".local"),
        metavar="FOLDER",
        help="where tables, models and buckets live (default: .local)",
    )
    parser.add_argument(
        "--project",
        default=os.environ.get("BQ_PROJECT") or "vendas-local",
        metavar="NAME",
        help="project of requests that name none (BQ_PROJECT; default: vendas-local)",
    )
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="stop when standard input ends, as it does when the starting process dies",
    )
    for option, variable, default in (
        ("--bigquery-port", "BIGQUERY_PORT", 9050),
        ("--bigquery-grpc-port", "BIGQUERY_GRPC_PORT", 9060),
        ("--storage-port", "STORAGE_PORT", 4443),
    ):
        parser.add_argument(
            option,
            type=_port,
            default=os.environ.get(variable) or str(default),
            metavar="PORT",
            help=f"0 is any free port ({variable}; default: {default})",
        )
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port; expected 0 to 65535")
    return int(text)


if __name__ == "__main__":
    run()
