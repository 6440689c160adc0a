"""Where models lie, read-only: the models' part of the bucket, or a folder that holds one.

Every call is short and is not retried here: the registry comes back in a moment anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Client
from requests.exceptions import RequestException

from api.errors import LoadError, PointerMoved, StorageError
from export.artifact import MANIFEST, POINTER, SERVED, Manifest, Pointer, sha256

SECONDS = 10
LARGEST_FILE = 256 * 1024 * 1024
PATTERN = f"models/*/{POINTER}"
POINTER_NAME = re.compile(rf"models/([A-Za-z0-9_]+)/{re.escape(POINTER)}")
VERSION = re.compile(r"[0-9a-f]{16}")
FAILURES = (GoogleAPICallError, GoogleAuthError, RequestException, OSError)


@dataclass(frozen=True)
class Published:
    """A pointer and the files it names.

    Parameters
    ----------
    pointer : Pointer
        What `current.json` says.
    files : dict of str to bytes
        Content by name; a file that is missing is left out.
    """

    pointer: Pointer
    files: dict[str, bytes]


def list_pointers(client: Client, bucket: str) -> dict[str, int]:
    """Return the generation of each model's pointer.

    Raises
    ------
    StorageError
        If the bucket cannot be read.
    """
    try:
        blobs = client.list_blobs(
            bucket, prefix="models/", match_glob=PATTERN, timeout=SECONDS, retry=None
        )
        named = ((POINTER_NAME.fullmatch(blob.name), blob.generation) for blob in blobs)
        return {found[1]: int(generation) for found, generation in named if found}
    except FAILURES as error:
        raise StorageError(
            f"The bucket '{bucket}' cannot be read ({type(error).__name__}). What is loaded stays "
            "in service; the API tries again by itself."
        ) from error


def read_pointer(client: Client, bucket: str, model: str, generation: int) -> Pointer:
    """Read a model's pointer as it was listed.

    Raises
    ------
    StorageError
        If it cannot be read; PointerMoved if it has moved since.
    LoadError
        If it names another model, or no version.
    ArtifactError
        If it is not a pointer.
    """
    blob = client.bucket(bucket).blob(f"models/{model}/{POINTER}")
    try:
        data = blob.download_as_bytes(if_generation_match=generation, timeout=SECONDS, retry=None)
    except (NotFound, PreconditionFailed) as error:
        raise PointerMoved(f"The pointer of '{model}' moved while it was read.") from error
    except FAILURES as error:
        raise _unreadable(blob.name, error) from error
    pointer = Pointer.parse(data)
    if pointer.model != model or not VERSION.fullmatch(pointer.version):
        raise LoadError(
            f"The pointer of '{model}' names '{pointer.model}' {pointer.version!r:.40}; expected "
            f"'{model}' and a version of 16 hex digits."
        )
    return pointer


def read_files(client: Client, bucket: str, pointer: Pointer) -> dict[str, bytes]:
    """Return the files of a version that are served from, as far as they are there.

    Raises
    ------
    StorageError
        If one cannot be read.
    LoadError
        If one is too large to be a model.
    """
    folder = f"models/{pointer.model}/{pointer.version}"
    found = {name: _read(client, bucket, f"{folder}/{name}") for name in SERVED}
    return {name: data for name, data in found.items() if data is not None}


def _read(client: Client, bucket: str, path: str) -> bytes | None:
    try:
        blob: Blob | None = client.bucket(bucket).get_blob(path, timeout=SECONDS, retry=None)
        if blob is None:
            return None
        if (blob.size or 0) > LARGEST_FILE:
            raise LoadError(f"'{path}' has {blob.size} bytes; at most {LARGEST_FILE} are read.")
        data: bytes = blob.download_as_bytes(timeout=SECONDS, retry=None)
        return data
    except NotFound:
        return None
    except FAILURES as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: Exception) -> StorageError:
    return StorageError(f"'{path}' cannot be read now ({type(error).__name__}).")


class Pointed:
    """Models in a bucket, each with a pointer to its current version.

    Parameters
    ----------
    bucket : str
        Its name.
    """

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def models(self, client: Client) -> dict[str, int]:
        """Return the generation of each model's pointer; see `list_pointers`."""
        return list_pointers(client, self._bucket)

    def pointer(self, client: Client, model: str, generation: int) -> Pointer:
        """Return a model's pointer as it was listed; see `read_pointer`."""
        return read_pointer(client, self._bucket, model, generation)

    def files(self, client: Client, pointer: Pointer) -> dict[str, bytes]:
        """Return a version's files; see `read_files`."""
        return read_files(client, self._bucket, pointer)


class Folder:
    """One version in a folder, as Vertex AI hands it to a container (`AIP_STORAGE_URI`).

    There is no pointer: the manifest says which model and version it is, and its signature that
    this is so.

    Parameters
    ----------
    uri : str
        `gs://bucket/folder`.
    """

    def __init__(self, uri: str) -> None:
        self._bucket, _, folder = uri.removeprefix("gs://").partition("/")
        self._folder = folder.strip("/")

    def models(self, client: Client) -> dict[str, int]:
        """Return the model and its manifest's generation; nothing if there is no manifest.

        Raises
        ------
        StorageError
            If the folder cannot be read.
        LoadError, ArtifactError
            If what it holds is no manifest.
        """
        blob = self._manifest(client)
        if blob is None:
            return {}
        return {self._read(client).model: int(blob.generation)}

    def pointer(self, client: Client, model: str, generation: int) -> Pointer:
        """Return what a pointer to the version would say."""
        blob = self._manifest(client)
        if blob is None or int(blob.generation) != generation:
            raise PointerMoved(f"The manifest of '{model}' changed while it was read.")
        manifest = self._read(client)
        content = _read(client, self._bucket, f"{self._folder}/{MANIFEST}") or b""
        updated = blob.updated.strftime("%Y-%m-%dT%H:%M:%SZ")
        return Pointer(manifest.model, manifest.version, sha256(content), updated)

    def files(self, client: Client, pointer: Pointer) -> dict[str, bytes]:
        """Return the version's files as far as they are there."""
        found = {name: _read(client, self._bucket, f"{self._folder}/{name}") for name in SERVED}
        return {name: data for name, data in found.items() if data is not None}

    def _manifest(self, client: Client) -> Blob | None:
        path = f"{self._folder}/{MANIFEST}"
        try:
            return client.bucket(self._bucket).get_blob(path, timeout=SECONDS, retry=None)
        except NotFound:
            return None
        except FAILURES as error:
            raise _unreadable(path, error) from error

    def _read(self, client: Client) -> Manifest:
        return Manifest.parse(_read(client, self._bucket, f"{self._folder}/{MANIFEST}") or b"")
