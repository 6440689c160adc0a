"""The few sentences that people read, in English and Brazilian Portuguese."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

Language = Literal["en", "pt-BR"]
LANGUAGES: tuple[Language, ...] = ("en", "pt-BR")
LOSSES: dict[str, dict[Language, str]] = {
    "squared_error": {"en": "mean squared error", "pt-BR": "erro quadrático médio"},
    "log_loss": {"en": "mean log loss", "pt-BR": "log loss média"},
}
SENTENCES: dict[str, dict[Language, str]] = {
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
    "above": {
        "en": "{value} is above the largest value seen in training, {limit}; take the answer with "
        "care.",
        "pt-BR": "{value} está acima do maior valor visto no treino, {limit}; leia a resposta com "
        "cautela.",
    },
    "below": {
        "en": "{value} is below the smallest value seen in training, {limit}; take the answer with "
        "care.",
        "pt-BR": "{value} está abaixo do menor valor visto no treino, {limit}; leia a resposta com "
        "cautela.",
    },
    "unseen": {
        "en": "{value} was not seen in training; the answer leaves {column} out.",
        "pt-BR": "{value} não apareceu no treino; a resposta não leva {column} em conta.",
    },
    "cause": {"en": "{column} = {value}", "pt-BR": "{column} = {value}"},
    "raises": {
        "en": "{cause} raises the answer by {by}.",
        "pt-BR": "{cause} aumenta a resposta em {by}.",
    },
    "lowers": {
        "en": "{cause} lowers the answer by {by}.",
        "pt-BR": "{cause} diminui a resposta em {by}.",
    },
    "moves_nothing": {
        "en": "{cause} does not move the answer.",
        "pt-BR": "{cause} não muda a resposta.",
    },
    "raises_class": {
        "en": "{cause} speaks for {label}: it raises its score by {by}.",
        "pt-BR": "{cause} fala a favor de {label}: aumenta sua pontuação em {by}.",
    },
    "lowers_class": {
        "en": "{cause} speaks against {label}: it lowers its score by {by}.",
        "pt-BR": "{cause} fala contra {label}: diminui sua pontuação em {by}.",
    },
    "moves_nothing_class": {
        "en": "{cause} speaks neither for nor against {label}.",
        "pt-BR": "{cause} não fala nem a favor nem contra {label}.",
    },
    "title": {"en": "Sales models", "pt-BR": "Modelos de vendas"},
    "models": {"en": "Models", "pt-BR": "Modelos"},
    "none": {
        "en": "No model is in service. The reasons are in",
        "pt-BR": "Nenhum modelo está em serviço. Os motivos estão em",
    },
    "predicts": {"en": "predicts", "pt-BR": "prevê"},
    "version": {"en": "version", "pt-BR": "versão"},
    "details": {"en": "Details", "pt-BR": "Detalhes"},
    "description": {
        "en": "Description of the API (OpenAPI)",
        "pt-BR": "Descrição da API (OpenAPI)",
    },
}


def preferred(accept_language: str) -> Language:
    """Choose the language from an Accept-Language header; English unless Portuguese wins."""
    wishes = [_wish(part) for part in accept_language.split(",")[:20]]
    wishes.sort(key=lambda wish: -wish[1])
    for tag, quality in wishes:
        language = tag.split("-")[0]
        if quality > 0 and language in ("pt", "en"):
            return "pt-BR" if language == "pt" else "en"
    return "en"


def say(key: str, language: Language, **values: Any) -> str:
    """Return a sentence with its values, numbers written as the language does."""
    return SENTENCES[key][language].format(
        **{name: _written(value, language) for name, value in values.items()}
    )


def verdict_sentence(
    verdict: Mapping[str, Any], language: Language, *, model_loss: float | None = None
) -> str:
    """Return a verdict in plain words.

    Parameters
    ----------
    verdict : mapping
        The manifest's.
    language : {"en", "pt-BR"}
        Of the reader.
    model_loss : float, optional
        The model's own mean loss; with it the gain is told in percent too.
    """
    interval = verdict["interval"]
    if interval is None or verdict["improvement"] is None:
        return say("untested", language, reason=verdict["reason"] or "").strip()
    loss = verdict["loss"] or ""
    return say(
        verdict["status"],
        language,
        rows=verdict["test_rows"] or 0,
        loss=LOSSES[loss][language] if loss in LOSSES else loss,
        share=_share(verdict["improvement"], model_loss, language),
        improvement=verdict["improvement"],
        low=interval[0],
        high=interval[1],
    )


def _share(improvement: float, model_loss: float | None, language: Language) -> str:
    if model_loss is None or improvement + model_loss <= 0:
        return ""
    percent = 100 * improvement / (improvement + model_loss)
    rounded = float(f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}")
    return f"{_written(rounded, language)}% "


def _wish(part: str) -> tuple[str, float]:
    tag, _, rest = part.partition(";")
    try:
        quality = float(rest.split("=")[1]) if "=" in rest else 1.0
    except ValueError:
        quality = 0.0
    return tag.strip().lower(), quality


def _written(value: Any, language: Language) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not 1e-9 <= abs(value) < 1e15:
        text = f"{value:.4g}"
    elif abs(value) < 1e4:
        text = format(Decimal(f"{value:.4g}"), "f")
    else:
        text = f"{value:,.0f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "pt-BR" else text
