"""The model card: what a stakeholder should know before using a model, on one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from export.manifest import Feature

VERDICTS = {
    "signal": (
        "better than the constant baseline on rows it never saw",
        "melhor que a referência constante em linhas que nunca viu",
    ),
    "no_signal": (
        "**not** better than a constant: do not decide by its predictions",
        "**não** é melhor que uma constante: não decida pelas previsões dele",
    ),
}


def write_card(facts: Mapping[str, Any], features: tuple[Feature, ...]) -> bytes:
    """Return the card in Markdown, with a summary in Brazilian Portuguese.

    Parameters
    ----------
    facts : mapping
        The manifest's keys that are known before the card is.
    features : tuple of Feature
        Input columns.
    """
    english, portuguese = VERDICTS[facts["verdict"]["status"]]
    figures, method = facts["parity"]["published"], facts["method"]
    lines = [
        f"# {facts['model']} ({facts['version']})",
        "",
        f"Predicts `{facts['label']}` ({facts['task']}, BigQuery ML {facts['model_type']}, "
        f"published as a scikit-learn pipeline: {method['published']}).",
        "",
        f"**Verdict:** {english}. {facts['verdict']['reason'] or ''}".rstrip(),
        "",
        f"**Parity:** {figures['rows']:,} rows compared with ML.PREDICT, greatest difference "
        f"{figures['max_abs']:.3g} (relative {figures['max_rel']:.3g}, tolerance "
        f"{figures['tolerance']:g}), {figures['label_disagreements']} labels differ.",
        "",
        method["reason"],
        "",
        "## Metrics on the test split",
        "",
        "| metric | BigQuery ML | scikit-learn |",
        "|---|---|---|",
        *_metrics(facts["metrics"]),
        "",
        "## Input",
        "",
        "| column | type | seen in training |",
        "|---|---|---|",
        *(f"| `{feature.name}` | {feature.type} | {_seen(feature)} |" for feature in features),
        "",
        "A numeric NULL counts as the training mean, an unseen category as none of the known.",
        "",
        "## Limits",
        "",
        "Outside the training ranges the model extrapolates. It learned from one sales report; it "
        "describes that report, and causes nothing.",
        "",
        "## Resumo em português",
        "",
        f"Modelo `{facts['model']}`: prevê `{facts['label']}`. Veredito: {portuguese}. Comparado "
        f"com o ML.PREDICT em {figures['rows']} linhas; maior diferença {figures['max_abs']:.3g}, "
        f"{figures['label_disagreements']} rótulos diferentes. NULL numérico vale a média do "
        "treino; categoria desconhecida não conta.",
        "",
    ]
    return "\n".join(lines).encode()


def _metrics(metrics: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    warehouse, ours = metrics["bigquery_ml"], metrics["scikit_learn"]
    return [
        f"| {name} | {_number(warehouse.get(name))} | {_number(ours.get(name))} |"
        for name in sorted(warehouse.keys() | ours.keys())
    ]


def _seen(feature: Feature) -> str:
    nulls = ", NULL" if feature.nullable else ""
    if feature.categories is None:
        return f"{_number(feature.min)} to {_number(feature.max)}{nulls}"
    shown = ", ".join(name.replace("|", "\\|") for name in feature.categories[:12])
    more = len(feature.categories) - 12
    return shown + (f" and {more} more" if more > 0 else "") + nulls


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"
