"""A report enters, is listed, is taken back: the library behind `python -m ingest`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Bucket
from requests.exceptions import RequestException

from ingest.dialect import Dialect, recognise
from ingest.errors import RecordError, UploadError, WithdrawError
from ingest.normalise import Normalised, normalise

FOLDER = "raw/vendas/"
_STORAGE_ERRORS = (GoogleAPIError, GoogleAuthError, RequestException)


@dataclass(frozen=True)
class Receipt:
    """What became of a report.

    Parameters
    ----------
    uri, object_name : str
        Where it lies.
    records, malformed : int
        Records in it; those with a wrong number of fields.
    created : bool
        False if the bucket held this very report before.
    dialect : Dialect
        What was recognised.
    """

    uri: str
    object_name: str
    records: int
    malformed: int
    created: bool
    dialect: Dialect

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Columns that the contract does not know and that were left out."""
        return self.dialect.header.ignored


def ingest(path: Path, bucket: Bucket) -> Receipt:
    """Recognise, normalise and upload a report.

    Raises
    ------
    ReportError
        If the file cannot be taken.
    UploadError
        If it cannot be written; the bucket is as it was.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
            file, normalised, dialect = _normal_form(path, Path(folder))
            created = _upload(bucket.blob(FOLDER + file.name), file)
    except OSError as error:
        raise _not_written(path, tempfile.gettempdir(), error) from error
    return _receipt(bucket, FOLDER + file.name, normalised, created, dialect)


def write_normal_form(path: Path, folder: Path) -> Path:
    """Write to `folder` the file that `ingest` would upload, and return its path.

    Raises
    ------
    ReportError
        If the report cannot be taken.
    UploadError
        If the folder cannot be written.
    """
    try:
        return _normal_form(path, folder)[0]
    except OSError as error:
        raise _not_written(path, str(folder), error) from error


def reports(bucket: Bucket) -> list[Blob]:
    """Return the reports in the bucket, oldest first.

    Raises
    ------
    UploadError
        If the bucket cannot be read.
    """
    try:
        found = [b for b in bucket.list_blobs(prefix=FOLDER) if b.name.endswith(".csv")]
    except _STORAGE_ERRORS as error:
        raise UploadError(_storage_message(bucket, error)) from error
    return sorted(found, key=lambda blob: (blob.time_created, blob.name))


def withdraw(name: str, bucket: Bucket) -> str:
    """Take a report back: delete its object; return the object's name.

    Parameters
    ----------
    name : str
        URI, object name or file name, as `list` prints them.

    Raises
    ------
    WithdrawError
        If the bucket holds no such report.
    """
    held = [blob.name for blob in reports(bucket)]
    wanted = name.removeprefix(f"gs://{bucket.name}/")
    matches = [held_name for held_name in held if wanted in (held_name, Path(held_name).name)]
    if not matches:
        there = ", ".join(Path(h).name for h in held) or "none"
        raise WithdrawError(
            f"gs://{bucket.name}/{FOLDER} holds no report '{name}'; it holds {there}. "
            "`python -m ingest list` shows them."
        )
    found: str = matches[0]
    try:
        bucket.delete_blob(found)
    except _STORAGE_ERRORS as error:
        raise UploadError(_storage_message(bucket, error)) from error
    return found


def _normal_form(path: Path, folder: Path) -> tuple[Path, Normalised, Dialect]:
    try:
        dialect = recognise(path)
    except OSError as error:
        raise RecordError(
            f"{path}: the file cannot be read: {error.strerror or error}. "
            "Check its permissions and its drive."
        ) from error
    partial = folder / "report.part"
    normalised = normalise(path, dialect, partial)
    file = folder / f"{normalised.digest[:16]}-n{normalised.records}.csv"
    return partial.replace(file), normalised, dialect


def _not_written(path: Path, folder: str, error: OSError) -> UploadError:
    return UploadError(
        f"{path}: the normalised copy cannot be written to '{folder}': "
        f"{error.strerror or error}. Free space there, or choose another folder "
        "(TMPDIR for `ingest FILE`)."
    )


def _upload(blob: Blob, source: Path) -> bool:
    try:
        blob.upload_from_filename(str(source), content_type="text/csv", if_generation_match=0)
    except PreconditionFailed:
        return False
    except _STORAGE_ERRORS as error:
        raise UploadError(_storage_message(blob.bucket, error)) from error
    return True


def _storage_message(bucket: Bucket, error: Exception) -> str:
    if isinstance(error, NotFound):
        return (
            f"The bucket gs://{bucket.name} does not exist. Make it with "
            "`python -m pipeline provision` (or Terraform), or set VENDAS_BUCKET to another."
        )
    return (
        f"Cloud Storage did not take the request for gs://{bucket.name}: {error}. On the local "
        "target start it with `make up`; on Google Cloud check credentials and the bucket's name."
    )


def _receipt(
    bucket: Bucket, name: str, normalised: Normalised, created: bool, dialect: Dialect
) -> Receipt:
    return Receipt(
        uri=f"gs://{bucket.name}/{name}",
        object_name=name,
        records=normalised.records,
        malformed=normalised.malformed,
        created=created,
        dialect=dialect,
    )
