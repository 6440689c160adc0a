"""Trees' sums of float32, in the order of the library that BigQuery trains with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray

from emulator.ml.trees import exact, legacy
from emulator.ml.trees.rows import Rows
from export.families.base_score import add_base_score_last
from tests.emulator.ml.trees.penguins import needs_exact

Floats = NDArray[np.float32]
FOREST = {
    "num_parallel_tree": "60", "eta": "1", "subsample": "0.8", "colsample_bynode": "0.8",
    "max_depth": "15",
}  # fmt: skip
DART = {"booster": "dart", "rate_drop": "0.3"}
BASE_SCORE = "0.3"  # not a whole number of the last bits of a price, as 0.5 is
KINDS = pytest.mark.parametrize("options", [{}, FOREST, DART], ids=["boosted", "forest", "dart"])
CLASSES = pytest.mark.parametrize("classes", [0, 2, 3])


def drawn(size: int, seed: int) -> tuple[Floats, Floats]:
    """Return rows with missing cells, and prices near 30,000."""
    dice = np.random.default_rng(seed)
    rows = dice.normal(size=(size, 4)).astype(np.float32)
    rows[dice.random(rows.shape) < 0.05] = np.nan
    known = np.nan_to_num(rows)
    price = 30_000 + 6_000 * known[:, 0] + 3_000 * known[:, 1] ** 2 + 500 * dice.normal(size=size)
    return rows, price.astype(np.float32)


def labelled(price: Floats, classes: int) -> tuple[Floats, dict[str, str]]:
    if not classes:
        return price, {"objective": "reg:squarederror", "base_score": BASE_SCORE}
    cuts = np.quantile(price, np.arange(1, classes) / classes)
    given = {"objective": "multi:softprob", "num_class": str(classes), "base_score": BASE_SCORE}
    return np.digitize(price, cuts).astype(np.float32), given


def margins(booster: xgboost.Booster, rows: Floats, start: Floats | None = None) -> Floats:
    matrix = xgboost.DMatrix(rows, base_margin=start, nthread=1)
    return np.asarray(booster.predict(matrix, output_margin=True))


@needs_exact
@KINDS
@CLASSES
@pytest.mark.parametrize("release", ["0.90", "1.1.1"])
def test_the_sums_are_to_the_bit_those_of_the_library_that_trained(
    release: str, options: dict[str, str], classes: int
) -> None:
    path = exact.installed(release)
    assert path is not None
    rows, price = drawn(2_000, seed=1)
    label, given = labelled(price, classes)
    boosting = legacy.Boosting(path, release, given | options, Rows(rows, label, None), None)
    for number in range(1 if options == FOREST else 12):
        boosting.advance(number)
    others, _ = drawn(30_000, seed=2)
    expected = legacy.Reader(path, release, boosting.data(), threads=1).margins(others)
    booster = xgboost.Booster({"nthread": 1})
    with xgboost.config_context(verbosity=0):  # it warns of the old format
        booster.load_model(bytearray(boosting.data()))
    before = margins(booster, others)

    add_base_score_last(booster)

    assert (margins(booster, others).ravel() == expected).all()
    alone = np.concatenate([margins(booster, one[None]) for one in others[:20]])
    assert (alone.ravel() == expected[: alone.size]).all()
    if options == FOREST:  # sums of sixty numbers of like size: the order shows
        assert (before.ravel() != expected).any()


@KINDS
@CLASSES
def test_it_stays_the_same_model(options: dict[str, str], classes: int) -> None:
    rows, price = drawn(300, seed=3)
    label, given = labelled(price, classes)
    booster = xgboost.train(given | options | {"nthread": 1}, xgboost.DMatrix(rows, label), 2)
    shape = (len(rows), classes) if classes else (len(rows),)
    leaves_only = margins(booster, rows, np.zeros(shape, dtype=np.float32))
    matrix = xgboost.DMatrix(rows)
    before = answers(booster, matrix)

    add_base_score_last(booster)

    assert (margins(booster, rows) == leaves_only + np.float32(BASE_SCORE)).all()
    after = answers(booster, matrix)
    for name, values in before.items():
        assert np.allclose(values, after[name], rtol=1e-6, atol=1e-6), name
    again = xgboost.Booster(model_file=bytearray(booster.save_raw("ubj")))
    assert (margins(again, rows) == margins(booster, rows)).all()


def answers(booster: xgboost.Booster, matrix: xgboost.DMatrix) -> dict[str, Any]:
    gains = booster.get_score(importance_type="gain")
    return {
        "predictions": booster.predict(matrix),
        "attributions": booster.predict(matrix, pred_contribs=True),
        "gains": [gains[name] for name in sorted(gains)],
    }


def test_a_base_score_in_another_unit_than_the_sum_stays() -> None:
    rows, price = drawn(500, seed=4)
    matrix = xgboost.DMatrix(rows, price > 33_000)
    booster = xgboost.train({"objective": "binary:logistic", "base_score": 0.3}, matrix, 3)
    before = bytes(booster.save_raw("ubj"))

    add_base_score_last(booster)

    assert bytes(booster.save_raw("ubj")) == before
