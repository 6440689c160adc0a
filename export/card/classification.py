"""A classification's pictures: ROC, calibration with counts, and errors by group.

Two classes are drawn as one curve, of the class that BigQuery ML's metrics judge (the
second); more as one curve each, the class against the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from export.card.canvas import (
    BLUE,
    COLOURS,
    DASHES,
    INK,
    MARKS,
    ORANGE,
    grouped,
    groups,
    rows_of_groups,
    write_numbers,
)
from export.card.captions import caption
from export.card.evidence import Evidence
from export.card.wording import Language, number, short

MOST_CURVES = len(COLOURS)
BINS = 10
Z = 1.959964


def roc(figure: Figure, evidence: Evidence, language: Language) -> None:
    """Draw the share of a class that is recognised against the share of others taken for it."""
    axes = figure.subplots()
    for place, (name, positive, scores) in enumerate(_curves(evidence)):
        if positive.all() or not positive.any():
            continue
        false, true, area = _roc(scores, positive)
        axes.plot(
            false,
            true,
            color=COLOURS[place],
            ls=DASHES[place],
            label=f"{name}: AUC {number(area, language, 3)}",
        )
    axes.plot([0, 1], [0, 1], color=INK, ls=":", label=caption("constant", language))
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set_title(caption("roc", language))
    label = _subject(evidence, language)
    axes.set_xlabel(caption("false_axis", language, label=label))
    axes.set_ylabel(caption("true_axis", language, label=label))
    for axis in (axes.xaxis, axes.yaxis):
        write_numbers(axis, language)
    axes.legend(loc="lower right")


def calibration(figure: Figure, evidence: Evidence, language: Language) -> None:
    """Draw observed shares against predicted probabilities, above how often each was said."""
    above, below = figure.subplots(2, height_ratios=(3, 1), sharex=True)
    for place, (name, positive, scores) in enumerate(_curves(evidence)):
        said, happened, counts = _bins(scores, positive)
        low, high = _interval(happened, counts)
        above.errorbar(
            said,
            happened,
            yerr=[happened - low, high - happened],
            fmt=MARKS[place],
            markersize=5,
            capsize=2,
            color=COLOURS[place],
            label=name,
        )
        style: dict[str, Any] = {"color": COLOURS[place], "ls": DASHES[place]}
        below.hist(scores, bins=20, range=(0, 1), histtype="step", linewidth=1.5, **style)
    above.plot([0, 1], [0, 1], color=INK, ls=":", label=caption("exact", language))
    above.set(xlim=(-0.01, 1.01), ylim=(-0.02, 1.02), title=caption("calibration", language))
    above.set_ylabel(caption("happened_axis", language))
    above.legend(loc="upper left")
    below.set_xlabel(_said(evidence, language))
    below.set_ylabel(caption("rows", language))
    write_numbers(above.yaxis, language)
    write_numbers(below.xaxis, language)
    write_numbers(below.yaxis, language, most=3)


def errors(figure: Figure, evidence: Evidence, language: Language) -> None:
    """Draw the share of wrong labels in each group, beside that of the constant guess."""
    axes = figure.subplots()
    wrong = evidence.truth != evidence.guessed
    words = caption("others", language), caption("all_rows", language)
    found = [
        (name, wrong[np.broadcast_to(mask, wrong.shape)])
        for name, mask in groups(evidence.groups, *words)
    ]
    shares = np.array([values.mean() for _, values in found])
    low, high = _interval(shares, np.array([len(values) for _, values in found]))
    spans = [shares - low, high - shares]
    axes.errorbar(shares, range(len(found)), xerr=spans, fmt="o", color=BLUE, capsize=3)
    classes = evidence.classes or ()
    guess = classes[int(np.argmax(evidence.constant))]
    _line(axes, "all_together", float(wrong.mean()), language, color=ORANGE, dashes=(6, 2))
    _line(axes, "guessing", float((evidence.truth != guess).mean()), language, color=INK, ls=":")
    rows_of_groups(axes, [f"{name} ({grouped(len(v), language)})" for name, v in found])
    grouping = evidence.grouping
    kind = "errors_all" if grouping is None else "errors"
    axes.set_title(caption(kind, language, grouping=grouping or ""))
    axes.set_xlabel(caption("wrong_axis", language))
    axes.set_ylabel(f"{grouping or ''} ({caption('rows', language)})".strip())
    axes.set_xlim(left=0)
    write_numbers(axes.xaxis, language)
    figure.legend(loc="outside lower center", ncols=2)


def _line(axes: Axes, words: str, share: float, language: Language, **style: Any) -> None:
    axes.axvline(share, label=caption(words, language, share=number(share, language, 3)), **style)


def _curves(evidence: Evidence) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.float64]]]:
    """Yield name, membership and probability of each class to draw."""
    classes = evidence.classes or ()
    places = [1] if len(classes) == 2 else range(min(len(classes), MOST_CURVES))
    for place in places:
        yield (
            short(str(classes[place])),
            evidence.truth == classes[place],
            evidence.values[:, place],
        )


def _subject(evidence: Evidence, language: Language) -> str:
    classes = evidence.classes or ()
    return short(str(classes[1])) if len(classes) == 2 else caption("the_class", language)


def _said(evidence: Evidence, language: Language) -> str:
    return f"{caption('said_axis', language)}: {evidence.label} = {_subject(evidence, language)}"


def _roc(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(positive[order])[ends]
    true = np.insert(hits / positive.sum(), 0, 0.0)
    false = np.insert((ends + 1 - hits) / (~positive).sum(), 0, 0.0)
    return false, true, float(np.trapezoid(true, false))


def _bins(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return mean probability, observed share and rows of ten parts of equal size."""
    parts = np.array_split(np.argsort(scores, kind="stable"), min(BINS, len(scores)))
    said = np.array([scores[part].mean() for part in parts])
    happened = np.array([positive[part].mean() for part in parts])
    return said, happened, np.array([len(part) for part in parts])


def _interval(
    shares: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson's 95% interval of shares."""
    spread = Z * Z / counts
    middle = (shares + spread / 2) / (1 + spread)
    half = np.sqrt(spread * (shares * (1 - shares) + spread / 4)) / (1 + spread)
    return np.minimum(middle - half, shares), np.maximum(middle + half, shares)
