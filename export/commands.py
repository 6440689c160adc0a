"""What each command of the export does and prints; each returns the exit code."""

from __future__ import annotations

import sys
from argparse import Namespace

from cloud import Settings
from export.description import show_version
from export.difference import diff_versions
from export.errors import ExportError
from export.promote import promote
from export.prune import Pruned, prune
from export.publication import Publication
from export.publish import publish_models
from export.rotation import retire_key, rotate_key
from export.versions import Entry, list_versions, rollback, verify_version


def publish(options: Namespace, settings: Settings) -> int:
    """Publish what changed."""
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


def list_all(options: Namespace, settings: Settings) -> int:
    """Print one line a version."""
    for entry in list_versions(settings):
        print(_listed(entry))
    return 0


def show(options: Namespace, settings: Settings) -> int:
    """Print all that a version tells of itself."""
    print(show_version(settings, options.model, options.version))
    return 0


def diff(options: Namespace, settings: Settings) -> int:
    """Print what changed."""
    lines = diff_versions(settings, options.model, options.first, options.second)
    print(f"{options.model}: {options.first} → {options.second}")
    print("\n".join(f"  {line}" for line in lines or ["nothing changed"]))
    return 0


def verify(options: Namespace, settings: Settings) -> int:
    """Verify one version, the current ones, or all."""
    failed = 0
    for model, version in _chosen(options, settings):
        try:
            manifest = verify_version(settings, model, version)
        except ExportError as error:
            print(f"{model}: {type(error).__name__}: {error}", file=sys.stderr)
            failed += 1
        else:
            print(
                f"{model}: {manifest.version} is as it was signed, and repeats its "
                f"{len(manifest.golden_rows)} golden rows."
            )
    return 1 if failed else 0


def promote_one(options: Namespace, settings: Settings) -> int:
    """Point to a version that is not worse, or to a marked copy."""
    done = promote(
        settings,
        options.model,
        options.version,
        force=options.force,
        dbt_manifest=options.dbt_manifest,
    )
    if done.before == done.manifest.version:
        print(f"{options.model}: {done.before} is current already.")
        return 0
    words = f"{options.model}: current is now {done.manifest.version}"
    if done.manifest.version != options.version:
        words += f", a copy of {options.version} that is marked as forced"
    print(f"{words}; before: {done.before}.\n  {done.promotion.outcome}: {done.promotion.reason}")
    return 0


def roll_back(options: Namespace, settings: Settings) -> int:
    """Point to a version that verifies."""
    manifest = rollback(settings, options.model, options.version)
    print(f"{manifest.model}: current is now {manifest.version} of {manifest.created_at}.")
    return 0


def prune_old(options: Namespace, settings: Settings) -> int:
    """Delete old versions."""
    for entry in prune(settings, options.model, keep=options.keep, dry_run=options.dry_run):
        print(_pruned(entry, "would delete" if options.dry_run else "deleted"))
    return 0


def rotate(options: Namespace, settings: Settings) -> int:
    """Make a new signing key."""
    old, new = rotate_key(settings)
    print(
        f"'{settings.signing_key_file}' is now the key {new}; '{settings.public_key_file}' trusts "
        f"it and {old} still.\nNext: give that file to every API, run `python -m export publish`, "
        f"and then `python -m export retire-key {old}`."
    )
    return 0


def retire(options: Namespace, settings: Settings) -> int:
    """Trust a key no longer."""
    found = retire_key(settings, options.key, force=options.force)
    print(f"'{settings.public_key_file}' trusts {options.key} no more. Give it to every API.")
    if found.unknown:
        print(f"  Nobody could look for what it signed: {found.unknown}")
    for name in found.current:
        print(f"  {name} is current and loads no more: publish it again.")
    if found.older:
        print(f"  {found.older} older versions cannot be rolled back to any more.")
    return 0


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


def _chosen(options: Namespace, settings: Settings) -> list[tuple[str, str | None]]:
    if options.model and not options.all:
        return [(options.model, options.version)]
    entries = [e for e in list_versions(settings) if options.model in (None, e.model)]
    if options.all:
        return [(entry.model, entry.version) for entry in entries]
    return [(entry.model, None) for entry in entries if entry.current]


def _listed(entry: Entry) -> str:
    mark = "*" if entry.current else " "
    start = f"{mark} {entry.model} {entry.version}"
    if entry.manifest is None:
        return f"{start}  {entry.problem}"
    found = entry.manifest
    promotion = found.promotion or {}
    outcome = "forced" if promotion.get("forced") else promotion.get("outcome", "–")
    return (
        f"{start}  {found.created_at}  {found.method['published']}  {found.verdict['status']}  "
        f"{outcome}"
    )


def _pruned(entry: Pruned, done: str) -> str:
    lines = [f"{entry.model}: {done} {', '.join(entry.versions) or 'no version'}"]
    if entry.remains:
        lines.append(f"  {done} what dead publishers left: {', '.join(entry.remains)}")
    lines += [f"  kept {version}: {reason}" for version, reason in entry.kept.items()]
    return "\n".join(lines)
