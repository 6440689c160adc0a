"""Which models are served: follows the pointers in the bucket.

A thread looks at the pointers. A version that a pointer names newly is verified, opened and
warmed beside the one in service, then takes its place in one assignment; who answers keeps what it
took at its start. What cannot be loaded changes nothing and is tried again, less and less
often. A pointer that is gone withdraws its model; a bucket that is gone withdraws nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from google.cloud.storage import Client

from api.artifacts.bucket import Folder, Pointed
from api.artifacts.kept import KeptPipeline
from api.artifacts.loader import Verified, has_trees, open_versions, verify_version
from api.artifacts.opener import Opener
from api.artifacts.served import Served
from api.artifacts.state import Failure, State
from api.errors import ApiError, PointerMoved
from api.settings import Settings
from export.artifact import ArtifactError

LONGEST_PAUSE = 60.0
AT_ONCE = 4
logger = logging.getLogger("api")


class Registry:
    """The models in service.

    Parameters
    ----------
    settings : Settings
        Bucket, key and pace.
    connect : callable
        Makes the storage client; called again until it succeeds.
    warm : callable
        Called with each version before it takes its place; one that it refuses does not.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Client],
        warm: Callable[[Served], None],
    ) -> None:
        self.state = State({}, {})
        self.swaps: dict[str, int] = {}
        self._settings = settings
        folder = settings.storage_uri
        self._source = Folder(folder) if folder else Pointed(settings.cloud.bucket)
        self._connect, self._warm = connect, warm
        self._client: Client | None = None
        self._generations: dict[str, int] = {}
        self._lock = threading.Lock()
        self._opener = Opener(settings.load_seconds)
        self._pipelines: set[KeptPipeline] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="pointers", daemon=True)

    def start(self) -> None:
        """Begin to follow the pointers."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following; a version that is being opened is not waited for."""
        self._stopping.set()
        self._thread.join(timeout=2)
        self._opener.end()
        for pipeline in self._pipelines:
            pipeline.end()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                self._refresh()
            except Exception:
                logger.exception("The pointers could not be followed; trying again.")
            self._stopping.wait(self._settings.reload_seconds)

    def _refresh(self) -> None:
        """Look at the pointers once, and load what is new."""
        try:
            client = self._client = self._client or self._connect()
            pointers = self._source.models(client)
        except Exception as error:
            self._tell_storage_problem(error)
            return
        self._withdraw(pointers)
        due = [entry for entry in pointers.items() if self._is_due(*entry)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(lambda entry: self._fetch(client, *entry), due))
        versions = [version for version in found if version is not None]
        versions.sort(key=has_trees)  # the others open while what trees need is imported
        for at in range(0, len(versions), AT_ONCE):
            some = versions[at : at + AT_ONCE]
            for version, outcome in zip(some, open_versions(some, self._opener), strict=True):
                self._take(version, outcome, pointers[version.pointer.model])
        self._rest()
        self._change(lambda state: replace(state, storage_problem=None, listed=True))

    def _rest(self) -> None:
        """Let go of processes that nobody needs."""
        self._opener.rest()
        state = self.state
        serving = [one for model in state.models for one in state.versions(model)]
        for pipeline in self._pipelines - {one.pipeline for one in serving}:
            pipeline.end()
        self._pipelines = {one.pipeline for one in serving if one.pipeline is not None}
        answering = {one.pipeline for one in state.models.values()}
        for pipeline in self._pipelines:
            if not (pipeline.answers and pipeline in answering):
                pipeline.rest()

    def _tell_storage_problem(self, error: Exception) -> None:
        problem = (
            str(error)
            if isinstance(error, ApiError | ArtifactError)
            else f"Cloud Storage cannot be used: {type(error).__name__}: {error}"
        )
        if self.state.storage_problem != problem:
            logger.warning("%s", problem)
        self._change(lambda state: replace(state, storage_problem=problem))

    def _withdraw(self, pointers: Mapping[str, int]) -> None:
        gone = {*self.state.models, *self.state.failures} - pointers.keys()
        for model in gone:
            logger.warning("'%s' is withdrawn: its pointer is gone.", model)
            self._generations.pop(model, None)
        self._change(lambda state: state.without(gone))

    def _is_due(self, model: str, generation: int) -> bool:
        failure = self.state.failures.get(model)
        if failure is not None and failure.generation == generation:
            return time.monotonic() >= failure.retry_at
        return self._generations.get(model) != generation

    def _fetch(self, client: Client, model: str, generation: int) -> Verified | None:
        """Read and verify what a pointer names; a failure is noted."""
        version = None
        try:
            pointer = self._source.pointer(client, model, generation)
            version = pointer.version
            files = self._source.files(client, pointer)
            return verify_version(files, pointer, self._settings.cloud)
        except PointerMoved:
            return None
        except Exception as error:
            self._fail(model, version, generation, error)
            return None

    def _take(self, version: Verified, outcome: Served | Exception, generation: int) -> None:
        model = version.manifest.model
        if not isinstance(outcome, Exception):
            outcome = self._warmed(outcome)
        if isinstance(outcome, Exception):
            self._fail(model, version.manifest.version, generation, outcome)
            return
        self._generations[model] = generation
        keep = self._settings.kept_versions
        self._change(lambda state: state.serving(outcome, keep=keep))
        self.swaps[model] = self.swaps.get(model, 0) + 1
        logger.info("'%s' %s is in service.", model, version.manifest.version)

    def _warmed(self, served: Served) -> Served | Exception:
        """Return a version that every door answers for; else what one of them says."""
        try:
            self._warm(served)
        except Exception as error:
            if served.pipeline is not None:
                served.pipeline.end()
            return error
        return served

    def _fail(self, model: str, version: str | None, generation: int, error: Exception) -> None:
        known = isinstance(error, ApiError | ArtifactError)
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        last = self.state.failures.get(model)
        again = last if last is not None and last.generation == generation else None
        attempts = again.attempts + 1 if again else 1
        pause = min(LONGEST_PAUSE, self._settings.reload_seconds * 2**attempts)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        since = again.since if again else now
        retry_at = time.monotonic() + pause
        failure = Failure(model, version, reason, since, generation, attempts, retry_at)
        if again is None or again.reason != reason:
            kept = self.state.models.get(model)
            stays = f"{kept.manifest.version} stays in service." if kept else "It is not served."
            logger.warning(
                "'%s' %s: %s %s", model, version, reason, stays, exc_info=None if known else error
            )
        self._change(lambda state: state.failing(failure))

    def _change(self, change: Callable[[State], State]) -> None:
        with self._lock:
            self.state = change(self.state)
