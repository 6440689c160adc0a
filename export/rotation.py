"""Change the signing key without a version that stops loading by surprise."""

from __future__ import annotations

from dataclasses import dataclass

from cloud import Settings
from export import bucket as store
from export import pointers
from export.artifact import SIGNATURE, key_id
from export.connections import open_bucket
from export.errors import ArtifactError, KeyFileError, PublishError
from export.keys import read_private, retire, rotate, trusted_keys
from export.signature import signer


@dataclass(frozen=True)
class Retired:
    """What retiring a key means.

    Parameters
    ----------
    current : tuple of str
        Current versions that load no more, as `model version`.
    older : int
        How many versions that are not current cannot be rolled back to any more.
    unknown : str
        Why nobody could look, if so.
    """

    current: tuple[str, ...] = ()
    older: int = 0
    unknown: str = ""


def rotate_key(settings: Settings) -> tuple[str, str]:
    """Make a new signing key; the old public key stays trusted.

    Returns
    -------
    tuple of str
        The ids of the old key and of the new one.

    Raises
    ------
    KeyFileError
        If the signing key is lost, or not the one of the public keys.
    """
    return rotate(settings.signing_key_file, settings.public_key_file)


def retire_key(settings: Settings, key: str, *, force: bool = False) -> Retired:
    """Trust a key no longer.

    Parameters
    ----------
    settings : Settings
        Where the keys are, and the bucket to look for what they signed.
    key : str
        The id of a trusted key.
    force : bool
        Also if current versions are signed by it, or the bucket cannot be read: for a key
        that leaked.

    Raises
    ------
    KeyFileError
        If the key is not trusted, the only one, the one that signs, or in use.
    PublishError
        If the bucket cannot be read.
    """
    private = settings.signing_key_file
    if private.exists() and key_id(read_private(private).public_key()) == key:
        raise KeyFileError(
            f"'{key}' is the key that signs now ('{private}'). Run `python -m export rotate-key`, "
            "publish again, then retire it."
        )
    if key in trusted_keys(settings.public_key_file).keys:
        found = _signed_by(settings, key, force)
        if found.current and not force:
            raise KeyFileError(
                f"'{key}' signed current versions, which would stop loading: "
                f"{', '.join(found.current)}. Publish these models again first, or retire it with "
                "--force."
            )
    else:
        found = Retired()
    retire(settings.public_key_file, key)
    return found


def _signed_by(settings: Settings, key: str, force: bool) -> Retired:
    try:
        bucket = open_bucket(settings)
        versions = store.versions(bucket)
    except PublishError as error:
        if not force:
            raise
        return Retired(unknown=str(error))
    current, older = [], 0
    for model, names in sorted(versions.items()):
        pointer, _, _ = pointers.current(bucket, model)
        for name in names:
            if _signer(store.read_file(bucket, model, name, SIGNATURE)) != key:
                continue
            if pointer is not None and pointer.version == name:
                current.append(f"{model} {name}")
            else:
                older += 1
    return Retired(tuple(current), older)


def _signer(signature: bytes | None) -> str | None:
    try:
        return signer(signature or b"")
    except ArtifactError:
        return None
