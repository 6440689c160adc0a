"""Whether tables answer as their pipeline does, on rows that mix everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from api.errors import Entangled
from api.scoring.compiled import Scorer
from export.artifact import Feature, Manifest, class_name, predict

EQUAL, EQUAL_TREES = 1e-9, 1e-6
GENERATED_ROWS = 1000
UNSEEN = "\x00no category\x00"
STRANGE = (UNSEEN, "", " ", "_null_filler", "None", "nan", "0", "ção", "'\"\\\n")
Row = dict[str, Any]


def prove(scorer: Scorer, pipeline: Any, manifest: Manifest) -> None:
    """Check that scorer and pipeline agree on the golden rows and on 1,000 generated ones.

    Raises
    ------
    Entangled
        Naming the first row on which they do not.
    """
    rows: list[Mapping[str, Any]] = [row.input for row in manifest.golden_rows]
    rows += generated_rows(manifest.features, Random(manifest.version))
    names = [class_name(label) for label in manifest.classes or ()]
    trees = scorer.tables is not None and scorer.tables.trees is not None
    equal = EQUAL_TREES if trees else EQUAL
    given = [scorer.one([row[f.name] for f in manifest.features]) for row in rows]
    many = scorer.many(scorer.columns([[r[f.name] for r in rows] for f in manifest.features]))
    for at, wanted in enumerate(predict(pipeline, manifest, rows)):
        answers = [wanted["probabilities"][n] for n in names] if names else [wanted["value"]]
        for outputs in (given[at], many[at].tolist()):
            if not all(
                abs(a - b) <= equal * max(1.0, abs(b))
                for a, b in zip(outputs, answers, strict=True)
            ):
                raise entangled(
                    f"the tables answer {outputs} where the pipeline answers {answers}, for the "
                    f"row {rows[at]}"
                )


def generated_rows(features: Sequence[Feature], random: Random) -> list[Row]:
    """Return rows that mix seen, unseen, missing and far values."""
    return [{f.name: _any_value(f, random) for f in features} for _ in range(GENERATED_ROWS)]


def span(feature: Feature) -> tuple[float, float]:
    """Return two different numbers between which a column was in training."""
    low = 0.0 if feature.min is None else float(feature.min)
    high = low if feature.max is None else float(feature.max)
    return low, high if high > low else low + max(1.0, abs(low))


def entangled(what: str) -> Entangled:
    """Return why tables cannot repeat a pipeline."""
    return Entangled(
        f"Tables cannot repeat the pipeline: {what}. Only one that looks at each column by itself "
        "can be compiled."
    )


def _any_value(feature: Feature, random: Random) -> str | float | None:
    if random.random() < 0.1:
        return None
    if feature.kind == "categorical":
        if random.random() < 0.2:
            return random.choice(STRANGE)
        return random.choice(feature.categories or STRANGE)
    low, high = span(feature)
    far = 10 * (high - low) if random.random() < 0.1 else 0.0
    value = random.uniform(low - far, high + far)
    return round(value) if feature.type == "INT64" else value
