"""Training of boosted trees against XGBoost's own `train` on the same matrix.

Both get the encoded matrix in memory, build what XGBoost needs of it, and grow 20 rounds with
the same parameters, with the training loss of every round. The rival of the exact library
(`--exact`) is the same C functions called bare, without losses: its Python package knows no
NumPy 2. Memory is the process's peak above what it held before, the matrix not counted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import xgboost

from benchmarks.training import CATEGORIES, NUMBERS, make_table
from emulator.ml.trees import BOOSTED_TREE, Rows, encodings, exact, train
from emulator.ml.trees.capi import Booster, Matrix, load
from emulator.ml.trees.settings import parameters

MOST_RATIO = 1.3
ROUNDS = 20
EVERY_ROUND = replace(BOOSTED_TREE, early_stop=False, max_iterations=ROUNDS)


def make_rows(count: int) -> Rows:
    """Return sales, label-encoded, with their prices."""
    table = make_table(count)
    columns = [table[name].to_numpy().astype(np.float32) for name in NUMBERS]
    for name in CATEGORIES:
        values, places = np.unique(table[name].to_numpy(), return_inverse=True)
        columns.append(encodings.label_encoded(places, len(values)))
    label = table["price_usd"].to_numpy().astype(np.float32)
    return Rows(np.stack(columns, axis=1), label)


def train_ours(rows: Rows) -> None:
    """Train as CREATE MODEL does."""
    train(rows, EVERY_ROUND)


def train_xgboost(rows: Rows) -> None:
    """Train as XGBoost's documentation shows."""
    chosen = parameters(EVERY_ROUND, 0, xgboost.__version__, len(rows.label))
    matrix = xgboost.DMatrix(rows.matrix, rows.label)
    xgboost.train(chosen, matrix, ROUNDS, evals=[(matrix, "train")], verbose_eval=False)


def train_bare(rows: Rows) -> None:
    """Train with nothing but the C functions of 0.90."""
    library = load(Path(exact.installed("0.90") or ""), "0.90")
    booster = Booster(library, [Matrix(library, rows.matrix, rows.label)])
    for name, value in parameters(EVERY_ROUND, 0, "0.90", len(rows.label)).items():
        booster.set(name, value)
    for number in range(ROUNDS):
        booster.update(number)


def measure(work: Callable[[Rows], None], rows: Rows) -> tuple[float, float]:
    """Return seconds and the peak in MiB of one run."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _memory("VmRSS")
    started = time.perf_counter()
    work(rows)
    return time.perf_counter() - started, _memory("VmHWM") - before


def _memory(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


@contextmanager
def without_exact() -> Iterator[None]:
    """Let the installed XGBoost train, though the exact libraries may be there."""
    before = os.environ.get(exact.FOLDER_VARIABLE)
    with tempfile.TemporaryDirectory() as nothing:
        os.environ[exact.FOLDER_VARIABLE] = nothing
        yield
    del os.environ[exact.FOLDER_VARIABLE]
    if before is not None:
        os.environ[exact.FOLDER_VARIABLE] = before


def compare(name: str, rival: Callable[[Rows], None], rows: Rows, repeats: int) -> bool:
    """Print one comparison, the two taking turns; return whether it is within the bound."""
    runs = [(measure(train_ours, rows), measure(rival, rows)) for _ in range(repeats)]
    ours, theirs = (
        (min(seconds for seconds, _ in side), max(peak for _, peak in side))
        for side in zip(*runs, strict=True)
    )
    ratio = ours[0] / theirs[0]
    matrix = rows.matrix.nbytes / 1024**2
    print(
        f"trees, XGBoost {name}: {ours[0]:.2f} s, {theirs[0]:.2f} s, {ratio:.2f} x "
        f"(at most {MOST_RATIO}); peak {ours[1]:.0f} MiB, {theirs[1]:.0f} MiB beside the matrix "
        f"of {matrix:.0f} MiB: {'holds' if ratio <= MOST_RATIO else 'BROKEN'}"
    )
    return bool(ratio <= MOST_RATIO)


def main(given: list[str] | None = None) -> int:
    """Run and print; exit code 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--exact", action="store_true", help="0.90 too (minutes)")
    arguments = parser.parse_args(given)
    rows = make_rows(arguments.rows)
    with without_exact():
        held = compare(xgboost.__version__, train_xgboost, rows, arguments.repeats)
    if arguments.exact:
        held = compare("0.90", train_bare, rows, arguments.repeats) and held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
