"""Command line of the export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cloud import Settings
from export.errors import ExportError
from export.nodes import MANIFEST_FILE
from export.publication import Publication
from export.publish import publish_models
from export.versions import Entry, list_versions, rollback, verify_version

EPILOG = """\
Exit code: 0 all held, 1 something failed (its message is on standard error), 2 wrong usage.
A model that dbt did not train is told with its reason and is no failure.

The target is chosen by the environment: VENDAS_TARGET, BQ_PROJECT, BQ_LOCATION, VENDAS_BUCKET,
BIGQUERY_EMULATOR_HOST, BIGQUERY_GRPC_PORT, STORAGE_EMULATOR_HOST, MODEL_SIGNING_KEY_FILE and
MODEL_PUBLIC_KEY_FILE. The keys are made when a model is published first."""


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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, epilog=EPILOG)
        added.formatter_class = argparse.RawDescriptionHelpFormatter
        added.set_defaults(command=function)
        return added

    publish = command("publish", _publish, "Train, certify, sign and publish what changed.")
    publish.add_argument(
        "--model", action="append", metavar="M", help="only this dbt model; may be repeated"
    )
    publish.add_argument(
        "--dbt-manifest",
        type=Path,
        default=MANIFEST_FILE,
        metavar="FILE",
        help="dbt's manifest (default: %(default)s)",
    )
    verify = command("verify", _verify, "Check signature, digests, libraries and golden rows.")
    verify.add_argument("model", nargs="?", metavar="MODEL", help="all current ones without it")
    verify.add_argument("version", nargs="?", metavar="VERSION", help="the current one without it")
    back = command("rollback", _rollback, "Verify a published version and point to it.")
    back.add_argument("model", metavar="MODEL", help="the dbt model's name")
    back.add_argument("version", metavar="VERSION", help="16 hex digits, as `list` shows them")
    command("list", _list, "Show every published version; * marks the current one.")
    return parser


def _publish(options: argparse.Namespace, settings: Settings) -> int:
    publications = publish_models(
        settings,
        models=options.model,
        dbt_manifest=options.dbt_manifest,
        progress=lambda text: print(f"  {text}", file=sys.stderr),
    )
    for entry in publications:
        if entry.error:
            print(f"{entry.name}: failed\n  {entry.error}", file=sys.stderr)
        else:
            print(_published(entry))
    return 1 if any(entry.error for entry in publications) else 0


def _published(entry: Publication) -> str:
    if entry.version is None:
        return f"{entry.name}: {entry.note}"
    figures = entry.parity
    state = "published" if entry.created else entry.note
    return (
        f"{entry.name}: {state}\n  {entry.uri} ({entry.methods['published']})\n"
        f"  {figures['rows']} rows compared, worst {figures['max_abs']:.3g} (relative "
        f"{figures['max_rel']:.3g}, tolerance {figures['tolerance']:g}), "
        f"{figures['label_disagreements']} labels differ; verdict {entry.verdict['status']}"
    )


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    models = [options.model] if options.model else _current(settings)
    failed = 0
    for model in models:
        try:
            manifest = verify_version(settings, model, options.version)
        except ExportError as error:
            print(f"{model}: {type(error).__name__}: {error}", file=sys.stderr)
            failed += 1
        else:
            print(
                f"{model}: {manifest.version} is as it was signed, and repeats its "
                f"{len(manifest.golden_rows)} golden rows."
            )
    return 1 if failed else 0


def _current(settings: Settings) -> list[str]:
    return [entry.model for entry in list_versions(settings) if entry.current]


def _rollback(options: argparse.Namespace, settings: Settings) -> int:
    manifest = rollback(settings, options.model, options.version)
    print(f"{manifest.model}: current is now {manifest.version} of {manifest.created_at}.")
    return 0


def _list(options: argparse.Namespace, settings: Settings) -> int:
    for entry in list_versions(settings):
        print(_listed(entry))
    return 0


def _listed(entry: Entry) -> str:
    mark = "*" if entry.current else " "
    start = f"{mark} {entry.model} {entry.version}"
    if entry.manifest is None:
        return f"{start}  {entry.problem}"
    found = entry.manifest
    return f"{start}  {found.created_at}  {found.method['published']}  {found.verdict['status']}"


if __name__ == "__main__":
    sys.exit(main())
