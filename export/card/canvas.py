"""How the card's pictures look, and how one becomes a file.

Okabe and Ito's colours, which colour-blind readers tell apart, and never colour alone:
lines differ in dash, points in mark, so that a grey print reads as well. The same figure
gives the same bytes: fonts are matplotlib's own and no software or time is written.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from export.card.wording import Language, number, short

BLUE, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#777777", "#222222"
COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", INK, "#56B4E9")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (6, 2)),
    (0, (2, 1)),
    (0, (6, 2, 1, 2)),
    (0, (8, 2, 1, 2, 1, 2)),
    "--",
)
DEPTHS = LinearSegmentedColormap.from_list("depths", ["#BBD7EA", BLUE, "#001E33"])
HALO = [withStroke(linewidth=3.5, foreground="white")]  # a line stays visible on dark marks
MARKS = ("o", "s", "^", "D", "v", "P")
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E2E2E2",
    "legend.frameon": False,
    "savefig.dpi": 110,
    "text.parse_math": False,  # a category may hold dollar signs
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.1,
    "figure.constrained_layout.w_pad": 0.1,
}
MOST_GROUPS = 12


def picture(draw: Callable[[Figure], None], *, height: float = 4.2) -> bytes:
    """Return a figure as PNG.

    Parameters
    ----------
    draw : callable
        Puts axes and marks on an empty figure.
    height : float
        In inches; the width is 7.
    """
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # shown as a box
        figure = Figure(figsize=(7, height))
        FigureCanvasAgg(figure)
        draw(figure)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def grouped(value: float, language: Language, digits: int = 4) -> str:
    """Write a number with thousands marks from 1,000 on, so that an axis looks of a piece."""
    if abs(value) < 1000:
        return number(value, language, digits)
    text = f"{value:,.0f}"
    return text.replace(",", ".") if language == "pt-BR" else text


def write_numbers(axis: Any, language: Language, *, most: int = 6) -> None:
    """Write an axis' numbers as the language does."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: grouped(value, language)))


def groups(
    names: NDArray[Any] | None, others: str, all_rows: str
) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the groups to draw, the largest first, each with its rows.

    Parameters
    ----------
    names : ndarray of shape (n_rows,) or None
        Category by row, None for NULL.
    others : str
        Name of what is left when there are more than `MOST_GROUPS`.
    all_rows : str
        Name of the one group when nothing groups.
    """
    if names is None:
        return [(all_rows, np.ones(1, dtype=np.bool_))]
    texts = np.array(["NULL" if name is None else name for name in names], dtype=object)
    found, counts = np.unique(texts.astype(str), return_counts=True)
    order = sorted(zip(-counts, found.tolist(), strict=True))
    kept = [name for _, name in order]
    shown = kept if len(kept) <= MOST_GROUPS else kept[: MOST_GROUPS - 1]
    made = [(short(name), texts == name) for name in shown]
    if len(shown) < len(kept):
        made.append((others, ~np.isin(texts.astype(str), shown)))
    return made


def rows_of_groups(axes: Axes, labels: list[str]) -> None:
    """Name the rows of a horizontal chart from top to bottom."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
