"""Causes that rows tell: what those apart have in common, and what would make them agree."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice, permutations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from export.batch import Batch
from export.causes.case import Case
from export.parity import TOLERANCE, Answers
from export.responses import answer

FLOAT32 = 2.0**-22
MOST_PAIRS = 200
MOST_CLASSES = 6
# Of the rows that are not apart, so many may have the value too: where a probability is all
# but 0 or 1, no weight shows.
STRAY = 0.1


def exchanged_classes(case: Case) -> str | None:
    """Whether the classes' probabilities are in another order."""
    classes, expected, actual = case.study.classes, case.apart.expected, case.apart.actual
    if classes is None or not 1 < len(classes) <= MOST_CLASSES or _agree(expected, actual):
        return None
    if not len(expected):
        return None
    for order in permutations(range(len(classes))):
        if _agree(expected, actual[:, order]):
            moved = [f"{classes[a]!r}" for a, b in enumerate(order) if a != b]
            return f"the classes {', '.join(moved)} are exchanged."
    return None


def threshold(case: Case) -> str | None:
    """Labels that differ where the probabilities agree."""
    apart, classes = case.apart, case.study.classes
    if classes is None or not _agree(apart.expected, apart.actual):
        return None
    if all(pair is None or pair[0] == pair[1] for pair in apart.labels):
        return None
    if len(classes) > 2:
        return "the probabilities agree and the labels do not: another rule than the likeliest."
    low, high = apart.expected[:, 1].min(), apart.expected[:, 1].max()
    return (
        f"another decision threshold: the probabilities agree, and labels differ where that of "
        f"{classes[1]!r} is between {low:.4g} and {high:.4g}. BigQuery ML's is 0.5."
    )


def nulls(case: Case) -> str | None:
    """Only hard rows with NULL are apart."""
    if set(case.examined.certificate.kinds_apart) <= {"null"} and len(case.apart.frame):
        frame = case.apart.frame
        column = next((f.name for f in case.study.features if frame[f.name].isna().all()), None)
        of = f" of '{column}'" if column else ""
        return f"only rows with NULL differ, so the value that stands in for it{of} does."
    return None


def value(case: Case) -> str | None:
    """One value, or one range of values, that every row apart has and no other."""
    for feature in case.study.features:
        ours, others = case.apart.frame.get(feature.name), case.near.frame.get(feature.name)
        if ours is None or others is None or not len(ours) or not len(others):
            continue
        if feature.kind == "categorical":
            if found := _category(case, feature.name, ours, others):
                return found
        elif found := _range(feature.name, ours, others):
            return found
    return None


def _category(case: Case, name: str, ours: Any, others: Any) -> str | None:
    mine = set(ours.map(_text))
    if len(mine) != 1 or others.map(_text).isin(mine).mean() > STRAY:
        return None
    (value,) = mine
    known = _known(case.candidate.pipeline)
    if known and value not in known:
        return f"the pipeline lacks the category {value} of '{name}': only its rows differ."
    return f"only rows with '{name}' = {value} differ: its weight, or its place among categories."


def _range(name: str, ours: Any, others: Any) -> str | None:
    if ours.isna().all() and not others.isna().any():
        return f"only rows where '{name}' is NULL differ: the value that stands in for it."
    if ours.isna().any():
        return None
    low, high = ours.min(), ours.max()
    width = max(high, others.max()) - min(low, others.min())
    if others.between(low, high).mean() > STRAY or high - low > width / 2:
        return None
    return (
        f"only rows with '{name}' from {low:.10g} to {high:.10g} differ: a bucket or a step "
        "begins elsewhere."
    )


def exchanged_columns(case: Case) -> str | None:
    """Two columns that are exchanged."""
    study, rows = case.study, case.apart
    if not len(rows.frame) or _agree(rows.expected, rows.actual):
        return None
    kinds = {feature.name: feature.kind for feature in study.features}
    pairs = ((a, b) for a, b in combinations(kinds, 2) if kinds[a] == kinds[b])
    for first, second in islice(pairs, MOST_PAIRS):
        swapped = rows.frame.rename(columns={first: second, second: first})
        if _agree(rows.expected, _answered(case, swapped[list(kinds)])):
            return f"the columns '{first}' and '{second}' are exchanged."
    return None


def exchanged_categories(case: Case) -> str | None:
    """Two categories of a column that take each other's place."""
    rows = case.apart
    if not len(rows.frame) or _agree(rows.expected, rows.actual):
        return None
    for feature in case.study.features:
        pairs = combinations(feature.categories or (), 2)
        for first, second in islice(pairs, MOST_PAIRS):
            turned = rows.frame[feature.name].replace({first: second, second: first})
            swapped = rows.frame.assign(**{feature.name: turned})
            if _agree(rows.expected, _answered(case, swapped)):
                return f"the categories {first!r} and {second!r} of '{feature.name}' are exchanged."
    return None


def rounding(case: Case) -> str | None:
    """Differences of the size that float32 rounds by."""
    rows, model = case.apart, case.candidate.pipeline[-1]
    if case.study.node.task != "regression" or not len(rows.frame) or not hasattr(model, "coef_"):
        return None
    columns = case.candidate.pipeline[:-1].transform(rows.frame)
    terms = np.abs(columns) @ np.abs(np.ravel(model.coef_)) + abs(float(model.intercept_))
    apart = np.abs(rows.expected[:, 0] - rows.actual[:, 0])
    if not (apart <= FLOAT32 * terms).all():
        return None
    return (
        "numbers in float32 where BigQuery ML has float64: the differences are no larger than "
        "what it rounds away of the terms of the sum."
    )


def _answered(case: Case, frame: pd.DataFrame) -> NDArray[np.float64]:
    expected = case.study.hard_batch.expected
    keys = tuple(str(row) for row in range(len(frame)))
    blank = Answers(keys, expected.outputs, case.apart.expected, None, expected.classes)
    found = answer(case.study, case.candidate.pipeline, Batch(frame, blank))
    places = [found.outputs.index(name) for name in expected.outputs if name in found.outputs]
    return found.values[:, places]


def _agree(expected: NDArray[np.float64], actual: NDArray[np.float64]) -> bool:
    if expected.shape != actual.shape or not expected.size:
        return False
    told = ~np.isnan(expected)
    size = np.maximum(1.0, np.abs(expected))
    with np.errstate(invalid="ignore"):
        return bool((np.abs(expected - actual) <= TOLERANCE * size)[told].all())


def _known(pipeline: Any) -> set[str]:
    """Return the texts that the pipeline's encoders know."""
    return {_text(value) for block in _blocks(pipeline[0]) for value in block}


def _blocks(step: Any) -> Iterator[Any]:
    if hasattr(step, "categories_"):
        yield from step.categories_
    elif hasattr(step, "estimator"):
        yield from _blocks(step.estimator)
    elif hasattr(step, "transformers_"):
        for _, one, _ in step.transformers_:
            yield from _blocks(one)
    elif hasattr(step, "steps"):
        for _, one in step.steps:
            yield from _blocks(one)


def _text(value: Any) -> str:
    return "NULL" if value is None or value != value else repr(value)
