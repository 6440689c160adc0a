"""What a comparison of two sides' answers finds, row by row, kept as figures.

Rows come in parts, so memory does not grow with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.parity import TOLERANCE, Answers, Flags, Floats, aligned, distances, finite, is_tie

LISTED = 10
NAMED = 100
# A difference's sign, exponent and eight bits of its fraction: bins 0.4 % wide.
BIN_BITS, BINS = 44, 1 << 19


@dataclass(frozen=True)
class Certificate:
    """What a comparison found.

    Parameters
    ----------
    rows : int
        Rows compared.
    max_abs, max_rel, mean_abs : float
        Differences over all outputs; relative to `max(1, |expected|)`.
    p99_abs : float
        What 99 of 100 differences do not exceed, rounded up by 0.4 % at most.
    label_disagreements : int
        Rows whose labels differ without a tie.
    alike : bool
        Whether every difference and every label is within the tolerance.
    apart : int
        How many rows are not.
    rows_apart : tuple of str
        Their keys, `NAMED` of each kind at most.
    kinds_apart : dict of str to int
        How many of each kind: `test`, or a hard row's.
    tied : int
        Rows whose labels differ at a tie.
    ties : tuple of str
        Their keys, `NAMED` at most.
    worst : tuple of dict
        The rows with the greatest differences: key, output, expected, actual, difference.
    explanations : Certificate or None
        The same of attributions, baseline and raw prediction, relative to the greatest of
        them in a row; None for a family that BigQuery ML does not explain.
    of : int or None
        How many rows there were, if not all of them were compared.
    """

    rows: int
    max_abs: float
    max_rel: float
    mean_abs: float
    p99_abs: float
    label_disagreements: int
    alike: bool
    apart: int
    rows_apart: tuple[str, ...]
    kinds_apart: dict[str, int]
    tied: int
    ties: tuple[str, ...]
    worst: tuple[dict[str, Any], ...]
    tolerance: float = TOLERANCE
    explanations: Certificate | None = None
    of: int | None = None

    @property
    def within(self) -> bool:
        """Whether answers and explanations are within the tolerance."""
        return self.alike and (self.explanations is None or self.explanations.within)

    def figures(self) -> dict[str, Any]:
        """Return the figures that the manifest and `run.json` hold."""
        explained = self.explanations
        return self._numbers() | {
            "rows": self.rows,
            "label_disagreements": self.label_disagreements,
            "tolerance": self.tolerance,
            "within": self.within,
            "explanations": None
            if explained is None
            else explained._numbers()
            | {name: getattr(explained, name) for name in ("rows", "of", "tolerance", "within")},
        }

    def _numbers(self) -> dict[str, float | None]:
        names = ("max_abs", "max_rel", "mean_abs", "p99_abs")
        return {name: finite(getattr(self, name)) for name in names}


@dataclass
class Tally:
    """Takes pairs of answers in and ends as a certificate."""

    tolerance: float = TOLERANCE
    rows: int = 0
    _max_abs: float = 0.0
    _max_rel: float = 0.0
    _sum: float = 0.0
    _count: int = 0
    _wrong: int = 0
    _tied: int = 0
    _kinds: Counter[str] = field(default_factory=Counter)
    _apart: dict[str, list[str]] = field(default_factory=dict)
    _ties: list[str] = field(default_factory=list)
    _worst: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    _bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, dtype=np.int64))

    def add(
        self,
        expected: Answers,
        actual: Answers,
        kinds: Sequence[str] | None = None,
        sizes: Floats | None = None,
    ) -> Flags:
        """Compare two sides' answers to the same rows, in the same order.

        Parameters
        ----------
        expected, actual : Answers
            BigQuery ML's, and the pipeline's.
        kinds : sequence of str, optional
            Of each row; `test` without it.
        sizes : ndarray of shape (n_rows, 1), optional
            What differences are relative to, where that is not each value's own size.

        Returns
        -------
        ndarray of shape (n_rows,)
            Which rows are apart.

        Raises
        ------
        ValueError
            If the rows are not the same.
        """
        if expected.keys != actual.keys or not expected.keys:
            raise ValueError(
                f"{len(expected.keys)} and {len(actual.keys)} rows are not the same rows."
            )
        given = aligned(actual, expected.outputs)
        apart = distances(expected, given)
        known = np.nan_to_num(np.abs(expected.values), nan=1.0)
        size = np.maximum(1.0, known) if sizes is None else sizes
        relative = apart / size
        wrong, tied = _labels(expected, actual)
        out: Flags = (apart > self.tolerance * size).any(axis=1) | wrong
        self._measure(apart, relative)
        self._wrong += int(wrong.sum())
        self._name(expected.keys, kinds, out, tied)
        self._rank(expected, given, apart, relative.max(axis=1))
        return out

    def certificate(
        self, explanations: Certificate | None = None, of: int | None = None
    ) -> Certificate:
        """Return what was found."""
        return Certificate(
            rows=self.rows,
            max_abs=self._max_abs,
            max_rel=self._max_rel,
            mean_abs=self._sum / max(self._count, 1),
            p99_abs=self._quantile(0.99),
            label_disagreements=self._wrong,
            alike=not self._kinds.total(),
            apart=self._kinds.total(),
            rows_apart=tuple(key for keys in self._apart.values() for key in keys),
            kinds_apart=dict(self._kinds),
            tied=self._tied,
            ties=tuple(self._ties),
            worst=tuple(entry for _, entry in self._worst),
            tolerance=self.tolerance,
            explanations=explanations,
            of=of,
        )

    def _measure(self, apart: Floats, relative: Floats) -> None:
        self.rows += len(apart)
        self._max_abs = max(self._max_abs, float(apart.max()))
        self._max_rel = max(self._max_rel, float(relative.max()))
        self._sum += float(apart.sum())
        self._count += apart.size
        places = np.ascontiguousarray(apart).view(np.uint64).ravel() >> np.uint64(BIN_BITS)
        self._bins += np.bincount(places.astype(np.int64), minlength=BINS)

    def _name(
        self, keys: tuple[str, ...], kinds: Sequence[str] | None, out: Flags, tied: Flags
    ) -> None:
        for row in np.flatnonzero(out).tolist():
            kind = "test" if kinds is None else kinds[row]
            self._kinds[kind] += 1
            named = self._apart.setdefault(kind, [])
            if len(named) < NAMED:
                named.append(keys[row])
        self._tied += int(tied.sum())
        self._ties = [*self._ties, *(keys[row] for row in np.flatnonzero(tied))][:NAMED]

    def _rank(self, expected: Answers, given: Floats, apart: Floats, relative: Floats) -> None:
        order = np.argsort(-relative, kind="stable")[:LISTED].tolist()
        entries = [(float(relative[row]), _worst(expected, given, apart, row)) for row in order]
        ranked = sorted([*self._worst, *entries], key=lambda entry: -entry[0])
        self._worst = ranked[:LISTED]

    def _quantile(self, part: float) -> float:
        if not self._count:
            return 0.0
        place = int(np.searchsorted(np.cumsum(self._bins), np.ceil(part * self._count)))
        if place == 0:  # next to nothing: the first bin ends at 1e-310
            return 0.0
        edge = np.array([place + 1], dtype=np.uint64) << np.uint64(BIN_BITS)
        upper = float(edge.view(np.float64)[0])
        return min(upper, self._max_abs) if np.isfinite(upper) else np.inf


def compare(expected: Answers, actual: Answers) -> Certificate:
    """Compare two sides' answers to the same rows.

    Raises
    ------
    ValueError
        If the rows are not the same.
    """
    tally = Tally()
    tally.add(expected, actual)
    return tally.certificate()


def _labels(expected: Answers, actual: Answers) -> tuple[Flags, Flags]:
    none = np.zeros(len(expected.keys), dtype=np.bool_)
    if expected.labels is None or actual.labels is None:
        return none, none
    pairs = zip(expected.labels, actual.labels, strict=True)
    differ = np.fromiter((a != b for a, b in pairs), dtype=np.bool_, count=len(none))
    tied = is_tie(expected.values, nearest=expected.nearest)
    return differ & ~tied, differ & tied


def _worst(expected: Answers, given: Floats, apart: Floats, row: int) -> dict[str, Any]:
    column = int(apart[row].argmax())
    return {
        "key": expected.keys[row],
        "output": expected.outputs[column],
        "expected": finite(expected.values[row, column]),
        "actual": finite(given[row, column]),
        "difference": finite(apart[row, column]),
    }
