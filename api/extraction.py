"""From a fitted scikit-learn pipeline to tables, without knowing its steps.

The steps before the estimator are asked about rows that differ in one cell; the estimator's
weights turn that into numbers. This holds for every pipeline that looks at each column by
itself and at numbers in proportion; `prove` compares the tables with the pipeline on rows
that mix everything, and refuses any other pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from api.errors import LoadError
from api.tables import Categorical, Equation, Numeric, Tables, Value
from export.artifact import Feature, Manifest, class_name, frame, predict

EQUAL = 1e-9
GENERATED_ROWS = 1000
CHUNK = 256
UNSEEN = "\x00no category\x00"
STRANGE = (UNSEEN, "", " ", "_null_filler", "None", "nan", "0", "ção", "'\"\\\n")
Row = dict[str, Value]
Scores = NDArray[np.float64]


def tables_of(pipeline: Any, manifest: Manifest) -> Tables:
    """Return the tables that answer as a pipeline does.

    Raises
    ------
    LoadError
        If the estimator has no weights, or the tables answer otherwise than the pipeline.
    """
    tables = Tables(_link(pipeline, manifest), _equations(pipeline, manifest.features))
    prove(tables, pipeline, manifest)
    return tables


def prove(tables: Tables, pipeline: Any, manifest: Manifest) -> None:
    """Check that tables and pipeline agree on the golden rows and on 1,000 generated ones.

    Raises
    ------
    LoadError
        Naming the first row on which they do not.
    """
    rows: list[Mapping[str, Value]] = [row.input for row in manifest.golden_rows]
    rows += generated_rows(manifest.features, Random(manifest.version))
    names = [class_name(label) for label in manifest.classes or ()]
    for row, wanted in zip(rows, predict(pipeline, manifest, rows), strict=True):
        _, given = tables.answer(row)
        answers = [wanted["probabilities"][n] for n in names] if names else [wanted["value"]]
        if not all(
            abs(a - b) <= EQUAL * max(1.0, abs(b)) for a, b in zip(given, answers, strict=True)
        ):
            raise LoadError(
                f"The tables answer {given} where the pipeline answers {answers}, for the row "
                f"{row}. Only pipelines that look at each column by itself can be served."
            )


def generated_rows(features: Sequence[Feature], random: Random) -> list[Row]:
    """Return rows that mix seen, unseen, missing and far values."""
    return [{f.name: _any_value(f, random) for f in features} for _ in range(GENERATED_ROWS)]


def _any_value(feature: Feature, random: Random) -> Value:
    if random.random() < 0.1:
        return None
    if feature.kind == "categorical":
        if random.random() < 0.2:
            return random.choice(STRANGE)
        return random.choice(feature.categories or STRANGE)
    low, high = _range(feature)
    far = 10 * (high - low) if random.random() < 0.1 else 0.0
    value = random.uniform(low - far, high + far)
    return round(value) if feature.type == "INT64" else value


def _link(pipeline: Any, manifest: Manifest) -> Literal["identity", "logistic", "softmax"]:
    estimator = pipeline[-1]
    if not (hasattr(estimator, "coef_") and hasattr(estimator, "intercept_")):
        raise LoadError(
            f"The pipeline ends in {type(estimator).__name__}, which has no weights; linear and "
            "logistic models can be served."
        )
    if manifest.classes is None:
        return "identity"
    if list(pipeline.classes_.tolist()) != list(manifest.classes):
        raise LoadError(
            f"The pipeline knows the classes {pipeline.classes_.tolist()}; the manifest says "
            f"{list(manifest.classes)}."
        )
    return "logistic" if len(manifest.classes) == 2 else "softmax"


def _equations(pipeline: Any, features: Sequence[Feature]) -> tuple[Equation, ...]:
    base: Row = {feature.name: None for feature in features}
    numeric = {f.name: _numeric(pipeline, features, base, f) for f in _of(features, "numeric")}
    categorical = {
        f.name: _categorical(pipeline, features, base, f) for f in _of(features, "categorical")
    }
    nulls = [null for _, null in (*numeric.values(), *categorical.values())]
    intercepts = _score(pipeline, features, base) - np.sum(nulls, axis=0)
    return tuple(
        Equation(
            float(intercepts[k]),
            {n: Numeric(float(w[k]), float(null[k])) for n, (w, null) in numeric.items()},
            {
                n: Categorical({c: float(w[k]) for c, w in weights.items()}, float(null[k]))
                for n, (weights, null) in categorical.items()
            },
        )
        for k in range(len(intercepts))
    )


def _of(features: Sequence[Feature], kind: str) -> list[Feature]:
    return [feature for feature in features if feature.kind == kind]


def _numeric(
    pipeline: Any, features: Sequence[Feature], base: Row, feature: Feature
) -> tuple[Scores, Scores]:
    """Return the weight, and what NULL adds when 0 adds nothing."""
    low, high = _range(feature)
    at_low, at_high = _scores(
        pipeline, features, base, [base | {feature.name: low}, base | {feature.name: high}]
    )
    weight = (at_high - at_low) / (high - low)
    return weight, weight * low - at_low


def _categorical(
    pipeline: Any, features: Sequence[Feature], base: Row, feature: Feature
) -> tuple[dict[str, Scores], Scores]:
    """Return what each category adds, and NULL, when an unseen category adds nothing."""
    names = sorted({*(feature.categories or ()), *_known_categories(pipeline), *STRANGE[1:]})
    rows = [base | {feature.name: name} for name in (UNSEEN, *names)]
    unseen, *scores = _scores(pipeline, features, base, rows)
    weights = {
        name: score - unseen
        for name, score in zip(names, scores, strict=True)
        if np.any(score != unseen) or name in (feature.categories or ())
    }
    return weights, -unseen


def _range(feature: Feature) -> tuple[float, float]:
    low = 0.0 if feature.min is None else float(feature.min)
    high = low if feature.max is None else float(feature.max)
    return low, high if high > low else low + max(1.0, abs(low))


def _scores(
    pipeline: Any, features: Sequence[Feature], base: Row, rows: Sequence[Row]
) -> list[Scores]:
    """Return how far the scores of rows are from the base row's."""
    coefficients = _coefficients(pipeline)
    start = _design(pipeline, features, [base])
    found: list[Scores] = []
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        found += list((_design(pipeline, features, chunk) - start) @ coefficients)
    return found


def _score(pipeline: Any, features: Sequence[Feature], row: Row) -> Scores:
    score: Scores = _design(pipeline, features, [row])[0] @ _coefficients(pipeline)
    return score + np.ravel(pipeline[-1].intercept_)


def _coefficients(pipeline: Any) -> Scores:
    coefficients: Scores = np.atleast_2d(pipeline[-1].coef_).T
    return coefficients


def _design(pipeline: Any, features: Sequence[Feature], rows: Sequence[Row]) -> Scores:
    prepared = pipeline[:-1].transform(frame(rows, features))
    dense = prepared.toarray() if hasattr(prepared, "toarray") else prepared
    return np.asarray(dense, dtype=np.float64)


def _known_categories(step: Any) -> Iterator[str]:
    """Yield every category that a step, or a step within it, was fitted with."""
    for block in getattr(step, "categories_", ()):
        yield from (value for value in block.tolist() if isinstance(value, str))
    inner = [entry[1] for entry in getattr(step, "steps", ())]
    inner += [entry[1] for entry in getattr(step, "transformers_", ())]
    for entry in inner:
        yield from _known_categories(entry)
