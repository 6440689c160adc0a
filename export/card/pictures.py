"""Which pictures a card has, drawn once a language."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from export.card import classification, regression
from export.card.canvas import BLUE, grouped, picture, rows_of_groups, write_numbers
from export.card.captions import caption
from export.card.evidence import Evidence
from export.card.wording import LANGUAGES, Language, labelled, short

Drawing = Callable[[Figure, Evidence, Language], None]
TASKS: dict[str, tuple[Drawing, ...]] = {
    "regression": (regression.predicted, regression.residuals),
    "classification": (classification.roc, classification.calibration, classification.errors),
}
MOST_COLUMNS = 15


def pictures(evidence: Evidence, task: str) -> dict[str, bytes]:
    """Return the pictures by file name, such as `roc.pt-BR.png`."""
    drawings = [*TASKS[task], *([importance] if evidence.importance else [])]
    return {
        file_name(drawing.__name__, language): _picture(drawing, evidence, language)
        for drawing in drawings
        for language in LANGUAGES
    }


def file_name(name: str, language: Language) -> str:
    """Return the name of a picture's file."""
    return f"{name}.{language}.png"


def importance(figure: Figure, evidence: Evidence, language: Language) -> None:
    """Draw each input column's mean absolute attribution."""
    axes = figure.subplots()
    found = list((evidence.importance or {}).items())[:MOST_COLUMNS]
    values = [value for _, value in found]
    axes.barh(range(len(found)), values, color=BLUE, height=0.65)
    for place, value in enumerate(values):
        axes.annotate(
            grouped(value, language, 3),
            (value, place),
            (4, 0),
            textcoords="offset points",
            va="center",
        )
    rows_of_groups(axes, [short(name) for name, _ in found])
    unit = caption("log_odds", language) if evidence.classes else evidence.label
    axes.set_title(caption("importance", language))
    axes.set_xlabel(labelled(caption("importance_axis", language), unit))
    axes.margins(x=0.12)
    write_numbers(axes.xaxis, language)


def _picture(drawing: Drawing, evidence: Evidence, language: Language) -> bytes:
    height = 5.2 if drawing in (classification.roc, classification.calibration) else 4.2
    return picture(lambda figure: drawing(figure, evidence, language), height=height)
