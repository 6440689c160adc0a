"""A version's folder: written once, whole, by whoever gets there first.

The files go to the bucket as one staged object before the folder is written, so a publisher
that died is finished by the next one with the same bytes, and two never mix theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.cloud.storage import Bucket

from export import bucket as store
from export.artifact import SIGNATURE, TrustedKeys, load
from export.contest import Contestant
from export.errors import ArtifactError, PublishError

Files = dict[str, bytes]


@dataclass(frozen=True)
class Folder:
    """Where one version lies, and who may have signed it."""

    bucket: Bucket
    keys: TrustedKeys
    model: str
    version: str

    @property
    def uri(self) -> str:
        """Its address."""
        return store.uri(self.bucket, self.model, self.version)

    def complete(self) -> Files | None:
        """Return its files if all are there and true; None if one is missing.

        Raises
        ------
        PublishError
            If they are not what was signed.
        """
        files = store.read(self.bucket, self.model, self.version)
        if SIGNATURE not in files:
            return None
        self.opened(files)
        return files

    def opened(self, files: Files) -> Contestant:
        """Verify files as this version's and open them.

        Raises
        ------
        PublishError
            If they are not what was signed; it says what to do.
        """
        try:
            return Contestant(*load(files, self.keys, model=self.model, version=self.version))
        except ArtifactError as error:
            raise PublishError(
                f"{error} Versions are never overwritten: remove '{self.uri}', then publish "
                f"'{self.model}' again; `rollback` serves another version meanwhile."
            ) from error

    def settle(self, make: Callable[[], Files]) -> Files:
        """Write the folder: with a dead publisher's files if there are any, else with new ones.

        Parameters
        ----------
        make : callable
            Makes the files; called only if nobody staged any.

        Returns
        -------
        dict of str to bytes
            What lies there now; another publisher's, if that one was first.
        """
        files = self._left_behind()
        if files is None:
            files = self._agreed(make())
        self.opened(files)
        store.unpack(self.bucket, self.model, self.version, files)
        return files

    def tidy(self) -> None:
        """Remove what was staged, once the folder is complete."""
        store.unstage(self.bucket, self.model, self.version)

    def _left_behind(self) -> Files | None:
        """Return what a publisher staged before it died; what does not verify is removed."""
        try:
            files = store.staged(self.bucket, self.model, self.version)
            if files is not None:
                load(files, self.keys, model=self.model, version=self.version)
        except ArtifactError:
            self.tidy()
            return None
        return None if files is None else self._written() or files

    def _agreed(self, files: Files) -> Files:
        """Stage files; return another publisher's if that one was first."""
        others = None
        if not store.stage(self.bucket, self.model, self.version, files):
            others = store.staged(self.bucket, self.model, self.version)
        return self._written() or others or files

    def _written(self) -> Files | None:
        """Return the folder if it is whole; asked after the stage, it counts for more.

        A stage goes once its folder is whole. So whoever stages after that, and whoever finds
        that stage, has other bytes than the folder and finds the folder whole.
        """
        files = store.read(self.bucket, self.model, self.version)
        return files if SIGNATURE in files else None
