"""How near two sets of answers are, and how near they must be.

A certificate covers every row and every output. `TOLERANCE` is relative for values above 1
and absolute below, hence absolute for probabilities. Labels must agree unless the two best
classes tie within the tolerance; such rows are listed, not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.errors import DatasetError

TOLERANCE = 1e-6
LISTED = 10
Label = str | int | bool | None


@dataclass(frozen=True)
class Answers:
    """One side's answers.

    Parameters
    ----------
    keys : tuple of str
        Names of the rows.
    outputs : tuple of str
        Names of the columns of `values`: the label, or the classes.
    values : ndarray of shape (n_rows, n_outputs)
        Predicted value, or probabilities; NaN is NULL.
    labels : tuple or None
        Predicted classes; None for a regression.
    classes : tuple or None
        The classes themselves, in the order of `outputs`.
    """

    keys: tuple[str, ...]
    outputs: tuple[str, ...]
    values: NDArray[np.float64]
    labels: tuple[Label, ...] | None
    classes: tuple[str | int | bool, ...] | None = None

    def at(self, keys: tuple[str, ...]) -> Answers:
        """Return these rows, in this order.

        Raises
        ------
        DatasetError
            If a row is missing or named twice.
        """
        position = {key: index for index, key in enumerate(self.keys)}
        missing = [key for key in keys if key not in position]
        if missing or len(position) != len(self.keys):
            raise DatasetError(
                f"BigQuery ML answered {len(self.keys)} rows under {len(position)} keys; "
                f"{len(missing)} of {len(keys)} expected keys are missing, first {missing[:1]}."
            )
        order = [position[key] for key in keys]
        labels = None if self.labels is None else tuple(self.labels[i] for i in order)
        return Answers(keys, self.outputs, self.values[order], labels, self.classes)

    def then(self, other: Answers) -> Answers:
        """Return these rows followed by others, of the same outputs."""
        labels = None if self.labels is None or other.labels is None else self.labels + other.labels
        values = np.concatenate([self.values, _aligned(other, self.outputs)])
        return Answers(self.keys + other.keys, self.outputs, values, labels, self.classes)


@dataclass(frozen=True)
class Certificate:
    """What a comparison found.

    Parameters
    ----------
    rows : int
        Rows compared.
    max_abs, max_rel, mean_abs, p99_abs : float
        Differences over all outputs; relative to `max(1, |expected|)`.
    label_disagreements : int
        Rows whose labels differ without a tie.
    within : bool
        Whether every difference and every label is within the tolerance.
    rows_apart : tuple of str
        Keys of the rows that are not.
    ties : tuple of str
        Keys of the rows whose labels differ at a tie.
    worst : tuple of dict
        The rows with the greatest differences: key, output, expected, actual, difference.
    """

    rows: int
    max_abs: float
    max_rel: float
    mean_abs: float
    p99_abs: float
    label_disagreements: int
    within: bool
    rows_apart: tuple[str, ...]
    ties: tuple[str, ...]
    worst: tuple[dict[str, Any], ...]
    tolerance: float = TOLERANCE

    def figures(self) -> dict[str, Any]:
        """Return the figures that the manifest and `run.json` hold."""
        numbers = {
            name: finite(getattr(self, name))
            for name in ("max_abs", "max_rel", "mean_abs", "p99_abs")
        }
        return (
            {"rows": self.rows}
            | numbers
            | {
                "label_disagreements": self.label_disagreements,
                "tolerance": self.tolerance,
                "within": self.within,
            }
        )


def compare(expected: Answers, actual: Answers) -> Certificate:
    """Compare two sides' answers to the same rows.

    Parameters
    ----------
    expected, actual : Answers
        BigQuery ML's and the pipeline's, in the same row order. An output that `actual`
        lacks, and a NULL on either side, count as infinitely far.

    Raises
    ------
    ValueError
        If the rows are not the same.
    """
    if expected.keys != actual.keys or not expected.keys:
        raise ValueError(f"{len(expected.keys)} and {len(actual.keys)} rows are not the same rows.")
    given = _aligned(actual, expected.outputs)
    with np.errstate(invalid="ignore"):
        apart = np.abs(expected.values - given)
    apart = np.where(np.isfinite(apart), apart, np.inf)
    size = np.maximum(1.0, np.nan_to_num(np.abs(expected.values), nan=1.0))
    far = (apart > TOLERANCE * size).any(axis=1)
    wrong, tied = _labels(expected, actual)
    order = np.argsort(-(apart / size).max(axis=1), kind="stable")[:LISTED]
    return Certificate(
        rows=len(expected.keys),
        max_abs=float(apart.max()),
        max_rel=float((apart / size).max()),
        mean_abs=float(apart.mean()),
        p99_abs=float(np.quantile(apart, 0.99, method="higher")),
        label_disagreements=int(wrong.sum()),
        within=not (far | wrong).any(),
        rows_apart=_names(expected.keys, far | wrong),
        ties=_names(expected.keys, tied),
        worst=tuple(_worst(expected, given, apart, int(row)) for row in order),
    )


def close(expected: float, actual: float) -> bool:
    """Tell whether one value is within the tolerance."""
    return abs(expected - actual) <= TOLERANCE * max(1.0, abs(expected))


def is_tie(probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell for each row whether its two best classes are within the tolerance of each other.

    Each probability may move by the tolerance, so their distance by twice of it.
    """
    best = np.sort(probabilities, axis=1)[:, -2:]
    tied: NDArray[np.bool_] = best[:, 1] - best[:, 0] <= 2 * TOLERANCE
    return tied


def finite(value: float) -> float | None:
    """Return a number that JSON can hold; None for an infinite one."""
    return float(value) if np.isfinite(value) else None


def _aligned(actual: Answers, outputs: tuple[str, ...]) -> NDArray[np.float64]:
    values = np.full((len(actual.keys), len(outputs)), np.nan)
    for index, name in enumerate(outputs):
        if name in actual.outputs:
            values[:, index] = actual.values[:, actual.outputs.index(name)]
    return values


def _labels(expected: Answers, actual: Answers) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    none = np.zeros(len(expected.keys), dtype=np.bool_)
    if expected.labels is None or actual.labels is None:
        return none, none
    pairs = zip(expected.labels, actual.labels, strict=True)
    differ = np.fromiter((a != b for a, b in pairs), dtype=np.bool_, count=len(none))
    tied = is_tie(expected.values)
    return differ & ~tied, differ & tied


def _names(keys: tuple[str, ...], chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(keys[index] for index in np.flatnonzero(chosen))


def _worst(
    expected: Answers, given: NDArray[np.float64], apart: NDArray[np.float64], row: int
) -> dict[str, Any]:
    column = int(apart[row].argmax())
    return {
        "key": expected.keys[row],
        "output": expected.outputs[column],
        "expected": finite(expected.values[row, column]),
        "actual": finite(given[row, column]),
        "difference": finite(apart[row, column]),
    }
