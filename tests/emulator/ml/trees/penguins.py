"""The recorded penguins as trees see them: categories label-encoded, NULL numbers the mean."""

import json
from pathlib import Path

import numpy as np
import pytest

from emulator.ml.trees import Rows, encodings, exact

DATA = Path(__file__).parents[3] / "conformance" / "data"
COLUMNS = (
    *("species", "island", "culmen_length_mm", "culmen_depth_mm", "flipper_length_mm"),
    *("body_mass_g", "sex"),
)
RELEASES = ("0.90", "1.1.1")

needs_exact = pytest.mark.skipif(
    any(exact.installed(release) is None for release in RELEASES),
    reason="the exact XGBoost libraries were not fetched (make exact-trees)",
)


def read(name):
    lines = (DATA / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def encode(rows, columns, training):
    """Return the matrix of rows, encoded by what the training rows hold."""
    cells = []
    for column in columns:
        known = [row[column] for row in training if row.get(column) is not None]
        if isinstance(known[0], str):
            categories = {value: place for place, value in enumerate(sorted(set(known)))}
            count = len(categories)
            places = np.array([categories.get(row.get(column), count) for row in rows])
            cells.append(encodings.label_encoded(places, count))
        else:
            values = np.array([[row.get(column, np.nan)] for row in rows], dtype=np.float64)
            cells.append(encodings.numeric_filled(values, np.array([np.mean(known)]))[:, 0])
    return np.stack(cells, axis=1)


def problem(label):
    """Return training Rows, complete rows to judge on, and the three new penguins' matrix."""
    columns = [column for column in COLUMNS if column != label]
    penguins = read("penguins")
    training = [row for row in penguins if row.get(label) is not None]
    complete = [row for row in penguins if all(row.get(one) is not None for one in COLUMNS)]
    classes = sorted({row[label] for row in training}) if label == "sex" else []
    parts = []
    for part in (training, complete):
        found = [classes.index(row[label]) if classes else row[label] for row in part]
        matrix = encode(part, columns, training)
        parts.append(Rows(matrix, np.array(found, dtype=np.float32)))
    return parts[0], parts[1], encode(read("new_penguins"), columns, training)
