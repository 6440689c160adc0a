"""Where a wrong file comes from: looked for among all published versions once one is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from google.cloud.storage import Bucket

from export import bucket as store
from export.artifact import MANIFEST, Manifest
from export.errors import ArtifactError, DigestError, SwappedFileError
from export.manifest import sha256


def trace(bucket: Bucket, files: Mapping[str, bytes], error: DigestError) -> DigestError:
    """Return the error, or one that names the version that the wrong file belongs to.

    Parameters
    ----------
    bucket : Bucket
        Where all versions are.
    files : mapping of str to bytes
        A version's files.
    error : DigestError
        What is wrong with one of them.
    """
    try:
        own = Manifest.parse(files.get(MANIFEST, b""))
    except ArtifactError:
        return error
    digests = {name: sha256(files[name]) for name in own.files if name in files}
    wrong = {digest: n for n, digest in digests.items() if digest != own.files[n]["sha256"]}
    for manifest in _manifests(bucket):
        for name, facts in manifest.files.items():
            if facts["sha256"] in wrong:
                return SwappedFileError(
                    f"'{own.model}/{own.version}/{wrong[facts['sha256']]}' is the {name} of "
                    f"'{manifest.model}' {manifest.version}. {error}"
                )
    return error


def _manifests(bucket: Bucket) -> Iterator[Manifest]:
    for model, versions in sorted(store.versions(bucket).items()):
        for version in versions:
            content = store.read_file(bucket, model, version, MANIFEST)
            try:
                yield Manifest.parse(content or b"")
            except ArtifactError:
                continue
