"""Rows that a test split seldom holds: NULLs, unseen categories and extremes.

Each hard row is a training row with one column changed, so that a row that differs names
its cause; then rows with everything NULL, everything unseen, and both kinds at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from export.manifest import Feature, Value

UNSEEN = "unseen in training"
BASES = 2
INT64_LEAST, INT64_GREATEST = -(2**63), 2**63 - 1
FAR = 1e300  # of float64, with room for weights


@dataclass(frozen=True)
class HardRow:
    """One hard row.

    Parameters
    ----------
    key : str
        Name such as `hard:unseen:region:0`.
    kind : {"null", "unseen", "extreme"}
        Why it is hard.
    values : dict
        Value by feature; None is NULL.
    """

    key: str
    kind: str
    values: dict[str, Value]


def hard_rows(features: Sequence[Feature], typical: Sequence[dict[str, Value]]) -> list[HardRow]:
    """Make the hard rows.

    Parameters
    ----------
    features : sequence of Feature
        With training ranges and categories.
    typical : sequence of dict
        Training rows to start from; the first `BASES` are used.
    """
    rows = []
    for number, base in enumerate(typical[:BASES]):
        changes = [*_single(features, base), *_many(features)]
        rows += [
            HardRow(f"hard:{kind}:{name}:{number}", kind, base | change)
            for kind, name, change in changes
        ]
    return rows


def _single(
    features: Sequence[Feature], base: dict[str, Value]
) -> Iterator[tuple[str, str, dict[str, Value]]]:
    for feature in features:
        yield "null", feature.name, {feature.name: None}
        if feature.kind == "categorical":
            for name, value in _unseen(feature, base[feature.name]):
                yield "unseen", f"{feature.name}.{name}", {feature.name: value}
        else:
            for name, number in _extremes(feature):
                yield "extreme", f"{feature.name}.{name}", {feature.name: number}


def _many(features: Sequence[Feature]) -> Iterator[tuple[str, str, dict[str, Value]]]:
    nothing: dict[str, Value] = {feature.name: None for feature in features}
    strange: dict[str, Value] = {
        feature.name: UNSEEN for feature in features if feature.kind == "categorical"
    }
    largest: dict[str, Value] = {
        feature.name: dict(_extremes(feature))["far_above"]
        for feature in features
        if feature.kind == "numeric"
    }
    yield "null", "everything", nothing
    yield "unseen", "everything", strange
    yield "unseen", "and_null", nothing | strange
    yield "extreme", "everything", largest
    yield "extreme", "and_unseen", largest | strange


def _unseen(feature: Feature, seen: Value) -> list[tuple[str, str]]:
    """Return a word, the empty text, and a seen value in another case and with a blank."""
    known = set(feature.categories or ())
    text = str(seen or "x")
    candidates = {
        "word": UNSEEN,
        "empty": "",
        "case": text.swapcase(),
        "blank": f"{text} ",
        "quotes": '"it\'s\\ new"\n',
    }
    return [(name, value) for name, value in candidates.items() if value not in known]


def _extremes(feature: Feature) -> list[tuple[str, Value]]:
    whole = feature.type == "INT64"
    least, greatest = (INT64_LEAST, INT64_GREATEST) if whole else (-FAR, FAR)
    low, high = feature.min or 0, feature.max or 0
    width = max(high - low, 1)
    numbers = {
        "least": low,
        "greatest": high,
        "far_below": min(low, max(least, low - 10 * width)),
        "far_above": max(high, min(greatest, high + 10 * width)),
        "zero": 0,
    }
    return [(name, value if whole else float(value)) for name, value in numbers.items()]
