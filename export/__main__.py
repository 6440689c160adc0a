"""Command line of the export."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from cloud import Settings
from export import commands
from export.errors import ExportError
from export.nodes import MANIFEST_FILE

EPILOG = """\
Exit code: 0 all held, 1 something failed (its message is on standard error), 2 wrong usage.
A model that dbt did not train is told with its reason and is no failure; nor is a version that
is published and not current because it is worse than the current one.

The target is chosen by the environment: VENDAS_TARGET, BQ_PROJECT, BQ_LOCATION, VENDAS_BUCKET,
BIGQUERY_EMULATOR_HOST, BIGQUERY_GRPC_PORT, STORAGE_EMULATOR_HOST, MODEL_SIGNING_KEY_FILE (one
key, which signs) and MODEL_PUBLIC_KEY_FILE (every key that is trusted, PEM, one after the
other). The keys are made when a model is published first."""

PROMOTE = """\
Point to a published version if it is not worse than the current one: both answer the test rows
(the manifest's own result counts while the champion that it names is current), and the paired
95% interval of the difference of their losses must not lie above 0. --force points to a copy of
it with a version of its own, whose manifest says that it was forced and what it was copied from."""

PRUNE = """\
Delete the oldest versions, but the newest N. The current version stays, and the one that it was
compared with, copied from or rolled back from, and whatever is younger than a day. What dead
publishers left goes too, after a day."""

ROTATE = """\
Make a new signing key in MODEL_SIGNING_KEY_FILE and put its public key first in
MODEL_PUBLIC_KEY_FILE; the old public keys stay trusted, so all versions go on to load. Give the
file of public keys to every API, publish again, then retire the old key."""

RETIRE = """\
Take a public key out of MODEL_PUBLIC_KEY_FILE: what it signed loads no more. The key that signs
and the last one are refused; a key that signed a current version is too, but for --force (for a
key that leaked)."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 only if everything held."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options, Settings.from_environment()))
    except (ExportError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description="Publish BigQuery ML models as scikit-learn pipelines, proven equal.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, line: str, text: str = "") -> argparse.ArgumentParser:
        made = added.add_parser(name, help=line, description=text or line, epilog=EPILOG)
        made.formatter_class = argparse.RawDescriptionHelpFormatter
        made.set_defaults(command=run)
        return made

    _add_publishing(command)
    _add_reading(command)
    _add_moving(command)
    _add_keys(command)
    return parser


def _add_publishing(command: Callable[..., argparse.ArgumentParser]) -> None:
    publish = command("publish", commands.publish, "Train, certify, sign and publish what changed.")
    publish.add_argument(
        "--model", action="append", metavar="M", help="only this dbt model; may be repeated"
    )
    _add_dbt_manifest(publish)


def _add_reading(command: Callable[..., argparse.ArgumentParser]) -> None:
    command("list", commands.list_all, "Show every published version; * marks the current one.")
    show = command("show", commands.show, "Show what a version is, how good and who signed it.")
    _add_version(show, optional=True)
    diff = command("diff", commands.diff, "Show what changed from one version to another.")
    diff.add_argument("model", metavar="MODEL", help="the dbt model's name")
    diff.add_argument("first", metavar="A", help="16 hex digits, as `list` shows them, or a folder")
    diff.add_argument("second", metavar="B", help="the version that came after, or a folder")
    verify = command("verify", commands.verify, "Check signature, digests, libraries, golden rows.")
    verify.add_argument("model", nargs="?", metavar="MODEL", help="all current ones without it")
    verify.add_argument("version", nargs="?", metavar="VERSION", help="the current one without it")
    verify.add_argument("--all", action="store_true", help="every version, not the current alone")


def _add_moving(command: Callable[..., argparse.ArgumentParser]) -> None:
    promote = command(
        "promote", commands.promote_one, "Point to a version that is not worse.", PROMOTE
    )
    _add_version(promote)
    promote.add_argument("--force", action="store_true", help="point to a marked copy if it is")
    _add_dbt_manifest(promote)
    back = command("rollback", commands.roll_back, "Verify a published version and point to it.")
    _add_version(back)
    prune = command("prune", commands.prune_old, "Delete the oldest versions.", PRUNE)
    prune.add_argument("model", nargs="?", metavar="MODEL", help="all models without it")
    prune.add_argument("--keep", type=int, required=True, metavar="N", help="newest versions kept")
    prune.add_argument("--dry-run", action="store_true", help="tell what would go, delete nothing")


def _add_keys(command: Callable[..., argparse.ArgumentParser]) -> None:
    command("rotate-key", commands.rotate, "Make a new signing key, trust both.", ROTATE)
    retire = command("retire-key", commands.retire, "Trust a key no longer.", RETIRE)
    retire.add_argument("key", metavar="KEY_ID", help="16 hex digits, as `show` tells it")
    retire.add_argument("--force", action="store_true", help="even if current versions need it")


def _add_version(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    parser.add_argument("model", metavar="MODEL", help="the dbt model's name")
    if optional:
        text = "16 hex digits, as `list` shows them; the current one without it"
        parser.add_argument("version", nargs="?", metavar="VERSION", help=text)
    else:
        text = "16 hex digits, as `list` shows them"
        parser.add_argument("version", metavar="VERSION", help=text)


def _add_dbt_manifest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dbt-manifest",
        type=Path,
        default=MANIFEST_FILE,
        metavar="FILE",
        help="dbt's manifest (default: %(default)s)",
    )


if __name__ == "__main__":
    sys.exit(main())
