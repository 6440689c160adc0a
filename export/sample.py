"""A sample of rows that come in parts: the same rows whatever order they come in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

HASH = "__hash"
SLACK = 4  # a quarter more than is kept comes together before the rest is dropped


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
        self._bound = np.iinfo(np.uint64).max  # no row whose key hashes higher can be kept

    def add(self, keys: Sequence[str], rows: pd.DataFrame) -> None:
        """Offer rows, one a key."""
        hashes = pd.util.hash_array(np.array(keys, dtype=object))
        near = hashes <= self._bound
        self._parts.append(rows[near].assign(**{HASH: hashes[near]}))
        self.offered += len(rows)
        self._held += int(near.sum())
        if self._held > self.most + self.most // SLACK:
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
            self._parts.clear()
            least = np.argsort(held[HASH].to_numpy(), kind="stable")[: self.most]
            kept = held.iloc[least].reset_index(drop=True)
            self._parts, self._held = [kept], len(kept)
            if self.most and len(kept) == self.most:
                self._bound = kept[HASH].iloc[-1]
