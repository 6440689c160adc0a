"""Why a model answers as it does: the attributions of ML.EXPLAIN_PREDICT, in words too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.inference.batch import Row
from api.inference.cells import show
from api.phrases import Language, say
from export.artifact import Feature, class_name

# ML.EXPLAIN_PREDICT's own default (top_k_features).
MOST = 5


@dataclass(frozen=True)
class Attribution:
    """What one feature adds.

    Parameters
    ----------
    feature : str
        The input column, or what a TRANSFORM clause makes of it.
    attribution : float
        In the unit of the label; of a classifier in the score's (log odds).
    sentence : str
        The same in the reader's language.
    """

    feature: str
    attribution: float
    sentence: str


@dataclass(frozen=True)
class Explanation:
    """Why one row is answered so: baseline and all attributions add up to the raw prediction.

    Parameters
    ----------
    of : str, int, bool or None
        The class whose score is explained: of two classes the second, of more the likeliest.
    baseline, prediction : float
        The score before any feature is known, and the score.
    attributions : list of Attribution
        The greatest, `MOST` at most.
    """

    of: str | int | bool | None
    baseline: float
    prediction: float
    attributions: list[Attribution]


def explain(
    features: Sequence[Feature],
    rows: Sequence[Row],
    attributions: Sequence[tuple[Sequence[float], Mapping[str, Sequence[float]]]],
    likeliest: Sequence[int] | None,
    classes: Sequence[str | int | bool] | None,
    language: Language,
) -> list[Explanation]:
    """Explain the answers to some rows.

    Parameters
    ----------
    features : sequence of Feature
        The model's.
    rows : sequence of tuple
        What was answered.
    attributions : sequence of (baseline, parts)
        Of each row, by output.
    likeliest, classes : sequence or None
        The answers' likeliest classes, and all classes; None for a regression.
    language : {"en", "pt-BR"}
        Of the sentences.
    """
    found = []
    for at, (row, (baseline, parts)) in enumerate(zip(rows, attributions, strict=True)):
        place = 0 if len(baseline) == 1 or likeliest is None else likeliest[at]
        of = None
        if classes is not None:
            of = classes[1] if len(baseline) == 1 else classes[place]
        mine = {name: scores[place] for name, scores in parts.items()}
        total = baseline[place] + sum(mine.values())
        values = {f.name: value for f, value in zip(features, row, strict=True)}
        found.append(Explanation(of, baseline[place], total, _greatest(mine, values, of, language)))
    return found


def _greatest(
    parts: Mapping[str, float], values: Mapping[str, Any], of: Any, language: Language
) -> list[Attribution]:
    order = sorted(parts, key=lambda name: -abs(parts[name]))[:MOST]
    return [
        Attribution(name, parts[name], _sentence(name, parts[name], values, of, language))
        for name in order
    ]


def _sentence(
    name: str, part: float, values: Mapping[str, Any], of: Any, language: Language
) -> str:
    cause = name
    if name in values:
        value = values[name]
        written = "NULL" if value is None else show(value) if isinstance(value, str) else value
        cause = say("cause", language, column=name, value=written)
    key = "raises" if part > 0 else "lowers" if part < 0 else "moves_nothing"
    if of is None:
        return say(key, language, cause=cause, by=abs(part))
    return say(f"{key}_class", language, cause=cause, by=abs(part), label=class_name(of))
