"""Hashes of rows by content, the same on every machine and run: they order and split rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

from emulator.ml.data.arrays import Ragged
from emulator.ml.data.columns import Codes, Floats

Hashes = npt.NDArray[np.uint64]

_NULL_HASH = np.uint64(0x9E3779B97F4A7C15)


def hash_rows(data: Any) -> Hashes:
    """Return one 64-bit hash a row of what a collector finished with."""
    if isinstance(data, tuple):
        return hash_codes(*data)
    if isinstance(data, Ragged):
        return _hash_runs(hash_codes(data.values, data.codes), data.offsets)
    if issparse(data):
        cells = mix(hash_numbers(data.data), data.indices.astype(np.uint64))
        return _hash_runs(cells, data.indptr)
    if data.ndim == 1:
        return hash_numbers(data)
    state = np.zeros(len(data), dtype=np.uint64)
    for column in data.T:
        state = mix(state, hash_numbers(np.ascontiguousarray(column)))
    return state


def _hash_runs(elements: Hashes, offsets: npt.NDArray[np.int64]) -> Hashes:
    """Return a hash a row of its elements, in any order."""
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(elements, dtype=np.uint64)])
    return mix(sums[offsets[1:]] - sums[offsets[:-1]], np.diff(offsets).astype(np.uint64))


def hash_numbers(values: Floats) -> Hashes:
    """Return one 64-bit hash a row of a number column; equal numbers hash equal."""
    bits = (values + 0.0).view(np.uint64)
    return np.where(np.isnan(values), _NULL_HASH, bits)


def hash_codes(values: Sequence[Any], codes: Codes) -> Hashes:
    """Return one 64-bit hash a row of a category column, from the values, not the codes."""
    table = np.empty(len(values) + 1, dtype=np.uint64)
    table[0] = _NULL_HASH
    for position, value in enumerate(values, start=1):
        table[position] = hash_text(str(value))
    return table[codes]


def hash_text(text: str) -> np.uint64:
    """Return a 64-bit hash of a text that is the same on every machine and run."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def mix(state: Hashes, value: Hashes) -> Hashes:
    """Return the running hash of rows with one more column mixed in (SplitMix64's finaliser)."""
    state = (state ^ value) + _NULL_HASH
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
