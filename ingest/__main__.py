"""`python -m ingest`: take a report, list those in the bucket, take one back, normalise one."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from cloud import Settings, storage_client
from ingest.columns import SYNONYMS
from ingest.errors import IngestError
from ingest.report import Receipt, ingest, reports, withdraw, write_normal_form

COMMANDS = ("report", "list", "withdraw", "normalise")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 with the error's message."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] not in COMMANDS and not given[0].startswith("-"):
        given.insert(0, "report")
    options = _parser().parse_args(given)
    settings = Settings.from_environment()
    settings = dataclasses.replace(settings, bucket=options.bucket or settings.bucket)
    try:
        options.command(options, storage_client(settings).bucket(settings.bucket))
    except IngestError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest",
        description="python -m ingest FILE takes a report into the bucket.",
        epilog="Exit codes: 0 done (or the bucket held the report already), 1 refused or not "
        "reachable (the bucket is as it was), 2 the command is wrong. Columns may be named in "
        "English or Portuguese, in any order: "
        + "; ".join(f"{name} = {', '.join(others)}" for name, others in SYNONYMS.items()),
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--bucket", help="bucket of the reports (default: VENDAS_BUCKET)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    take = commands.add_parser("report", parents=[shared], help="take a report (the default)")
    take.add_argument("file", type=Path, metavar="FILE", help="the CSV export")
    take.set_defaults(command=_take)
    listing = commands.add_parser("list", parents=[shared], help="list the bucket's reports")
    listing.set_defaults(command=_list)
    back = commands.add_parser("withdraw", parents=[shared], help="take a report back")
    back.add_argument("object", metavar="OBJECT", help="its URI, object or file name")
    back.set_defaults(command=_withdraw)
    normal = commands.add_parser("normalise", help="write what would be uploaded to a folder")
    normal.add_argument("file", type=Path, metavar="FILE", help="the CSV export")
    normal.add_argument("folder", type=Path, metavar="FOLDER", help="an existing folder")
    normal.set_defaults(command=_normalise, bucket=None)
    return parser


def _take(options: argparse.Namespace, bucket: object) -> None:
    show(ingest(options.file, bucket), options.file)


def _list(options: argparse.Namespace, bucket: object) -> None:
    for blob in reports(bucket):
        print(f"{blob.time_created:%Y-%m-%d %H:%M} {blob.size:>12,} {blob.name}")


def _withdraw(options: argparse.Namespace, bucket: object) -> None:
    print(f"Withdrawn: {withdraw(options.object, bucket)}. Run the pipeline to leave it out.")


def _normalise(options: argparse.Namespace, _: object) -> None:
    print(write_normal_form(options.file, options.folder))


def show(receipt: Receipt, file: Path) -> None:
    """Print what was recognised and where the report lies."""
    renamed = [
        f"{theirs} → {n}" for n, theirs in receipt.dialect.header.names.items() if theirs != n
    ]
    print(f"{file}: {receipt.dialect}")
    if renamed:
        print(f"Columns: {', '.join(renamed)}")
    if receipt.ignored_columns:
        print(f"Left out: {', '.join(receipt.ignored_columns)}")
    print(f"{receipt.records:,} records, {receipt.malformed:,} with a wrong number of fields")
    print(f"{receipt.uri} ({'uploaded' if receipt.created else 'was there already'})")


if __name__ == "__main__":
    sys.exit(main())
