"""What else lies with a model's versions: the card and its pictures, and the versions before."""

from __future__ import annotations

import re
from typing import Any

from google.cloud.storage import Client

from api.artifacts.bucket import FAILURES, SECONDS
from api.errors import Refused, Unreachable
from export.artifact import MANIFEST, ArtifactError, Manifest, sha256

SHOWN_VERSIONS = 20
LARGEST_FILE = 4 * 1024 * 1024
CARDS = {"en": "card.md", "pt-BR": "card.pt-BR.md"}
PICTURE = re.compile(r"[a-z_]{1,40}\.(en|pt-BR)\.png")


def pictures_of(manifest: Manifest, language: str) -> list[str]:
    """Return the names of the card's pictures in a language."""
    return sorted(name for name in manifest.files if name.endswith(f".{language}.png"))


def picture(storage: Client, bucket: str, manifest: Manifest, name: str) -> bytes:
    """Return a picture of a version's card, if it is the one that was signed.

    Raises
    ------
    Refused
        404 if the card has no such picture.
    Unreachable
        If it cannot be read now, or is not what was signed.
    """
    if name not in manifest.files or not PICTURE.fullmatch(name):
        raise Refused(f"The card of '{manifest.model}' has no picture '{name[:60]}'.", 404)
    return _signed(storage, bucket, manifest, name)


def card(storage: Client, bucket: str, manifest: Manifest, language: str) -> str:
    """Return the text of a version's card, Markdown, if it is the one that was signed.

    Raises
    ------
    Refused
        404 if it was published without one.
    Unreachable
        If it cannot be read now, or is not what was signed.
    """
    name = CARDS[language]
    if name not in manifest.files:
        raise Refused(f"'{manifest.model}' was published without a card.", 404)
    return _signed(storage, bucket, manifest, name).decode(errors="replace")


def _signed(storage: Client, bucket: str, manifest: Manifest, name: str) -> bytes:
    blob = storage.bucket(bucket).blob(f"models/{manifest.model}/{manifest.version}/{name}")
    try:
        content: bytes = blob.download_as_bytes(end=LARGEST_FILE, timeout=SECONDS, retry=None)
    except FAILURES as error:
        raise Unreachable(f"'{name}' cannot be read now ({type(error).__name__}).") from error
    if sha256(content) != manifest.files[name]["sha256"]:
        raise Unreachable(f"'{name}' is not the file that was signed.")
    return content


def history(storage: Client, bucket: str, model: str, current: str) -> list[dict[str, Any]]:
    """Return the newest versions of a model, as their manifests tell; nothing is verified.

    Raises
    ------
    Unreachable
        If the bucket cannot be read now.
    """
    prefix = f"models/{model}/"
    try:
        blobs = storage.list_blobs(
            bucket, prefix=prefix, match_glob=f"{prefix}*/{MANIFEST}", timeout=SECONDS, retry=None
        )
        newest = sorted(blobs, key=lambda blob: blob.time_created, reverse=True)[:SHOWN_VERSIONS]
        contents = [blob.download_as_bytes(timeout=SECONDS, retry=None) for blob in newest]
    except FAILURES as error:
        raise Unreachable(f"The bucket cannot be read now ({type(error).__name__}).") from error
    return [told for content in contents if (told := _told(content, current)) is not None]


def _told(content: bytes, current: str) -> dict[str, Any] | None:
    try:
        manifest = Manifest.parse(content)
    except ArtifactError:
        return None
    return {
        "version": manifest.version,
        "created_at": manifest.created_at,
        "current": manifest.version == current,
        "status": manifest.verdict["status"],
        "metrics": manifest.metrics["bigquery_ml"],
        "method": manifest.method["published"],
    }
