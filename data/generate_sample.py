"""Write the sample report: synthetic sales with a structure that is known.

Price falls with age and mileage from the model's list price; volume follows region, model
and price; the class is `High` from 7,000 units on, as in the public report. A little dirt
of each kind that the pipeline must handle is mixed in at fixed places.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

SEED = 20260701
CLEAN_ROWS = 10_000
LIST_PRICE_USD = {
    "3 Series": 62_000, "5 Series": 78_000, "7 Series": 112_000, "M3": 96_000,
    "M5": 118_000, "X1": 54_000, "X3": 66_000, "X5": 88_000,
    "X6": 94_000, "i3": 58_000, "i8": 128_000,
}  # fmt: skip
POPULARITY = {
    "3 Series": 1_500, "5 Series": 600, "7 Series": -900, "M3": -600,
    "M5": -1_100, "X1": 1_400, "X3": 1_300, "X5": 500,
    "X6": -300, "i3": 200, "i8": -1_600,
}  # fmt: skip
DEMAND = {
    "Africa": -1_500, "Asia": 1_700, "Europe": 1_100, "Middle East": -700,
    "North America": 900, "South America": -900,
}  # fmt: skip
COLORS = ("Black", "Blue", "Grey", "Red", "Silver", "White")
FUELS = {"Petrol": 0, "Diesel": 1_500, "Hybrid": 6_000, "Electric": 9_000}
GEARBOXES = {"Automatic": 3_000, "Manual": 0}
HIGH_FROM = 7_000
HEADER = (
    "Model", "Year", "Region", "Color", "Fuel_Type", "Transmission", "Engine_Size_L",
    "Mileage_KM", "Price_USD", "Sales_Volume", "Sales_Classification",
)  # fmt: skip


def clean_rows(count: int) -> list[list[str]]:
    """Return `count` rows without dirt, each a list of cells."""
    random = np.random.default_rng(SEED)

    def choice(values: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
        return random.choice(np.array(values), count)

    model, region, color = choice(tuple(LIST_PRICE_USD)), choice(tuple(DEMAND)), choice(COLORS)
    fuel, gearbox = choice(tuple(FUELS)), choice(tuple(GEARBOXES))
    year = random.integers(2010, 2025, count)
    age = 2024 - year
    litres = np.round(random.uniform(1.5, 5.0, count), 1)
    mileage = np.clip(random.gamma(4.0, 3_500.0, count) * (0.3 + age / 6), 50, None).astype(int)
    price = (
        np.array([LIST_PRICE_USD[m] for m in model])
        + np.array([FUELS[f] for f in fuel])
        + np.array([GEARBOXES[g] for g in gearbox])
        + 2_500 * (litres - 3.0)
        - 2_400 * age
        - 0.12 * mileage
        + random.normal(0, 6_000, count)
    ).clip(4_000)
    volume = (
        5_200
        + np.array([DEMAND[r] for r in region])
        + np.array([POPULARITY[m] for m in model])
        + 60 * (year - 2017)
        - 0.015 * (price - 70_000)
        + random.normal(0, 1_500, count)
    ).clip(100, 12_000)
    columns = (
        model, year, region, color, fuel, gearbox, litres, mileage,
        price.round().astype(int), volume.astype(int),
    )  # fmt: skip
    rows = [[str(cell) for cell in row] for row in zip(*columns, strict=True)]
    return [[*row, "High" if int(row[9]) >= HIGH_FROM else "Low"] for row in rows]


def dirty(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows with dirt mixed in; no clean row is lost."""
    out = [list(row) for row in rows]
    edits = {
        101: (8, "on request"), 233: (7, "-1200"), 377: (1, "3010"), 512: (8, ""),
        640: (4, "HYBIRD"), 766: (3, "Frozen Orange"), 901: (2, "  Europe "), 1_045: (6, "n/a"),
        1_202: (0, ""), 1_333: (9, "many"), 1_478: (5, "Semi-automatic"),
    }  # fmt: skip
    for at, (column, value) in edits.items():
        out[at % len(out)][column] = value
    contradicted = out[1_600 % len(out)]
    contradicted[10] = "Low" if contradicted[10] == "High" else "High"
    out.insert(2_000, out[1_999][:-2])
    out.insert(3_000, [*out[2_999], "extra"])
    out += [list(out[at]) for at in (5, 50, 500, 5_000) if at < len(rows)]
    total = str(sum(int(row[9]) for row in rows))
    out.append(["TOTAL", *([""] * 8), total, ""])
    return out


def write(path: Path, count: int = CLEAN_ROWS, *, with_dirt: bool = True) -> None:
    """Write a report of `count` clean rows, and dirt, to `path`."""
    rows = clean_rows(count)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(dirty(rows) if with_dirt else rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=CLEAN_ROWS, help="clean rows")
    parser.add_argument("--clean", action="store_true", help="without dirt")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("sample_sales.csv"))
    options = parser.parse_args()
    write(options.output, options.rows, with_dirt=not options.clean)
