"""Command line of the pipeline."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from cloud import Settings
from pipeline import commands
from pipeline.errors import PipelineError
from pipeline.services import service_errors

WIDTH = 160  # of tables in a file or a pipe
EPILOG = """\
Exit code: 0 everything held, or what waited is taken by a run that is at work; 1 something
failed, and says what; 2 the command is wrong. The environment chooses the target and where the
data are (README.md); LEASE_SECONDS (300) is how long a run that was killed keeps others away,
LOG_FORM=json ends a run of the inbox with a line for Cloud Logging."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 only if everything held."""
    options = _parser().parse_args(arguments)
    terminal = sys.stdout.isatty()
    console = Console(highlight=False, soft_wrap=not terminal, width=None if terminal else WIDTH)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        settings = Settings.from_environment()
        with service_errors(settings):
            return int(options.command(options, settings, console))
    except (PipelineError, ValueError, OSError) as error:
        console.print(f"[red]Error:[/] {error}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        made = added.add_parser(name, help=text, description=text)
        made.set_defaults(command=run)
        return made

    run = command("run", commands.run, "the whole pipeline on one report")
    run.add_argument("report", type=Path, metavar="REPORT", help="the sales report, a CSV file")
    run.add_argument(
        "--serve", choices=("0", "1"), default="1", help="1: serve the models afterwards (default)"
    )
    _add_inbox(command)
    asked = command("analyses", commands.analyses, "answer the questions of analyses/")
    asked.add_argument("names", nargs="*", metavar="NAME", help="a file there; all without it")
    asked.add_argument("--rows", type=int, default=20, metavar="N", help="most rows of each")
    command("up", commands.up, "the local cloud alone, provisioned, in the foreground")
    command("provision", commands.provision, "make buckets, datasets and external tables")
    command("build", commands.build, "dbt build")
    command("export", commands.export, "train, certify and publish the models")
    command("serve", commands.serve, "API and page")
    return parser


def _add_inbox(command: Callable[..., argparse.ArgumentParser]) -> None:
    inbox = command("inbox", commands.inbox, "the whole pipeline on what waits in the inbox")
    inbox.add_argument("--always", action="store_true", help="run once even if nothing waits")
    watch = command("watch", commands.watch, "run the pipeline whenever a report lands there")
    watch.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="default: 2")
    drop = command("drop", commands.drop, "put reports into the inbox")
    drop.add_argument("reports", type=Path, nargs="+", metavar="REPORT", help="a CSV file")
    runs = command("runs", commands.runs, "show the last runs")
    cost = command("cost", commands.cost, "what the last run scanned, and its list price")
    cost.add_argument("--runs", type=int, default=22, metavar="N", help="a month (default: 22)")
    runs.add_argument("--last", type=int, default=20, metavar="N", help="how many (default: 20)")


if __name__ == "__main__":
    sys.exit(main())
