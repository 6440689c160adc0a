"""CREATE MODEL in the local cloud against scikit-learn's fit of the same pipeline.

Both read the same rows in the same run: the emulator over HTTP from its table, training,
judging and storing the model; scikit-learn from the Arrow table in memory, `fit` alone.
Memory is the emulator process's peak above what it held before the statement.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from google.cloud import bigquery
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.local_cloud import DATASET, emulator, load
from cloud import bigquery_client

NUMBERS = ["year", "engine_size_l", "mileage_km"]
CATEGORIES = ["model", "region", "color", "fuel_type", "transmission"]
MOST_RATIO = 1.5
MOST_GROWTH_MIB = 300.0


@dataclass(frozen=True)
class Task:
    """One model to train on both sides."""

    name: str
    model_type: str
    label: str
    estimator: Any


TASKS = (
    Task("linear", "LINEAR_REG", "price_usd", LinearRegression()),
    Task("logistic", "LOGISTIC_REG", "is_high", LogisticRegression(C=np.inf, max_iter=200)),
)


@dataclass(frozen=True)
class Measure:
    """Seconds and MiB of one training in the local cloud, and scikit-learn's seconds."""

    ours: float
    rival: float
    peak_mib: float


def make_table(rows: int) -> pa.Table:
    """Return sales with structure: price from age, mileage and engine; a class from price."""
    random = np.random.default_rng(7)

    def pick(values: list[str]) -> pa.Array:
        return pa.array(values).take(pa.array(random.integers(0, len(values), rows)))

    year = random.integers(2010, 2025, rows)
    engine = random.uniform(1.5, 5.0, rows).round(1)
    mileage = random.integers(0, 200_000, rows)
    price = 30_000 + 1_500.0 * (year - 2010) - 0.08 * mileage + 4_000 * engine
    price += random.normal(0, 3_000, rows)
    odds = 2 * (price - price.mean()) / price.std()
    return pa.table(
        {
            "model": pick([f"Model {number}" for number in range(11)]),
            "year": year,
            "region": pick(["Africa", "Asia", "Europe", "Middle East", "North", "South"]),
            "color": pick(["Black", "Blue", "Grey", "Red", "Silver", "White"]),
            "fuel_type": pick(["Diesel", "Electric", "Hybrid", "Petrol"]),
            "transmission": pick(["Automatic", "Manual"]),
            "engine_size_l": engine,
            "mileage_km": mileage,
            "price_usd": price,
            "is_high": random.random(rows) < 1 / (1 + np.exp(-odds)),
        }
    )


def fit_rival(table: pa.Table, task: Task) -> float:
    """Return the seconds that scikit-learn's `fit` takes on the Arrow table."""
    started = time.perf_counter()
    columns = make_column_transformer(
        (StandardScaler(), NUMBERS), (OneHotEncoder(handle_unknown="ignore"), CATEGORIES)
    )
    frame = table.select([*NUMBERS, *CATEGORIES]).to_pandas()
    make_pipeline(columns, task.estimator).fit(frame, table[task.label].to_numpy())
    return time.perf_counter() - started


def train_ours(client: bigquery.Client, task: Task, rows: int, process: int) -> tuple[float, float]:
    """Return seconds and peak MiB of CREATE MODEL over the wire."""
    before = memory_of(process, "VmRSS")
    peak_from_now(process)
    started = time.perf_counter()
    client.query(
        f"create or replace model {DATASET}.{task.name} options(model_type = '{task.model_type}', "
        f"input_label_cols = ['{task.label}'], data_split_method = 'NO_SPLIT') as "
        f"select {', '.join([*NUMBERS, *CATEGORIES, task.label])} from {DATASET}.sales_{rows}"
    ).result()
    return time.perf_counter() - started, memory_of(process, "VmHWM") - before


def peak_from_now(process: int) -> None:
    """Let the peak of a process start anew."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def memory_of(process: int, field: str) -> float:
    """Return a size of a process's status, such as "VmRSS", in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def measure(sizes: tuple[int, ...], repeats: int) -> dict[tuple[str, int], Measure]:
    """Train every task on every size; the best of several runs on each side."""
    found = {}
    with emulator() as (settings, process):
        client = bigquery_client(settings)
        client.create_dataset(DATASET)
        for rows in sizes:
            table = make_table(rows)
            load(client, table)
            for task in TASKS:
                runs = [train_ours(client, task, rows, process) for _ in range(repeats)]
                rival = min(fit_rival(table, task) for _ in range(repeats))
                found[task.name, rows] = Measure(
                    min(seconds for seconds, _ in runs), rival, max(mib for _, mib in runs)
                )
    return found


def report(found: dict[tuple[str, int], Measure], sizes: tuple[int, ...]) -> bool:
    """Print the ratios; return whether each is within its bound."""
    print(f"{'model':9} {'rows':>9} {'ours s':>7} {'sklearn s':>9} {'ratio':>6} {'peak MiB':>9}")
    for (name, rows), one in found.items():
        ratio = one.ours / one.rival
        print(
            f"{name:9} {rows:9,} {one.ours:7.2f} {one.rival:9.2f} {ratio:6.2f} {one.peak_mib:9.0f}"
        )
    held = True
    small, large = min(sizes), max(sizes)
    for task in TASKS:
        most = found[task.name, large]
        growth = most.peak_mib - found[task.name, small].peak_mib
        ratio = most.ours / most.rival
        within = ratio <= MOST_RATIO and growth < MOST_GROWTH_MIB
        held = held and within
        print(
            f"{task.name}: {ratio:.2f} x scikit-learn (at most {MOST_RATIO}), memory grows "
            f"{growth:.0f} MiB (under {MOST_GROWTH_MIB:.0f}): {'holds' if within else 'BROKEN'}"
        )
    return held


def main(given: list[str] | None = None) -> int:
    """Run and print; exit code 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args(given)
    sizes = tuple(arguments.rows)
    return 0 if report(measure(sizes, arguments.repeats), sizes) else 1


if __name__ == "__main__":
    sys.exit(main())
