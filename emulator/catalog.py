"""bqemulator's catalog for many threads.

bqemulator goes through its dictionaries on one event loop. Jobs here run in threads
(`emulator.jobs`), and one may add a table or a job while another lists them: whoever goes
through a dictionary is given what it held at that moment.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from bqemulator.catalog.memory_repository import MemoryCatalogRepository


class SharedDict(dict[Any, Any]):
    """A dictionary that threads may go through while others write."""

    def __iter__(self) -> Iterator[Any]:
        """Go through the keys as they are now."""
        return iter(self._now())

    def keys(self) -> KeysView[Any]:  # type: ignore[override]
        """Return the keys as they are now."""
        return self._now().keys()

    def items(self) -> ItemsView[Any, Any]:  # type: ignore[override]
        """Return the items as they are now."""
        return self._now().items()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Return the values as they are now."""
        return self._now().values()

    def _now(self) -> dict[Any, Any]:
        while True:
            try:
                return dict(list(super().items()))
            except RuntimeError:  # another thread wrote meanwhile
                continue


class SharedCatalog(MemoryCatalogRepository):
    """bqemulator's catalog in memory, for threads."""

    def __init__(self, engine: Any = None) -> None:
        super().__init__(engine)
        for name, value in list(vars(self).items()):
            if type(value) is dict:
                setattr(self, name, SharedDict(value))
