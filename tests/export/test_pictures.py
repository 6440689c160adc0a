"""The card's pictures: the same bytes for the same data, whatever the data hold."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

from export.card.evidence import Evidence
from export.card.importance import importance
from export.card.pictures import pictures
from export.card.sections import sampled
from tests.api.publishing import trained, training_rows

NAMES = {
    "regression": {"predicted", "residuals", "importance"},
    "classification": {"roc", "calibration", "errors", "importance"},
}


def evidence(classes: tuple[Any, ...] | None, rows: int = 600, **changes: Any) -> Evidence:
    dice = np.random.default_rng(3)
    groups = dice.choice(np.array(["Asia", "Europe", None], dtype=object), rows)
    common: dict[str, Any] = {
        "label": "price_usd",
        "rows": rows,
        "of": rows,
        "groups": groups,
        "grouping": "region",
        "importance": {"year": 2.0, "region": 0.5},
        "baseline": {},
    }
    if classes is None:
        truth = dice.normal(30_000, 9_000, rows)
        own = {
            "truth": truth,
            "values": (truth + dice.normal(0, 2_000, rows))[:, None],
            "guessed": None,
            "classes": None,
            "constant": 30_000.0,
        }
    else:
        values = dice.dirichlet(np.ones(len(classes)), rows)
        labels = np.array(classes, dtype=object)
        own = {
            "truth": dice.choice(labels, rows),
            "values": values,
            "guessed": labels[values.argmax(axis=1)],
            "classes": classes,
            "constant": np.full(len(classes), 1 / len(classes)),
        }
    return Evidence(**(common | own | changes))


def chunks(png: bytes) -> set[bytes]:
    """Return the kinds of chunks of a PNG."""
    found, place = set(), 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        found.add(png[place + 4 : place + 8])
        place += length + 12
    return found


@pytest.mark.parametrize(
    ("task", "classes"),
    [
        ("regression", None),
        ("classification", ("High", "Low")),
        ("classification", (1, 2, 3)),
        ("classification", tuple(f"class {n}" for n in range(9))),
        ("classification", (False, True)),
    ],
    ids=["regression", "two", "three", "nine", "boolean"],
)
def test_the_same_data_give_the_same_bytes_in_both_languages(
    task: str, classes: tuple[Any, ...] | None
) -> None:
    drawn = pictures(evidence(classes), task)

    assert drawn == pictures(evidence(classes), task)
    assert drawn.keys() == {f"{n}.{lang}.png" for n in NAMES[task] for lang in ("en", "pt-BR")}
    for name in NAMES[task]:
        assert drawn[f"{name}.en.png"] != drawn[f"{name}.pt-BR.png"]
    for data in drawn.values():
        assert chunks(data) <= {b"IHDR", b"pHYs", b"IDAT", b"IEND"}


@pytest.mark.parametrize(
    "names",
    [
        ["$x^{$", "\\frac{", "_{^", "<b>&amp;"],
        ["日本", "مصر", "\x00\n\t", ""],
        ["x" * 500, "y" * 500],
        [f"group {n}" for n in range(60)],
        [None],
    ],
    ids=["formulas", "scripts", "long", "many", "null"],
)
@pytest.mark.parametrize("task", NAMES)
def test_no_category_breaks_a_picture(task: str, names: list[str | None]) -> None:
    groups = np.array([names[n % len(names)] for n in range(600)], dtype=object)
    classes = None if task == "regression" else ("$x^{$", "日本")

    drawn = pictures(evidence(classes, groups=groups), task)

    assert len(drawn) == 2 * len(NAMES[task])


@pytest.mark.parametrize("rows", [1, 2, 11])
@pytest.mark.parametrize("task", NAMES)
def test_few_rows_and_no_group_are_drawn(task: str, rows: int) -> None:
    classes = None if task == "regression" else ("High", "Low")
    found = evidence(classes, rows, groups=None, grouping=None)

    assert len(pictures(found, task)) == 2 * len(NAMES[task])
    same = replace(found, values=np.full_like(found.values, 0.5))
    assert len(pictures(same, task)) == 2 * len(NAMES[task])


def test_a_card_tells_when_not_all_classes_are_drawn() -> None:
    nine, three = (evidence(tuple(f"class {n}" for n in range(count))) for count in (9, 3))

    assert sampled(nine, "en") == "ROC and calibration are drawn for the first 6 classes."
    assert sampled(replace(nine, of=900), "pt-BR").startswith("As figuras desta página mostram 600")
    assert sampled(three, "en") == ""


def test_a_family_without_attributions_has_no_such_picture() -> None:
    drawn = pictures(evidence(None, importance=None), "regression")

    assert {name.split(".")[0] for name in drawn} == {"predicted", "residuals"}


def test_importance_is_the_mean_absolute_attribution_by_input_column() -> None:
    pipeline, rows = trained("price"), training_rows()
    found = importance(pipeline, rows)

    answers = pipeline.predict(rows)
    alone = rows.assign(mileage_km=rows["mileage_km"].mean())
    moved = answers - pipeline.predict(alone)
    assert found is not None
    assert found.keys() == {"model", "fuel_type", "year", "mileage_km"}
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert found["mileage_km"] == pytest.approx(np.abs(moved - moved.mean()).mean(), rel=1e-6)


def test_a_constant_moved_from_a_block_into_the_intercept_changes_no_importance() -> None:
    pipeline, rows = trained("class_many"), training_rows()
    before = importance(pipeline, rows)
    model = pipeline.named_steps["model"]
    model.coef_ += 5.0  # the same for all classes: no probability moves

    assert importance(pipeline, rows) == pytest.approx(before, rel=1e-9)
    model.coef_ -= 5.0


def test_an_unknown_family_has_no_importance() -> None:
    rows = pd.DataFrame({"year": [1.0, 2.0]})
    tree = DecisionTreeRegressor().fit(rows, [1.0, 2.0])

    from sklearn.pipeline import make_pipeline

    assert importance(make_pipeline(tree), rows) is None
