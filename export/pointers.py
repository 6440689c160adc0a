"""The pointer of each model, `current.json`: read whole, moved by compare-and-swap."""

from __future__ import annotations

from datetime import UTC, datetime

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Bucket

from export.artifact import POINTER, SIGNATURE, Pointer, sha256
from export.bucket import CONTENT_TYPES, path_of, refusals
from export.errors import ManifestError, PointerError, PublishConflict

ROLLED_BACK = "rolled-back-from"
Content = tuple[bytes, dict[str, str] | None]


def current(bucket: Bucket, model: str) -> tuple[Pointer | None, int, str | None]:
    """Return a model's pointer, its generation and the version it was rolled back from.

    Returns
    -------
    tuple of Pointer or None, int, str or None
        The generation is 0 if there is no pointer.

    Raises
    ------
    ManifestError
        If it is not a pointer; PointerError if it is another model's.
    """
    for _ in range(5):
        with refusals(bucket, path_of(model, POINTER)):
            blob = bucket.get_blob(path_of(model, POINTER))
        if blob is None:
            return None, 0, None
        try:
            data = blob.download_as_bytes(if_generation_match=blob.generation)
        except (NotFound, PreconditionFailed):
            continue
        mark = (blob.metadata or {}).get(ROLLED_BACK)
        return _parsed(data, bucket, model), int(blob.generation), mark
    raise PublishConflict(f"The pointer of '{model}' moved each time it was read; try again.")


def move(
    bucket: Bucket,
    model: str,
    version: str,
    manifest: bytes,
    *,
    generation: int,
    rolled_back_from: str | None = None,
) -> None:
    """Point to a version, if the pointer is still the one that was read.

    `prune` removes a signature and then reads the pointer; here the pointer is moved and then
    the signature is looked for. So of the two at least one sees the other and steps back.

    Raises
    ------
    PublishConflict
        If another publisher moved it since, or the version was pruned meanwhile.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    content = Pointer(model, version, sha256(manifest), now).to_json()
    mark = {ROLLED_BACK: rolled_back_from} if rolled_back_from else None
    try:
        before = _content(bucket, model, generation)
        moved = _write(bucket, model, content, mark, generation)
        if bucket.get_blob(path_of(model, version, SIGNATURE)) is None:
            _restore(bucket, model, before, moved)
            raise PublishConflict(
                f"'{model}' {version} was pruned while it was to become current; the pointer "
                "stays where it was. Publish it again, or choose another with `list`."
            )
    except (NotFound, PreconditionFailed):
        other, _, _ = current(bucket, model)
        raise PublishConflict(
            f"Another publisher moved '{model}' to {other.version if other else 'nothing'!r} while "
            f"this one prepared {version!r}; that stays. Run it again to publish on top."
        ) from None


def _parsed(data: bytes, bucket: Bucket, model: str) -> Pointer:
    remedy = (
        f"Remove 'gs://{bucket.name}/{path_of(model, POINTER)}', then choose a version with "
        f"`python -m export rollback {model} VERSION`."
    )
    try:
        found = Pointer.parse(data)
    except ManifestError as error:
        raise ManifestError(f"{error} {remedy}") from None
    if found.model != model:
        raise PointerError(f"The pointer of '{model}' names '{found.model}'. {remedy}")
    return found


def _content(bucket: Bucket, model: str, generation: int) -> Content | None:
    if generation == 0:
        return None
    blob = bucket.blob(path_of(model, POINTER))
    with refusals(bucket, blob.name, NotFound, PreconditionFailed):
        content: bytes = blob.download_as_bytes(if_generation_match=generation)
        blob.reload(if_generation_match=generation)
    return content, blob.metadata


def _write(
    bucket: Bucket, model: str, content: bytes, metadata: dict[str, str] | None, generation: int
) -> int:
    blob = bucket.blob(path_of(model, POINTER))
    blob.cache_control = "no-store"
    if metadata:
        blob.metadata = metadata
    with refusals(bucket, blob.name, PreconditionFailed):
        blob.upload_from_string(
            content, content_type=CONTENT_TYPES["json"], if_generation_match=generation
        )
    return int(blob.generation)


def _restore(bucket: Bucket, model: str, before: Content | None, moved: int) -> None:
    if before is None:
        bucket.blob(path_of(model, POINTER)).delete(if_generation_match=moved)
    else:
        _write(bucket, model, *before, moved)
