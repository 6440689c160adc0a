"""A regression's pictures: predicted against actual, and errors by group."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from export.card.canvas import (
    BLUE,
    DEPTHS,
    HALO,
    INK,
    ORANGE,
    grouped,
    groups,
    rows_of_groups,
    write_numbers,
)
from export.card.captions import caption
from export.card.evidence import Evidence
from export.card.wording import Language, labelled

FEW = 400
BOXES: dict[str, Any] = {
    "orientation": "horizontal",
    "whis": (5, 95),
    "showfliers": False,
    "widths": 0.6,
    "patch_artist": True,
    "boxprops": {"facecolor": "#BBD7EA", "edgecolor": BLUE},
    "medianprops": {"color": INK, "linewidth": 2},
    "whiskerprops": {"color": BLUE},
    "capprops": {"color": BLUE},
    "manage_ticks": False,
}


def predicted(figure: Figure, evidence: Evidence, language: Language) -> None:
    """Draw predicted against actual, with the line of exact answers and the constant guess."""
    axes = figure.subplots()
    actual, given = evidence.truth, evidence.values[:, 0]
    low, high = min(actual.min(), given.min()), max(actual.max(), given.max())
    margin = 0.03 * ((high - low) or 1.0)
    ends = (low - margin, high + margin)
    halo: dict[str, Any] = {}
    if len(actual) < FEW:
        axes.plot(actual, given, "o", color=BLUE, markersize=4, alpha=0.6)
    else:
        hexagons = axes.hexbin(
            actual, given, gridsize=45, bins="log", mincnt=1, cmap=DEPTHS, extent=ends * 2
        )
        bar = figure.colorbar(hexagons, ax=axes, label=caption("rows", language))
        bar.ax.yaxis.set_major_formatter(lambda value, _: grouped(value, language))
        bar.outline.set_visible(False)
        halo = {"path_effects": HALO, "zorder": 5}
    axes.plot(ends, ends, color=ORANGE, ls=(0, (6, 2)), label=caption("exact", language), **halo)
    axes.axhline(evidence.constant, color=INK, ls=":", label=caption("constant", language), **halo)
    axes.set(xlim=ends, ylim=ends, title=caption("predicted", language))
    axes.set_xlabel(labelled(caption("actual_axis", language), evidence.label))
    axes.set_ylabel(labelled(caption("predicted_axis", language), evidence.label))
    for axis in (axes.xaxis, axes.yaxis):
        write_numbers(axis, language)
    axes.legend(loc="upper left")


def residuals(figure: Figure, evidence: Evidence, language: Language) -> None:
    """Draw the distribution of errors in each group."""
    axes = figure.subplots()
    errors = evidence.values[:, 0] - evidence.truth
    words = caption("others", language), caption("all_rows", language)
    found = [
        (name, errors[np.broadcast_to(mask, errors.shape)])
        for name, mask in groups(evidence.groups, *words)
    ]
    axes.axvline(0, color=ORANGE, dashes=(6, 2))
    axes.boxplot(
        [values for _, values in found],
        positions=range(len(found)),
        **BOXES,
    )
    rows_of_groups(axes, [f"{name} ({grouped(len(v), language)})" for name, v in found])
    grouping = evidence.grouping
    kind = "residuals_all" if grouping is None else "residuals"
    axes.set_title(caption(kind, language, grouping=grouping or ""))
    label = labelled(caption("residual_axis", language), evidence.label)
    axes.set_xlabel(f"{label}\n{caption('residual_note', language)}")
    axes.set_ylabel(f"{grouping or ''} ({caption('rows', language)})".strip())
    write_numbers(axes.xaxis, language)
