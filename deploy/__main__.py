"""Command line of the deployment."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from rich.console import Console

from deploy.deployment import Target, deploy
from deploy.destruction import destroy, losses
from deploy.errors import DeployError
from export.errors import ExportError
from ingest import IngestError

PROJECT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 with the error's message."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    try:
        target = _target(options)
        return int(options.command(options, target, console))
    except (DeployError, ExportError, IngestError) as error:
        console.print(f"[red]Error:[/] {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--project", default="", help="the project's ID")
    shared.add_argument("--region", default="", help="such as southamerica-east1")
    shared.add_argument("--yes", action="store_true", help="ask nobody before changing anything")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", parents=[shared], help="build, apply, run")
    up.add_argument(
        "--report", type=Path, metavar="FILE", help="the first report, a CSV file; needed once"
    )
    up.set_defaults(command=_up)
    down = commands.add_parser("destroy", parents=[shared], help="take it all away again")
    down.add_argument("--confirm", default="", help="the project's ID once more, instead of asking")
    down.set_defaults(command=_destroy)
    return parser


def _target(options: argparse.Namespace) -> Target:
    if not PROJECT_ID.fullmatch(options.project):
        raise DeployError(
            f"PROJECT is '{options.project}'; expected a project's ID, as `gcloud projects list` "
            "shows them: make deploy PROJECT=my-project REGION=southamerica-east1 REPORT=my.csv"
        )
    if not REGION.fullmatch(options.region):
        raise DeployError(
            f"REGION is '{options.region}'; expected one such as southamerica-east1 "
            "(`gcloud run regions list`)."
        )
    return Target(options.project, options.region, options.yes)


def _up(options: argparse.Namespace, target: Target, console: Console) -> int:
    addresses = deploy(target, options.report, console)
    console.print(f"\nPage and API: {addresses['url']}\nInbox:        {addresses['inbox']}")
    return 0


def _destroy(options: argparse.Namespace, target: Target, console: Console) -> int:
    console.print(f"Destroying project {target.project} would lose for ever:")
    for line in losses(target):
        console.print(f"  {line}")
    given = options.confirm or console.input(f"Type {target.project} to go on: ")
    if given != target.project:
        console.print("Nothing was destroyed.")
        return 1
    destroy(target, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
