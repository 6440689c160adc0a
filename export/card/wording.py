"""Numbers, units and data as the card's reader reads them, and the verdict in plain words.

What comes from data (categories, reasons, file names) goes through `escape` or `code`, so
that no text of a report becomes Markdown or HTML. The verdict's sentences are those of the
API: managers read one wording.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

Language = Literal["en", "pt-BR"]
LANGUAGES: tuple[Language, ...] = ("en", "pt-BR")
UNITS = {"usd": "USD", "brl": "BRL", "eur": "EUR", "km": "km", "l": "L"}
MARKS = re.compile(r"[\\`*_{}\[\]<>|~&@$#!]|:(?=/)|(?<=www)\.", re.IGNORECASE)
BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")
LONGEST = 1200
LOSSES: dict[str, dict[Language, str]] = {
    "squared_error": {"en": "mean squared error", "pt-BR": "erro quadrático médio"},
    "log_loss": {"en": "mean log loss", "pt-BR": "log loss média"},
}
VERDICTS: dict[str, dict[Language, str]] = {
    "signal": {
        "en": "Better than a constant guess: on {rows} rows it had not seen, its {loss} is "
        "{share}lower (by {improvement}, 95% interval {low} to {high}).",
        "pt-BR": "Melhor que um palpite constante: em {rows} linhas que não tinha visto, a perda "
        "({loss}) é {share}menor (em {improvement}; intervalo de 95%: {low} a {high}).",
    },
    "no_signal": {
        "en": "Do not decide by this: on {rows} rows it had not seen, the model is not shown to be "
        "better than a constant guess (gain in {loss} {improvement}, 95% interval {low} to "
        "{high}).",
        "pt-BR": "Não decida com base nisto: em {rows} linhas que não tinha visto, o modelo não se "
        "mostrou melhor que um palpite constante (ganho em {loss}: {improvement}, intervalo de "
        "95%: {low} a {high}).",
    },
    "untested": {
        "en": "Do not decide by this: the model was not shown to be better than a constant guess. "
        "{reason}",
        "pt-BR": "Não decida com base nisto: não se mostrou que o modelo seja melhor que um "
        "palpite constante. {reason}",
    },
}


def verdict_sentence(
    verdict: Mapping[str, Any], language: Language, *, model_loss: float | None = None
) -> str:
    """Return a verdict in plain words, as Markdown.

    Parameters
    ----------
    verdict : mapping
        The manifest's.
    language : {"en", "pt-BR"}
        Of the reader.
    model_loss : float, optional
        The model's own mean loss; with it the gain is told in percent too.
    """
    interval, gain = verdict["interval"], verdict["improvement"]
    if interval is None or gain is None:
        reason = escape(verdict["reason"] or "")
        return VERDICTS["untested"][language].format(reason=reason).strip()
    loss = verdict["loss"] or ""
    known = None if model_loss is None or gain + model_loss <= 0 else gain / (gain + model_loss)
    return VERDICTS[verdict["status"]][language].format(
        rows=number(verdict["test_rows"] or 0, language),
        loss=LOSSES[loss][language] if loss in LOSSES else escape(loss),
        share="" if known is None else f"{_percent(100 * known, language)}% ",
        improvement=number(gain, language),
        low=number(interval[0], language),
        high=number(interval[1], language),
    )


def number(value: float | None, language: Language, digits: int = 4) -> str:
    """Write a number as the language does: whole from 10,000 on, else so many digits."""
    if value is None or value != value:
        return "–"
    if value == 0:
        return "0"
    if not 1e-9 <= abs(value) < 1e15:
        text = f"{value:.{digits}g}"
    elif abs(value) < 1e4:
        text = format(Decimal(f"{value:.{digits}g}"), "f")
    else:
        text = f"{value:,.0f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "pt-BR" else text


def plain(value: float | None, language: Language) -> str:
    """Write an input's value, such as a year: all its digits, no thousands marks."""
    text = "–" if value is None else f"{value:.12g}"
    return text.replace(".", ",") if language == "pt-BR" else text


def labelled(words: str, column: str) -> str:
    """Return an axis label: words, the column and its unit, if its name tells one."""
    unit = UNITS.get(column.rsplit("_", 1)[-1])
    return f"{words} {column}" + (f" [{unit}]" if unit else "")


def escape(text: str) -> str:
    """Return text as Markdown that shows it and does nothing else."""
    return MARKS.sub(r"\\\g<0>", _one_line(text)) if text else ""


def code(text: str) -> str:
    """Return a name as a code span that also fits into a table."""
    return "`" + _one_line(text).replace("`", "'").replace("|", "\\|") + "`"


def short(text: str, length: int = 24) -> str:
    """Return a category's name for a picture."""
    line = _one_line(text)
    return line if len(line) <= length else line[: length - 1] + "…"


def _one_line(text: str) -> str:
    line = BLANKS.sub(" ", str(text)).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _percent(value: float, language: Language) -> str:
    return number(float(f"{value:.0f}" if value >= 10 else f"{value:.2g}"), language)
