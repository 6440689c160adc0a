"""The models' part of the bucket: immutable versions.

A version is first written as one object, `pending/<version>.zip`, which only one publisher
can create. Whoever finds it unpacks it into the version's folder, so a publisher that died
is finished by the next one with the same bytes, and two never mix their files.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud.storage import Blob, Bucket
from requests.exceptions import ConnectionError as NoConnection

from export.artifact import MANIFEST, POINTER, SIGNATURE
from export.errors import DigestError, PublishError

FOLDER = "models"
PROBE_SECONDS = 10
CONTENT_TYPES = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "png": "image/png",
}


def check(bucket: Bucket) -> None:
    """Ask whether the bucket is there, without the client's patient retries.

    Raises
    ------
    PublishError
        If it is gone, or nothing answers.
    """
    try:
        bucket.reload(timeout=PROBE_SECONDS, retry=None)
    except NotFound:
        raise PublishError(
            f"The bucket '{bucket.name}' (VENDAS_BUCKET) does not exist. `make up` or "
            "`python -m pipeline provision` makes it; on Google Cloud, Terraform does."
        ) from None
    except (NoConnection, OSError) as error:
        raise PublishError(
            f"Cloud Storage does not answer: {error}. Start the local cloud with `make up`, or set "
            "STORAGE_EMULATOR_HOST to where it is."
        ) from None


def uri(bucket: Bucket, model: str, version: str) -> str:
    """Return the address of a version's folder."""
    return f"gs://{bucket.name}/{FOLDER}/{model}/{version}/"


def read(bucket: Bucket, model: str, version: str) -> dict[str, bytes]:
    """Return the files of a version that are there, by name."""
    folder = path_of(model, version, "")
    with refusals(bucket, folder):
        names = [blob.name.removeprefix(folder) for blob in bucket.list_blobs(prefix=folder)]
    found = {name: _download(bucket, folder + name) for name in names}
    return {name: data for name, data in found.items() if data is not None}


def read_file(bucket: Bucket, model: str, version: str, name: str) -> bytes | None:
    """Return one file of a version; None if it is not there."""
    return _download(bucket, path_of(model, version, name))


def stage(bucket: Bucket, model: str, version: str, files: Mapping[str, bytes]) -> bool:
    """Write a version's files as one object; tell whether this publisher was the first."""
    return _create(bucket, _pending(model, version), _pack(files))


def staged(bucket: Bucket, model: str, version: str) -> dict[str, bytes] | None:
    """Return the files that a publisher staged and did not finish; None if there are none."""
    data = _download(bucket, _pending(model, version))
    return None if data is None else _unpack(data, _pending(model, version))


def unpack(bucket: Bucket, model: str, version: str, files: Mapping[str, bytes]) -> None:
    """Write a version's folder; what is there with the same bytes is left.

    Raises
    ------
    PublishError
        If the folder holds other bytes.
    """
    for name in _in_order(files):
        path = path_of(model, version, name)
        if not _create(bucket, path, files[name]) and _download(bucket, path) != files[name]:
            raise PublishError(
                f"'gs://{bucket.name}/{path}' holds other bytes than this version. Versions are "
                "never overwritten: remove the folder if it is not published, and run again."
            )


def unstage(bucket: Bucket, model: str, version: str) -> None:
    """Remove a staged version once its folder is complete."""
    try:
        bucket.blob(_pending(model, version)).delete()
    except NotFound:
        return


def versions(bucket: Bucket) -> dict[str, list[str]]:
    """Return the versions that have a folder, by model."""
    found: dict[str, list[str]] = {}
    for blob in blobs(bucket):
        parts = blob.name.split("/")
        if len(parts) == 4 and parts[3] == SIGNATURE:
            found.setdefault(parts[1], []).append(parts[2])
    return found


def pointed(bucket: Bucket) -> list[str]:
    """Return the models that have a pointer."""
    parts = [blob.name.split("/") for blob in blobs(bucket)]
    return sorted(names[1] for names in parts if len(names) == 3 and names[2] == POINTER)


def blobs(bucket: Bucket) -> list[Blob]:
    """Return every object of every model."""
    with refusals(bucket, FOLDER):
        return list(bucket.list_blobs(prefix=f"{FOLDER}/"))


def put_back(bucket: Bucket, model: str, version: str, name: str, content: bytes) -> None:
    """Write a file of a version that was deleted by mistake; one that is there is left."""
    _create(bucket, path_of(model, version, name), content)


def _create(bucket: Bucket, path: str, content: bytes) -> bool:
    kind = CONTENT_TYPES.get(path.rsplit(".", 1)[-1], "application/octet-stream")
    try:
        with refusals(bucket, path, PreconditionFailed):
            bucket.blob(path).upload_from_string(content, content_type=kind, if_generation_match=0)
    except PreconditionFailed:
        return False
    return True


def _download(bucket: Bucket, path: str) -> bytes | None:
    try:
        with refusals(bucket, path, NotFound):
            data: bytes = bucket.blob(path).download_as_bytes()
    except NotFound:
        return None
    return data


@contextmanager
def refusals(bucket: Bucket, path: str, *expected: type[GoogleAPICallError]) -> Iterator[None]:
    """Tell what Cloud Storage refuses in one sentence, but for the answers that are expected."""
    try:
        yield
    except expected:
        raise
    except GoogleAPICallError as error:
        raise PublishError(f"Cloud Storage refused 'gs://{bucket.name}/{path}': {error}") from error


def _in_order(files: Mapping[str, bytes]) -> list[str]:
    """Return the names with the signature last: a folder that has it is complete."""
    return sorted(files, key=lambda name: (name == SIGNATURE, name == MANIFEST))


def path_of(model: str, *names: str) -> str:
    """Return the name of an object of a model."""
    return "/".join((FOLDER, model, *names))


def _pending(model: str, version: str) -> str:
    return path_of(model, "pending", f"{version}.zip")


def _pack(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in _in_order(files):
            archive.writestr(name, files[name])
    return stream.getvalue()


def _unpack(data: bytes, path: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise DigestError(f"'{path}' is not a staged version: {error}.") from None
