"""The words in the pictures."""

from __future__ import annotations

from export.card.wording import Language

CAPTIONS: dict[str, dict[Language, str]] = {
    "predicted": {"en": "Predicted against actual", "pt-BR": "Previsto e real"},
    "actual_axis": {"en": "actual", "pt-BR": "real:"},
    "predicted_axis": {"en": "predicted", "pt-BR": "previsto:"},
    "exact": {"en": "exact", "pt-BR": "exato"},
    "constant": {"en": "constant guess", "pt-BR": "palpite constante"},
    "rows": {"en": "rows", "pt-BR": "linhas"},
    "residuals": {"en": "Error by {grouping}", "pt-BR": "Erro por {grouping}"},
    "residuals_all": {"en": "Error", "pt-BR": "Erro"},
    "residual_axis": {"en": "predicted − actual:", "pt-BR": "previsto − real:"},
    "residual_note": {
        "en": "box: half of the rows; whiskers: nine in ten",
        "pt-BR": "caixa: metade das linhas; hastes: nove em dez",
    },
    "others": {"en": "others", "pt-BR": "outros"},
    "all_rows": {"en": "all rows", "pt-BR": "todas"},
    "roc": {"en": "ROC: how well it ranks", "pt-BR": "ROC: quão bem ordena"},
    "false_axis": {
        "en": "others taken for {label} (share)",
        "pt-BR": "outros tomados por {label} (proporção)",
    },
    "true_axis": {
        "en": "{label} recognised (share)",
        "pt-BR": "{label} reconhecidos (proporção)",
    },
    "the_class": {"en": "the class", "pt-BR": "a classe"},
    "calibration": {
        "en": "Calibration: are its probabilities true?",
        "pt-BR": "Calibração: as probabilidades são verdadeiras?",
    },
    "said_axis": {"en": "predicted probability", "pt-BR": "probabilidade prevista"},
    "happened_axis": {"en": "observed share", "pt-BR": "proporção observada"},
    "errors": {"en": "Wrong answers by {grouping}", "pt-BR": "Respostas erradas por {grouping}"},
    "errors_all": {"en": "Wrong answers", "pt-BR": "Respostas erradas"},
    "wrong_axis": {
        "en": "wrong (share of rows, 95% interval)",
        "pt-BR": "erradas (proporção das linhas, intervalo de 95%)",
    },
    "all_together": {"en": "all rows: {share}", "pt-BR": "todas: {share}"},
    "guessing": {"en": "constant guess: {share}", "pt-BR": "palpite constante: {share}"},
    "importance": {
        "en": "How much each column moves the answer",
        "pt-BR": "Quanto cada coluna move a resposta",
    },
    "importance_axis": {
        "en": "mean distance from the mean answer:",
        "pt-BR": "distância média da resposta média:",
    },
    "log_odds": {"en": "log-odds", "pt-BR": "log-odds"},
}


def caption(key: str, language: Language, **values: str) -> str:
    """Return a picture's text."""
    return CAPTIONS[key][language].format(**values)
