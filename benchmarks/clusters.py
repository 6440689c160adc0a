"""KMEANS in the local cloud against scikit-learn's KMeans of the same points and iterations.

Ours is CREATE MODEL over the wire: reading the table, encoding, iterating, judging, storing.
scikit-learn's is `fit` alone, on the finished matrix, from rows of its own with one start.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import pyarrow as pa
from sklearn.cluster import KMeans

from benchmarks.local_cloud import DATASET, emulator, load
from benchmarks.training import CATEGORIES, NUMBERS, make_table, memory_of, peak_from_now
from cloud import bigquery_client

CLUSTERS, ITERATIONS = 5, 20
MOST_RATIO = 1.5


def points(table: pa.Table) -> np.ndarray:
    """Return standardised numbers and one-hot categories, of shape (rows, coordinates)."""
    numbers = np.stack([table[name].to_numpy().astype(float) for name in NUMBERS], axis=1)
    columns = [(numbers - numbers.mean(axis=0)) / numbers.std(axis=0, ddof=1)]
    for name in CATEGORIES:
        codes = table[name].combine_chunks().dictionary_encode()
        columns.append(np.eye(len(codes.dictionary))[codes.indices.to_numpy()])
    return np.hstack(columns)


def fit_rival(matrix: np.ndarray) -> float:
    """Return the seconds of scikit-learn's fit."""
    model = KMeans(CLUSTERS, init="random", n_init=1, max_iter=ITERATIONS, tol=0, random_state=1)
    started = time.perf_counter()
    model.fit(matrix)
    return time.perf_counter() - started


def main(arguments: list[str] | None = None) -> int:
    """Print the ratio; 1 if it is above its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args(arguments)
    table = make_table(asked.rows)
    statement = (
        f"create or replace model {DATASET}.clusters options(model_type = 'kmeans', "
        f"num_clusters = {CLUSTERS}, max_iterations = {ITERATIONS}, early_stop = false) as "
        f"select {', '.join([*NUMBERS, *CATEGORIES])} from {DATASET}.sales_{asked.rows}"
    )
    with emulator() as (settings, process):
        client = bigquery_client(settings)
        client.create_dataset(DATASET)
        load(client, table)
        before = memory_of(process, "VmRSS")
        peak_from_now(process)
        ours = []
        for _ in range(asked.repeats):
            started = time.perf_counter()
            client.query(statement).result()
            ours.append(time.perf_counter() - started)
        peak = memory_of(process, "VmHWM") - before
    matrix = points(table)
    rival = min(fit_rival(matrix) for _ in range(asked.repeats))
    ratio = min(ours) / rival
    held = ratio <= MOST_RATIO
    print(
        f"k-means of {asked.rows:,} rows, {ITERATIONS} iterations: {min(ours):.2f} s, scikit-learn "
        f"{rival:.2f} s, {ratio:.2f} x (at most {MOST_RATIO}), peak {peak:.0f} MiB: "
        f"{'holds' if held else 'BROKEN'}"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
