"""ML.PREDICT of a table into a table, against the arithmetic and DuckDB's write of the same.

Ours is `create table as select * from ml.predict(…)` over the wire. The rival predicts a
finished matrix with NumPy or XGBoost and lets DuckDB write the same columns to a file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import xgboost

from benchmarks.clusters import points
from benchmarks.local_cloud import DATASET, emulator, load
from benchmarks.training import CATEGORIES, NUMBERS, make_table
from cloud import bigquery_client

MOST_RATIO = 2.0
FEATURES = [*NUMBERS, *CATEGORIES]
MODELS = {
    "linear": "model_type = 'linear_reg', input_label_cols = ['price_usd']",
    "logistic": "model_type = 'logistic_reg', input_label_cols = ['is_high']",
    "trees": "model_type = 'boosted_tree_regressor', input_label_cols = ['price_usd']",
}


def rivals(table: pa.Table) -> dict[str, Callable[[], dict[str, pa.Array]]]:
    """Return what predicts the output columns of each model, on matrices made before."""
    matrix = points(table)
    weights = np.random.default_rng(1).normal(size=matrix.shape[1])
    narrow = np.column_stack(
        [
            *(table[name].to_numpy().astype(np.float32) for name in NUMBERS),
            *(table[name].combine_chunks().dictionary_encode().indices for name in CATEGORIES),
        ]
    ).astype(np.float32)
    sample = slice(0, len(narrow), 10)
    settings = {"tree_method": "hist", "max_depth": 6}
    label = table["price_usd"].to_numpy()[sample]
    booster = xgboost.train(settings, xgboost.DMatrix(narrow[sample], label), 20)

    def linear() -> dict[str, pa.Array]:
        return {"predicted": pa.array(matrix @ weights)}

    def logistic() -> dict[str, pa.Array]:
        chance = 1 / (1 + np.exp(-(matrix @ weights)))
        chances = pa.array(np.column_stack([chance, 1 - chance]).ravel())
        labels = pa.array(np.tile([True, False], len(chance)))
        pairs = pa.StructArray.from_arrays([labels, chances], ["label", "prob"])
        starts = pa.array(np.arange(0, 2 * len(chance) + 1, 2), pa.int32())
        lists = pa.ListArray.from_arrays(starts, pairs)
        return {"predicted": pa.array(chance > 0.5), "probs": lists}

    def trees() -> dict[str, pa.Array]:
        return {"predicted": pa.array(booster.inplace_predict(narrow).astype(float))}

    return {"linear": linear, "logistic": logistic, "trees": trees}


def write(table: pa.Table, folder: Path) -> None:
    """Write a table to a file of DuckDB."""
    with duckdb.connect(folder / f"{time.monotonic_ns()}.duckdb") as connection:
        connection.register("rows", table)
        connection.execute("create table written as select * from rows")


def main(arguments: list[str] | None = None) -> int:
    """Print the ratios; 1 if one is above its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args(arguments)
    table = make_table(asked.rows)
    held = True
    with emulator() as (settings, _), tempfile.TemporaryDirectory() as folder:
        client = bigquery_client(settings)
        client.create_dataset(DATASET)
        load(client, table)
        given = table.select(FEATURES)
        for name, predict in rivals(table).items():
            label = "is_high" if name == "logistic" else "price_usd"
            client.query(
                f"create model {DATASET}.{name} options({MODELS[name]}) as "
                f"select {', '.join(FEATURES)}, {label} from {DATASET}.sales_{asked.rows}"
            ).result()
            ours, theirs = [], []
            for _ in range(asked.repeats):
                started = time.perf_counter()
                client.query(
                    f"create or replace table {DATASET}.predicted as select * from ml.predict("
                    f"model {DATASET}.{name}, (select {', '.join(FEATURES)} "
                    f"from {DATASET}.sales_{asked.rows}))"
                ).result()
                ours.append(time.perf_counter() - started)
                started = time.perf_counter()
                columns = predict()
                whole = pa.table({**columns, **{c: given[c] for c in FEATURES}})
                write(whole, Path(folder))
                theirs.append(time.perf_counter() - started)
            ratio = min(ours) / min(theirs)
            held &= ratio <= MOST_RATIO
            print(
                f"predicting {asked.rows:,} rows, {name}: {min(ours):.2f} s, arithmetic and "
                f"DuckDB's write {min(theirs):.2f} s, {ratio:.2f} x (at most {MOST_RATIO:g}): "
                f"{'holds' if ratio <= MOST_RATIO else 'BROKEN'}"
            )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
