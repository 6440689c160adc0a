"""Trains models on Arrow tables without a server, for tests of the numbers alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from emulator.ml.data.training_columns import Columns
from emulator.ml.model import Model, ModelName
from emulator.ml.options import CLUSTERING, DECOMPOSITION, read_training_options
from emulator.ml.options.base import TrainingOptions
from emulator.ml.scoring import make_scorer, probabilities
from emulator.ml.training import fit, named

NAME = ModelName("project", "dataset", "model")


def collect(
    table: pa.Table, batch_rows: int = 1000, **values: Any
) -> tuple[Columns, TrainingOptions]:
    """Return the columns that a training query would have filled, and the options."""
    options = read_training_options(values)
    columns = Columns(table.schema, options)
    for batch in table.to_batches(batch_rows):
        columns.append(batch)
    return columns, options


def trained(table: pa.Table, batch_rows: int = 1000, **values: Any) -> Model:
    """Return a model trained on the table; every row trains unless told otherwise."""
    if values["model_type"] not in CLUSTERING | DECOMPOSITION:
        values = {"data_split_method": "NO_SPLIT"} | values
    return named(fit(*collect(table, batch_rows, **values)), NAME, 0.0)


def scores(model: Model, table: pa.Table) -> np.ndarray:
    """Return raw scores of shape (outputs, rows)."""
    batch = table.combine_chunks().to_batches()[0]
    return make_scorer(model, batch.schema).scores(batch)


def chances(model: Model, table: pa.Table) -> np.ndarray:
    """Return class probabilities of shape (classes, rows)."""
    return probabilities(model, scores(model, table))


def cars(rows: int = 800, seed: int = 3, nulls: bool = False) -> pa.Table:
    """Return cars with a price, a class of two and a class of three."""
    random = np.random.default_rng(seed)
    fuel = random.choice(["Diesel", "Electric", "Petrol"], rows)
    box = random.choice(["Automatic", "Manual"], rows)
    year = random.integers(2010, 2025, rows)
    mileage = random.uniform(0, 200_000, rows)
    price = 20_000 + 1_500.0 * (year - 2010) - 0.1 * mileage + 4_000 * (fuel == "Electric")
    price = price + random.normal(0, 2_000, rows)
    hidden = random.random(rows) < 0.1 if nulls else np.zeros(rows, dtype=bool)
    rank = price + random.normal(0, 6_000, rows)
    return pa.table(
        {
            "fuel": pa.array(fuel, pa.string(), mask=hidden),
            "box": box,
            "year": year,
            "mileage": pa.array(mileage, mask=np.roll(hidden, 5)),
            "price": price,
            "dear": np.where(rank > np.median(rank), "High", "Low"),
            "segment": np.digitize(rank, np.quantile(rank, [0.4, 0.8])),
        }
    )


def dense(table: pa.Table) -> tuple[np.ndarray, list[str]]:
    """Return the plain one-hot design of `cars` features without intercept, and its columns."""
    columns, names = [], []
    for name in ("year", "mileage"):
        values = np.array(table[name].combine_chunks().cast(pa.float64()), dtype=float)
        columns.append(np.where(np.isnan(values), np.nanmean(values), values))
        names.append(name)
    for name in ("fuel", "box"):
        values = table[name].to_pylist()
        for category in sorted({value for value in values if value is not None}):
            columns.append(np.array([float(value == category) for value in values]))
            names.append(f"{name}={category}")
        if None in values:
            columns.append(np.array([float(value is None) for value in values]))
            names.append(f"{name}=NULL")
    return np.stack(columns, axis=1), names
