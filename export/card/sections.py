"""The sentences of the card that depend on the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from export.background import Audited, Background
from export.card import tables
from export.card.classification import MOST_CURVES
from export.card.evidence import Evidence
from export.card.phrases import say
from export.card.wording import LOSSES as LOSS_NAMES
from export.card.wording import Language, code, escape, number, verdict_sentence
from export.certification import Choice
from export.nodes import Node

LOSSES = {"squared_error": "mean_squared_error", "log_loss": "log_loss"}


def verdict(facts: Mapping[str, Any], language: Language) -> str:
    """Return the verdict in plain words, as the API says it.

    With three or more classes BigQuery ML's log loss is a mean over classes, not the verdict's
    unit: then there is no percentage.
    """
    name = LOSSES.get(facts["verdict"]["loss"] or "")
    several = len(facts["classes"] or ()) > 2
    loss = None if several or name is None else facts["metrics"]["bigquery_ml"].get(name)
    return verdict_sentence(facts["verdict"], language, model_loss=loss)


def gain(facts: Mapping[str, Any], language: Language) -> str:
    """Return the verdict's figures."""
    found = facts["verdict"]
    if facts["label"] is None:
        return say("gain_no_label", language)
    if found["interval"] is None or found["improvement"] is None:
        return say("no_gain", language)
    low, high = (number(end, language, 6) for end in found["interval"])
    return say(
        "gain",
        language,
        status=found["status"],
        loss=LOSS_NAMES[found["loss"]][language] if found["loss"] in LOSS_NAMES else "–",
        gain=number(found["improvement"], language, 6),
        low=low,
        high=high,
        rows=number(found["test_rows"] or 0, language),
    )


def limit(facts: Mapping[str, Any], language: Language) -> str:
    """Return the last limit: how far the verdict carries."""
    status = "no_label" if facts["label"] is None else facts["verdict"]["status"]
    return say(f"limit_{status}", language)


def purpose(texts: Mapping[str, str], language: Language) -> str:
    """Return what the model is for, in dbt's words."""
    return _quoted(texts, language) or say("no_purpose", language)


def learned(node: Node, language: Language) -> str:
    """Return which rows the model learned from."""
    method = str(node.options.get("data_split_method")).lower()
    every = method == "no_split" or not node.label
    return say("learned_no_split" if every else "learned_custom", language)


def split_rule(texts: Mapping[str, str], language: Language) -> str:
    """Return how a row is assigned to a split, in dbt's words."""
    text = _quoted(texts, language)
    return say("split_rule", language, rule=text) if text else ""


def task(name: str, classes: Sequence[Any] | None, language: Language) -> str:
    """Return the task, with the classes."""
    if classes is None:
        return say(name, language)
    return f"{say(name, language)}: {', '.join(escape(str(label)) for label in classes)}"


def reports(background: Background, language: Language) -> str:
    """Return the reports behind the data."""
    if not background.reports:
        return say("no_reports", language)
    return tables.reports(background, language)


def report_count(background: Background, language: Language) -> str:
    """Return how many reports the model learned from."""
    count = len(background.reports)
    return say("one_report" if count <= 1 else "reports", language, count=count)


def constant(evidence: Evidence | None, language: Language) -> str:
    """Return what the constant guesses."""
    if evidence is None:
        return "–"
    if evidence.classes is None:
        mean = number(evidence.constant, language, 6)
        return say("constant_mean", language, label=code(evidence.label), value=mean)
    shares = ", ".join(
        f"{escape(str(label))} {number(float(share), language, 3)}"
        for label, share in zip(evidence.classes, np.atleast_1d(evidence.constant), strict=True)
    )
    return say("constant_shares", language, shares=shares)


def constant_note(name: str, language: Language) -> str:
    """Return how to read the metrics of the constant."""
    return say(f"constant_{name}", language)


def pictures(names: Sequence[str], language: Language) -> str:
    """Return the pictures, each with what it shows."""
    if not names:
        return say("no_pictures", language)
    return "\n\n".join(
        f"![{say(f'alt_{kind}', language)}]({name})\n\n{say(f'read_{kind}', language)}"
        for name in names
        for kind in [name.split(".")[0]]
    )


def sampled(evidence: Evidence | None, language: Language) -> str:
    """Return how many classes and rows the pictures show, if not all of them."""
    if evidence is None:
        return ""
    several = len(evidence.classes or ()) > MOST_CURVES
    left_out = say("first_classes", language, count=MOST_CURVES) if several else ""
    if evidence.rows == evidence.of:
        return left_out
    counts = {"rows": f"{evidence.rows:,}", "of": f"{evidence.of:,}"}
    if language == "pt-BR":
        counts = {name: text.replace(",", ".") for name, text in counts.items()}
    return f"{say('sampled', language, **counts)} {left_out}".strip()


def importance(names: Sequence[str], name: str, language: Language) -> str:
    """Return the picture of what moves the answers."""
    if not names:
        return say("no_importance", language)
    alt, text = say("alt_importance", language), say(f"importance_{name}", language)
    return f"![{alt}]({names[0]})\n\n{text}"


def parity(figures: Mapping[str, Any], name: str, language: Language) -> str:
    """Return what the certificate says of the published pipeline."""
    worst = "∞" if figures["max_abs"] is None else f"{figures['max_abs']:.2g}"
    numbers_alone = name in ("regression", "decomposition")
    labels = figures["label_disagreements"]
    return say(
        "parity",
        language,
        rows=f"{figures['rows']:,}".replace(",", "." if language == "pt-BR" else ","),
        worst=worst.replace(".", ",") if language == "pt-BR" else worst,
        labels="" if numbers_alone else say("labels", language, count=labels),
    )


def explained(figures: Mapping[str, Any], language: Language) -> str:
    """Return how near the explanations are."""
    found = figures.get("explanations")
    if not found:
        return ""
    worst = "∞" if found["max_rel"] is None else f"{found['max_rel']:.2g}"
    mark = "." if language == "pt-BR" else ","
    counts = [f"{n:,}".replace(",", mark) for n in (found["rows"], found["of"] or found["rows"])]
    return say(
        "explained" if found["of"] is None else "explained_some",
        language,
        rows=counts[0],
        of=counts[1],
        worst=worst.replace(".", ",") if language == "pt-BR" else worst,
    )


def audit_rule(label: str, language: Language) -> str:
    """Return what the audit checks."""
    if not label:
        return say("audit_no_label", language)
    return say("audit_rule", language, label=code(label))


def method(choice: Choice, requested: str, language: Language) -> str:
    """Return why this method is published, and the certifier's own words."""
    published = choice.candidate.method
    other = choice.certificates.get("retrained")
    if requested != "auto":
        text = say("method_asked", language, method=published)
    elif published == "retrained":
        text = say("method_retrained", language)
    elif other is None:
        text = say("method_only", language)
    else:
        apart, rows = other.apart, other.rows
        text = say("method_transplanted", language, apart=apart, rows=rows)
    return f"{text} {say('certifier', language, reason=escape(choice.reason))}"


def audit(entries: Sequence[Audited] | None, node: Node, language: Language) -> str:
    """Return what the audit found."""
    if not node.label:
        return ""
    if not entries:
        return say("no_audit", language)
    leaking = [entry.column for entry in entries if entry.leaks]
    used = [column for column in leaking if column in node.features]
    if not leaking:
        return say("audit_clean", language, count=len(entries))
    names = ", ".join(code(column) for column in used or leaking)
    return say("audit_used" if used else "audit_kept_out", language, names=names)


def _quoted(texts: Mapping[str, str], language: Language) -> str:
    text = escape(texts.get(language) or texts.get("en") or "")
    foreign = text and language not in texts
    return say("in_english", language, text=text) if foreign else text
