"""A sample of rows that come in parts: the same rows whatever order they come in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

HASH = "__hash"


class Sample:
    """Keeps the rows whose keys hash least, so that memory does not grow with what comes.

    Parameters
    ----------
    most : int
        How many rows are kept at most.
    """

    def __init__(self, most: int) -> None:
        self.most, self.offered = most, 0
        self._parts: list[pd.DataFrame] = []
        self._held = 0

    def add(self, keys: Sequence[str], rows: pd.DataFrame) -> None:
        """Offer rows, one a key."""
        hashes = pd.util.hash_array(np.array(keys, dtype=object))
        self._parts.append(rows.assign(**{HASH: hashes}))
        self.offered += len(rows)
        self._held += len(rows)
        if self._held > 2 * self.most:
            self._shrink()

    def rows(self) -> pd.DataFrame:
        """Return the rows kept, in the order of their keys' hashes."""
        self._shrink()
        if not self._parts:
            return pd.DataFrame()
        return self._parts[0].drop(columns=HASH).reset_index(drop=True)

    def _shrink(self) -> None:
        if self._parts:
            held = pd.concat(self._parts, ignore_index=True)
            kept = held.sort_values(HASH, kind="stable").head(self.most)
            self._parts, self._held = [kept.reset_index(drop=True)], len(kept)
