"""The model card: what a stakeholder should know before using a model.

Each language has its page, a template beside this module; what varies is put in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from export.card import sections, tables
from export.card.evidence import Evidence, gather
from export.card.pictures import pictures
from export.card.usage import answer_in_words, packages, usage
from export.card.wording import LANGUAGES, Language, code, number
from export.certification import Choice
from export.manifest import GoldenRow
from export.skops_format import trusted
from export.study import Study

PAGES: dict[Language, str] = {"en": "card.md", "pt-BR": "card.pt-BR.md"}


def card_files(
    study: Study, choice: Choice, facts: Mapping[str, Any], example: GoldenRow, *, bucket: str
) -> dict[str, bytes]:
    """Return the card's pages and pictures by file name.

    Parameters
    ----------
    study, choice
        The model, and what is published of it.
    facts : mapping
        The manifest's keys that are known before the card is.
    example : GoldenRow
        The row that the card's code predicts.
    bucket : str
        Where the version will be.
    """
    evidence = gather(study, choice.candidate.pipeline, choice.examination)
    drawn = {} if evidence is None else pictures(evidence, study.node.task)
    made = {}
    for language in LANGUAGES:
        names = [name for name in drawn if name.endswith(f".{language}.png")]
        words = _facts(study, facts, language)
        words |= _data(study, language)
        words |= _quality(facts, evidence, names, language)
        words |= _copy(study, choice, facts, language)
        words |= _leaks(study, language)
        words |= usage(
            study.node.name,
            bucket,
            study.node.task,
            study.features,
            example,
            trusted(study.identity.model_type),
        )
        words["usage_answer"] = answer_in_words(example, language)
        made[PAGES[language]] = _page(language, words)
    return made | drawn


def _page(language: Language, words: Mapping[str, str]) -> bytes:
    template = Template((Path(__file__).parent / PAGES[language]).read_text(encoding="utf-8"))
    lines = [line.rstrip() for line in template.substitute(words).splitlines()]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return ("\n".join(kept) + "\n").encode()


def _facts(study: Study, facts: Mapping[str, Any], language: Language) -> dict[str, str]:
    trained = study.background.trained_at
    return {
        "model": code(facts["model"]),
        "version": facts["version"],
        "created_at": facts["created_at"],
        "bigquery_model": code(facts["bigquery_model"]),
        "model_type": code(facts["model_type"]),
        "trained_at": "–" if trained is None else f"{trained:%Y-%m-%dT%H:%M:%SZ}",
        "purpose": sections.purpose(study.node.about["purpose"], language),
        "label": code(facts["label"]) if facts["label"] else "–",
        "task": sections.task(facts["task"], facts["classes"], language),
        "packages": packages(facts["libraries"]),
        "verdict": sections.verdict(facts, language),
        "gain": sections.gain(facts, language),
        "limit_verdict": sections.limit(facts, language),
    }


def _data(study: Study, language: Language) -> dict[str, str]:
    background, hashes = study.background, study.identity.hashes
    return {
        "reports": sections.reports(background, language),
        "report_count": sections.report_count(background, language),
        "splits": tables.splits(background, language),
        "learned": sections.learned(study.node, language),
        "split_rule": sections.split_rule(study.node.about["split"], language),
        "inputs": tables.inputs(study.features, language),
    } | {f"{name}_hash": hashes[name] for name in ("data", "sql", "options")}


def _quality(
    facts: Mapping[str, Any], evidence: Evidence | None, names: list[str], language: Language
) -> dict[str, str]:
    weights = [name for name in names if name.startswith("importance.")]
    return {
        "metrics": tables.metrics(
            facts["metrics"], {} if evidence is None else evidence.baseline, language
        ),
        "constant": sections.constant(evidence, language),
        "constant_note": sections.constant_note(facts["task"], language),
        "pictures": sections.pictures([n for n in names if n not in weights], language),
        "sampled": sections.sampled(evidence, language),
        "importance": sections.importance(weights, facts["task"], language),
    }


def _copy(
    study: Study, choice: Choice, facts: Mapping[str, Any], language: Language
) -> dict[str, str]:
    published = facts["method"]["published"]
    return {
        "parity_summary": sections.parity(facts["parity"]["published"], facts["task"], language),
        "explained": sections.explained(facts["parity"]["published"], language),
        "parity": tables.parity(facts["parity"], published, language),
        "tolerance": f"{facts['parity']['published']['tolerance']:g}",
        "hard_rows": number(len(study.hard), language),
        "method": sections.method(choice, facts["method"]["requested"], language),
    }


def _leaks(study: Study, language: Language) -> dict[str, str]:
    entries = study.background.audit
    return {
        "audit_rule": sections.audit_rule(study.node.label, language),
        "audit_summary": sections.audit(entries, study.node, language),
        "audit": tables.audit(entries, study.features, language) if entries else "",
    }
