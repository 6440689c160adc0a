"""How often a column holds which numbers or words: what data skew and drift are measured by."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import issparse

from emulator.ml.data import types
from emulator.ml.data.arrays import Ragged
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.plain import PlainColumn, written_timestamps
from emulator.ml.distance import Histogram, histogram_divergence, jensen_shannon, l_infinity
from emulator.ml.results import ResultTable

JENSEN_SHANNON, L_INFINITY = "JENSEN_SHANNON_DIVERGENCE", "L_INFTY"
BUCKETS, RANKS = 10, 50


@dataclass(frozen=True)
class Profile:
    """One column of some rows.

    Parameters
    ----------
    name : str
    type : str
        BigQuery's, of one value.
    histogram : Histogram or None
        Of a column of numbers that has any.
    words : tuple of (str, int)
        The most frequent values of another column, and how often they are there.
    """

    name: str
    type: str
    histogram: Histogram | None = None
    words: tuple[tuple[str, int], ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.type in types.NUMERIC

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Profile:
        """Return the profile that was kept as JSON data."""
        histogram = data["histogram"] and Histogram(
            **{**data["histogram"], "counts": tuple(data["histogram"]["counts"])}
        )
        words = tuple((word, count) for word, count in data["words"])
        return cls(data["name"], data["type"], histogram, words)


def distance(first: Profile, second: Profile, metric: str) -> float | None:
    """Return how far two profiles are apart, None if one column has no values.

    Parameters
    ----------
    first, second : Profile
        Both of numbers or both of words.
    metric : str
        JENSEN_SHANNON or L_INFINITY; of numbers it is always the former.
    """
    if first.is_numeric:
        if first.histogram is None or second.histogram is None:
            return None
        return histogram_divergence(first.histogram, second.histogram)
    if not first.words or not second.words:
        return None
    given = dict(first.words), dict(second.words)
    names = [*{**given[0], **given[1]}]
    counts = [np.array([float(part.get(name, 0)) for name in names]) for part in given]
    return (l_infinity if metric == L_INFINITY else jensen_shannon)(*counts)


def profile_of_column(
    plain: ResultTable, at: int, column: PlainColumn, buckets: int = BUCKETS, ranks: int = RANKS
) -> Profile:
    """Return the profile of column `at` of plain rows (see `plain`)."""
    values = f"SELECT {f'unnest(c{at})' if column.is_array else f'c{at}'} AS v"
    if column.is_numeric:
        histogram = _histogram(plain, values, buckets)
        return Profile(column.name, column.value_kind, histogram=histogram)
    rows = plain.ask(
        f"v, count(*) AS n FROM ({values} FROM $rows) WHERE v IS NOT NULL "
        f"GROUP BY v ORDER BY n DESC, v LIMIT {ranks}",
        whole=True,
    )
    return Profile(column.name, column.value_kind, words=tuple((r["v"], r["n"]) for r in rows))


def _histogram(plain: ResultTable, values: str, buckets: int) -> Histogram | None:
    finite = "v) FILTER (isfinite(v)"
    (edges,) = plain.ask(
        f"min({finite}) AS low, max({finite}) AS high, count(v) AS n, "
        "count(*) FILTER (v = '-inf'::DOUBLE) AS below, "
        "count(*) FILTER (v = 'inf'::DOUBLE) AS above, "
        "count(*) FILTER (isnan(v)) AS unknown",
        values,
    )
    if not edges["n"]:
        return None
    low = edges["low"] if edges["low"] is not None else 0.0
    high = edges["high"] if edges["high"] is not None else 0.0
    width = high - low
    place = f"least(CAST(floor((v - {low!r}) / {width!r} * {buckets}) AS BIGINT), {buckets - 1})"
    rows = plain.ask(
        f"{place if width else '0'} AS bucket, count(*) AS n FROM ({values} FROM $rows) "
        "WHERE isfinite(v) GROUP BY 1",
        whole=True,
    )
    counts = [0.0] * buckets
    for row in rows:
        counts[row["bucket"]] = float(row["n"])
    return Histogram(low, high, tuple(counts), edges["below"], edges["above"], edges["unknown"])


def profile_of_values(name: str, kind: str, data: Any) -> Profile:
    """Return the profile of what a collector of training rows finished with.

    Parameters
    ----------
    name, kind : str
        The column and BigQuery's type of it.
    data : array of shape (rows,) or (rows, dimension), sparse array, (values, codes) or Ragged
        A TIMESTAMP is its seconds.
    """
    kind = kind.removeprefix("ARRAY<").removesuffix(">")
    if isinstance(data, Ragged):
        return Profile(name, kind, words=_words(kind, data.values, data.codes))
    if isinstance(data, tuple):
        return Profile(name, kind, words=_words(kind, *data))
    numbers = data.data if issparse(data) else data.reshape(-1)
    numbers = numbers[~np.isnan(numbers)]
    if kind == "TIMESTAMP":
        return Profile(name, kind, words=_moments(numbers))
    kind = kind if kind in types.NUMERIC else "FLOAT64"  # of a sparse vector's values
    return Profile(name, kind, histogram=_histogram_of(numbers))


def _histogram_of(numbers: Floats) -> Histogram | None:
    if not len(numbers):
        return None
    low, high = float(numbers.min()), float(numbers.max())
    places = np.zeros(len(numbers), dtype=np.intp)
    if high > low:
        shares = (numbers - low) / (high - low)
        places = np.minimum((shares * BUCKETS).astype(np.intp), BUCKETS - 1)
    counts = np.bincount(places, minlength=BUCKETS)
    return Histogram(low, high, tuple(map(float, counts)))


def _words(kind: str, values: list[Any], codes: Codes) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for value, count in zip(values, np.bincount(codes, minlength=len(values) + 1)[1:], strict=True):
        text = str(value)
        if kind == "BYTES":
            text = base64.b64decode(text).decode(errors="replace")
        counts[text] += int(count)
    return _most_frequent(counts)


def _moments(seconds: Floats) -> tuple[tuple[str, int], ...]:
    found, counts = np.unique(seconds, return_counts=True)
    first = np.lexsort((found, -counts))[:RANKS]
    moments = pa.array(np.round(found[first] * 1e6).astype(np.int64))
    texts = written_timestamps(moments.cast(pa.timestamp("us", tz="UTC"))).to_pylist()
    return tuple(zip(texts, map(int, counts[first]), strict=True))


def _most_frequent(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0].encode()))
    return tuple(ranked[:RANKS])
