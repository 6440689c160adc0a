from __future__ import annotations

import numpy as np
import pytest

from export.certificate import compare
from export.errors import DatasetError
from export.parity import TOLERANCE, Answers


def values(*numbers: float) -> Answers:
    keys = tuple(f"r{index}" for index in range(len(numbers)))
    return Answers(keys, ("price",), np.array(numbers, dtype="float64").reshape(-1, 1), None)


def classes(rows: list[tuple[float, float]], labels: list[str]) -> Answers:
    keys = tuple(f"r{index}" for index in range(len(rows)))
    return Answers(keys, ("High", "Low"), np.array(rows), tuple(labels), ("High", "Low"))


def test_equal_answers_are_within() -> None:
    certificate = compare(values(1.0, 2.0), values(1.0, 2.0))

    assert (certificate.within, certificate.max_abs, certificate.rows) == (True, 0.0, 2)


@pytest.mark.parametrize(
    ("expected", "actual", "within"),
    [
        (0.0, 0.9e-6, True),
        (0.0, 1.1e-6, False),
        (0.5, 0.5 + 1.1e-6, False),
        (1e6, 1e6 + 0.9, True),
        (1e6, 1e6 + 1.1, False),
        (-1e6, -1e6 - 1.1, False),
    ],
)
def test_the_tolerance_is_relative_above_one_and_absolute_below(
    expected: float, actual: float, within: bool
) -> None:
    assert compare(values(expected), values(actual)).within is within


def test_figures_and_worst_row_are_exact() -> None:
    certificate = compare(values(0.0, 10.0, 100.0), values(0.5, 10.0, 101.0))

    assert certificate.max_abs == 1.0
    assert certificate.max_rel == 0.5
    assert certificate.mean_abs == 0.5
    assert certificate.rows_apart == ("r0", "r2")
    assert certificate.worst[0] == {
        "key": "r0",
        "output": "price",
        "expected": 0.0,
        "actual": 0.5,
        "difference": 0.5,
    }


@pytest.mark.parametrize(
    ("expected", "actual"),
    [(np.nan, 1.0), (1.0, np.nan), (np.nan, np.nan), (np.inf, np.inf), (1.0, np.inf)],
)
def test_an_answer_that_is_no_number_is_never_within(expected: float, actual: float) -> None:
    certificate = compare(values(expected, 1.0), values(actual, 1.0))

    assert certificate.within is False
    assert certificate.figures()["max_abs"] is None


def test_a_wrong_label_is_a_disagreement() -> None:
    rows = [(0.4, 0.6), (0.3, 0.7)]

    certificate = compare(classes(rows, ["Low", "Low"]), classes(rows, ["Low", "High"]))

    assert (certificate.label_disagreements, certificate.within) == (1, False)
    assert certificate.ties == ()


def test_a_label_at_a_tie_is_listed_and_not_counted() -> None:
    expected = classes([(0.5, 0.5)], ["Low"])
    actual = classes([(0.5 + 1e-9, 0.5 - 1e-9)], ["High"])

    certificate = compare(expected, actual)

    assert (certificate.label_disagreements, certificate.within) == (0, True)
    assert certificate.ties == ("r0",)


def test_just_outside_the_tie_a_label_counts() -> None:
    apart = 1.1 * TOLERANCE
    expected = classes([(0.5 - apart, 0.5 + apart)], ["Low"])

    certificate = compare(expected, classes([(0.5, 0.5)], ["High"]))

    assert certificate.label_disagreements == 1


def test_a_class_that_the_pipeline_lacks_is_infinitely_far() -> None:
    expected = classes([(0.0, 1.0)], ["Low"])
    actual = Answers(("r0",), ("Low",), np.array([[1.0]]), ("Low",), ("Low",))

    assert compare(expected, actual).within is False


def test_answers_are_put_in_order_by_key() -> None:
    answers = values(1.0, 2.0, 3.0).at(("r2", "r0"))

    assert answers.values.ravel().tolist() == [3.0, 1.0]


def test_a_missing_or_doubled_key_is_refused() -> None:
    doubled = Answers(("a", "a"), ("price",), np.zeros((2, 1)), None)

    with pytest.raises(DatasetError, match="1 of 1 expected keys are missing, first \\['x'\\]"):
        values(1.0).at(("x",))
    with pytest.raises(DatasetError, match="2 rows under 1 keys"):
        doubled.at(("a",))


def test_other_rows_are_not_compared() -> None:
    with pytest.raises(ValueError, match="not the same rows"):
        compare(values(1.0, 2.0), values(1.0))
