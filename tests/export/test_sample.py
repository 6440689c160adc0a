"""A bounded sample of rows that come in parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from export.sample import Sample

KEYS = [f"s{number}" for number in range(1_000)]


def offered(order: np.ndarray, size: int, most: int = 50) -> Sample:
    sample = Sample(most)
    for start in range(0, len(order), size):
        part = order[start : start + size]
        sample.add([KEYS[n] for n in part], pd.DataFrame({"number": part}))
    return sample


@pytest.mark.parametrize("size", [1, 7, 60, 1_000])
def test_keeps_the_same_rows_in_whatever_order_and_parts_they_come(size: int) -> None:
    hashes = pd.util.hash_array(np.array(KEYS, dtype=object))
    least = np.argsort(hashes)[:50]
    shuffled = np.random.default_rng(3).permutation(len(KEYS))

    for order in (np.arange(len(KEYS)), shuffled, np.argsort(hashes), np.argsort(hashes)[::-1]):
        sample = offered(order, size)
        assert sample.rows()["number"].tolist() == least.tolist()
        assert sample.offered == len(KEYS)


def test_keeps_all_of_fewer_rows_than_it_may() -> None:
    assert sorted(offered(np.arange(40), 7).rows()["number"]) == list(range(40))
    assert Sample(5).rows().empty
