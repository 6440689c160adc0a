"""Keeps trained models as one JSON file each: JSON holds float64 exactly and runs no code.

A file is written whole beside its place and then moved there, so a reader sees the old
model until the new one is complete, and a training that dies leaves nothing. A model lives
as long as its dataset: one that was made anew does not inherit its forerunner's models. What
another version of this engine wrote counts as missing: it has to be trained again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bqemulator.api.dependencies import AppContext
from bqemulator.domain.errors import InternalError

from emulator.ml.errors import ModelNotFound
from emulator.ml.model import (
    SCHEMA_VERSION,
    Model,
    ModelName,
    model_from_json,
    model_to_json,
)

_changes = threading.RLock()
_cache: dict[Path, tuple[tuple[int, int], Model]] = {}
_CACHED = 64


class ModelStore:
    """The models of one emulator.

    Parameters
    ----------
    directory : pathlib.Path
        Where model files live: `<project>/<dataset>/<model>.<hash>.json`.
    dataset_created : callable
        (project, dataset) to milliseconds since the epoch, None if there is no such dataset.
    """

    def __init__(self, directory: Path, dataset_created: Callable[[str, str], int | None]) -> None:
        self._directory = directory
        self._dataset_created = dataset_created

    def find(self, name: ModelName) -> Model | None:
        """Return a model, or None if there is none (any more)."""
        return self._living(self._path(name))

    def get(self, name: ModelName) -> Model:
        """Return a model.

        Raises
        ------
        ModelNotFound
            If there is none of that name.
        """
        model = self.find(name)
        if model is None:
            raise ModelNotFound(name.project, name.dataset, name.model)
        return model

    def list(self, project: str, dataset: str) -> list[Model]:
        """Return a dataset's models by name."""
        folder = self._directory / project / dataset
        found = (self._living(path) for path in sorted(folder.glob("*.json")))
        return sorted((one for one in found if one), key=lambda model: model.name.model)

    def save(self, model: Model) -> None:
        """Put a model in its place, whole or not at all."""
        path = self._path(model.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp")
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                json.dump(model_to_json(model), file)
                file.flush()
                os.fsync(file.fileno())
            with _changes:
                os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    def change(self, name: ModelName, edit: Callable[[Model], Model]) -> Model:
        """Replace a model by what `edit` makes of it; nobody else changes it meanwhile."""
        with _changes:
            model = edit(self.get(name))
            self.save(model)
        return model

    def delete(self, name: ModelName) -> None:
        """Delete a model.

        Raises
        ------
        ModelNotFound
            If there is none of that name.
        """
        with _changes:
            self.get(name)
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: ModelName) -> Path:
        # A name may have 1,024 characters and differ from another in case alone.
        digest = hashlib.sha256(name.model.encode()).hexdigest()[:16]
        return self._directory / name.project / name.dataset / f"{name.model[:80]}.{digest}.json"

    def _living(self, path: Path) -> Model | None:
        model = _read(path)
        if model is None:
            return None
        born = self._dataset_created(model.name.project, model.name.dataset)
        expires = model.metadata.expires
        gone = born is None or born > model.metadata.created
        if gone or (expires is not None and expires <= time.time() * 1000):
            path.unlink(missing_ok=True)
            return None
        return model


def store_of(context: AppContext) -> ModelStore:
    """Return the store of the emulator that `context` belongs to."""
    data_dir = context.settings.data_dir
    if data_dir is None:
        raise InternalError("The emulator runs without a data directory.")

    def created(project: str, dataset: str) -> int | None:
        meta = context.catalog.get_dataset(project, dataset)
        return None if meta is None else int(meta.creation_time.timestamp() * 1000)

    return ModelStore(data_dir / "models", created)


def _read(path: Path) -> Model | None:
    try:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        known = _cache.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("schema_version") != SCHEMA_VERSION:
            return None
        model = model_from_json(data)
    except FileNotFoundError:
        _cache.pop(path, None)
        return None
    while len(_cache) >= _CACHED:
        _cache.pop(next(iter(_cache)), None)
    _cache[path] = (stamp, model)
    return model
