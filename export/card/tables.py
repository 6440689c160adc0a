"""The card's tables, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from export.background import Audited, Background
from export.card.wording import Language, code, escape, number, plain
from export.manifest import Feature

METRICS: dict[str, dict[Language, str]] = {
    "r2_score": {"en": "R²", "pt-BR": "R²"},
    "explained_variance": {"en": "explained variance", "pt-BR": "variância explicada"},
    "mean_absolute_error": {"en": "mean absolute error", "pt-BR": "erro absoluto médio"},
    "median_absolute_error": {"en": "median absolute error", "pt-BR": "erro absoluto mediano"},
    "mean_squared_error": {"en": "mean squared error", "pt-BR": "erro quadrático médio"},
    "mean_squared_log_error": {
        "en": "mean squared log error",
        "pt-BR": "erro quadrático médio do logaritmo",
    },
    "roc_auc": {"en": "ROC AUC", "pt-BR": "ROC AUC"},
    "log_loss": {"en": "log loss", "pt-BR": "log loss"},
    "accuracy": {"en": "accuracy", "pt-BR": "acurácia"},
    "precision": {"en": "precision", "pt-BR": "precisão"},
    "recall": {"en": "recall", "pt-BR": "revocação"},
    "f1_score": {"en": "F1", "pt-BR": "F1"},
    "davies_bouldin_index": {"en": "Davies–Bouldin index", "pt-BR": "índice de Davies–Bouldin"},
    "mean_squared_distance": {
        "en": "mean squared distance",
        "pt-BR": "distância quadrática média",
    },
    "total_explained_variance_ratio": {
        "en": "share of variance kept",
        "pt-BR": "parte da variância guardada",
    },
}
MEASURES: dict[str, dict[Language, str]] = {
    "correlation": {"en": "correlation (absolute)", "pt-BR": "correlação (absoluta)"},
    "auc": {"en": "AUC", "pt-BR": "AUC"},
    "conditional_entropy": {
        "en": "bits of doubt left",
        "pt-BR": "bits de dúvida restantes",
    },
}
HEADS: dict[str, dict[Language, tuple[str, ...]]] = {
    "splits": {"en": ("split", "rows"), "pt-BR": ("parte", "linhas")},
    "reports": {
        "en": ("report", "records", "kept", "rejected", "duplicates"),
        "pt-BR": ("relatório", "registros", "aceitos", "rejeitados", "duplicados"),
    },
    "metrics": {
        "en": ("on `test`", "BigQuery ML", "scikit-learn", "constant guess"),
        "pt-BR": ("em `test`", "BigQuery ML", "scikit-learn", "palpite constante"),
    },
    "parity": {
        "en": ("method", "rows", "largest", "relative", "mean", "99%", "labels apart", "holds"),
        "pt-BR": ("método", "linhas", "maior", "relativa", "média", "99%", "rótulos", "vale"),
    },
    "audit": {
        "en": ("column", "measure", "value", "gives it away", "is an input"),
        "pt-BR": ("coluna", "medida", "valor", "entrega", "é entrada"),
    },
    "inputs": {
        "en": ("column", "type", "seen in training", "NULL"),
        "pt-BR": ("coluna", "tipo", "visto no treino", "NULL"),
    },
}
YES: dict[Language, tuple[str, str]] = {"en": ("no", "yes"), "pt-BR": ("não", "sim")}
SHOWN = 30


def splits(background: Background, language: Language) -> str:
    """Return the rows of each split."""
    rows = [(code(name), _count(count, language)) for name, count in background.splits.items()]
    return _table("splits", language, rows)


def reports(background: Background, language: Language) -> str:
    """Return the reports that the data came from."""
    counts = ("records", "sales", "rejected", "duplicates")
    rows = [
        (code(entry["source_file"]), *(_count(entry[name], language) for name in counts))
        for entry in background.reports[:SHOWN]
    ]
    return _table("reports", language, rows)


def metrics(
    found: Mapping[str, Mapping[str, float | None]],
    baseline: Mapping[str, float | None],
    language: Language,
) -> str:
    """Return the metrics of both sides and of the constant."""
    ours, theirs = found["scikit_learn"], found["bigquery_ml"]
    known = theirs.keys() | ours.keys()
    names = [name for name in METRICS if name in known] + sorted(known - METRICS.keys())
    rows = [
        (
            METRICS[name][language] if name in METRICS else escape(name),
            *(_metric(side.get(name), language) for side in (theirs, ours, baseline)),
        )
        for name in names
    ]
    return _table("metrics", language, rows)


def parity(figures: Mapping[str, Mapping[str, Any] | None], published: str, lang: Language) -> str:
    """Return the figures of every method that was tried; the published one is bold."""
    rows = []
    for method in ("retrained", "transplanted"):
        if (entry := figures[method]) is not None:
            mark = "**" if method == published else ""
            distances = (entry[name] for name in ("max_abs", "max_rel", "mean_abs", "p99_abs"))
            rows.append(
                (
                    f"{mark}{method}{mark}",
                    _count(entry["rows"], lang),
                    *(_distance(value, lang) for value in distances),
                    _count(entry["label_disagreements"], lang),
                    YES[lang][entry["within"]],
                )
            )
    return _table("parity", lang, rows)


def audit(entries: Sequence[Audited], features: Sequence[Feature], language: Language) -> str:
    """Return what was checked, and what leaks."""
    inputs = {feature.name for feature in features}
    rows = [
        (
            code(entry.column),
            MEASURES[entry.measure][language] if entry.measure in MEASURES else entry.measure,
            number(entry.value, language),
            f"**{YES[language][1]}**" if entry.leaks else YES[language][0],
            YES[language][entry.column in inputs],
        )
        for entry in entries
    ]
    return _table("audit", language, rows)


def inputs(features: Sequence[Feature], language: Language) -> str:
    """Return the input columns and what training saw in them."""
    rows = [(code(f.name), f.type, _seen(f, language), YES[language][f.nullable]) for f in features]
    return _table("inputs", language, rows)


def _seen(feature: Feature, language: Language) -> str:
    to, more = ("to", "more") if language == "en" else ("a", "outras")
    if feature.categories is None:
        return f"{plain(feature.min, language)} {to} {plain(feature.max, language)}"
    shown = ", ".join(escape(name) or '""' for name in feature.categories[:SHOWN])
    left = len(feature.categories) - SHOWN
    return shown + (f" (+ {left} {more})" if left > 0 else "")


def _metric(value: float | None, language: Language) -> str:
    return number(None if value is None else round(value, 6), language, 6)


def _count(value: int | None, language: Language) -> str:
    text = "–" if value is None else f"{value:,}"
    return text.replace(",", ".") if language == "pt-BR" else text


def _distance(value: float | None, language: Language) -> str:
    text = "∞" if value is None else f"{value:.2g}"
    return text.replace(".", ",") if language == "pt-BR" else text


def _table(name: str, language: Language, rows: Sequence[Sequence[str]]) -> str:
    head = HEADS[name][language]
    marks = ["---"] + ["---:" if name not in ("audit", "inputs") else "---"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))
