"""Which models are exported: dbt nodes with a `meta.export` block.

dbt's own manifest is read, not the YAML: it has names, datasets and options as dbt resolved
them for the target that was built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import DbtManifestError

MANIFEST_FILE = Path("target/manifest.json")
LABELLED = ("regression", "classification")
TASKS = (*LABELLED, "clustering", "decomposition")
METHODS = ("auto", "retrained", "transplanted")
LIMITS = ("max_training_rows", "max_explained_rows")
REQUIRED = ("task", "features")
TABLES = (
    "features",
    "features_fingerprint",
    "verdicts",
    "evaluations",
    "leak_audit",
    "report_files",
)


@dataclass(frozen=True)
class Node:
    """One dbt node to export.

    Parameters
    ----------
    name, unique_id : str
        dbt's names of the node.
    relation : str
        The BigQuery model, `project.dataset.model`.
    label, task, features, method : str or tuple of str
        The export block; `features` is the input's column order, `label` is empty for
        clusters and components.
    key : str
        Column that names a row.
    options : dict
        `meta.ml_config`, keys in lower case.
    export : dict
        The export block as dbt has it; a part of the version.
    tables : dict
        Full names of `TABLES`.
    invocation_id : str or None
        dbt's run that wrote the manifest.
    about : dict
        `purpose` of the model and rule of the `split`, by language: dbt's descriptions, and
        `meta.description_pt_br`.
    """

    name: str
    unique_id: str
    relation: str
    label: str
    task: str
    features: tuple[str, ...]
    method: str
    key: str
    options: dict[str, Any]
    export: dict[str, Any]
    tables: dict[str, str]
    invocation_id: str | None
    about: dict[str, dict[str, str]]


def read_nodes(file: Path, models: Sequence[str] | None = None) -> list[Node]:
    """Read the nodes to export, in the order of their names.

    Parameters
    ----------
    file : pathlib.Path
        dbt's `target/manifest.json`.
    models : sequence of str, optional
        Only these; all of them without it.

    Raises
    ------
    DbtManifestError
        If the file is missing or unreadable, a name is unknown, or an export block is wrong.
    """
    content = _read(file)
    nodes = [node for node in content["nodes"].values() if _meta(node).get("export")]
    known = {node["name"]: node for node in nodes}
    unknown = [name for name in models or () if name not in known]
    if unknown or not known:
        wanted = f"has no model {unknown[0]!r}" if unknown else "has no model"
        raise DbtManifestError(
            f"'{file}' {wanted} with a `meta.export` block; it has {sorted(known) or 'none'}."
        )
    names = sorted(set(models)) if models is not None else sorted(known)
    return [_node(known[name], content, file) for name in names]


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        raise DbtManifestError(
            f"dbt's manifest '{file}' is missing. Run `dbt build` first (or `make build`), or say "
            "where it is with --dbt-manifest."
        )
    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
        if not isinstance(content["nodes"], dict):
            raise TypeError("its 'nodes' is no object")
    except (ValueError, KeyError, TypeError) as error:
        raise DbtManifestError(
            f"'{file}' is not a dbt manifest ({error}); run `dbt build`."
        ) from None
    return content


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    if node.get("resource_type") != "model":
        return {}
    meta: Mapping[str, Any] = node.get("config", {}).get("meta") or node.get("meta") or {}
    return meta


def _node(node: Mapping[str, Any], content: Mapping[str, Any], file: Path) -> Node:
    meta = _meta(node)
    block = meta["export"]
    _check(block, f"The export block of '{node['name']}' in '{file}'")
    tables = {name: _table(name, node, content["nodes"]) for name in TABLES}
    return Node(
        name=node["name"],
        unique_id=node["unique_id"],
        relation=_relation(node),
        label=block.get("label") or "",
        task=block["task"],
        features=tuple(block["features"]),
        method=block.get("method", "auto"),
        key=block.get("key", "sale_id"),
        options={str(k).lower(): v for k, v in (meta.get("ml_config") or {}).items()},
        export=dict(block),
        tables=tables,
        invocation_id=content.get("metadata", {}).get("invocation_id"),
        about={"purpose": _descriptions(node), "split": _split_rule(content["nodes"])},
    )


def _split_rule(nodes: Mapping[str, Any]) -> dict[str, str]:
    for node in nodes.values():
        if node["name"] == "features" and node["resource_type"] == "model":
            return _descriptions(node.get("columns", {}).get("split", {}))
    return {}


def _descriptions(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return what dbt's YAML says of a node or column, by language."""
    meta = entry.get("config", {}).get("meta") or entry.get("meta") or {}
    texts = {"en": entry.get("description"), "pt-BR": meta.get("description_pt_br")}
    return {language: " ".join(text.split()) for language, text in texts.items() if text}


def _check(block: Any, where: str) -> None:
    if not isinstance(block, dict):
        raise DbtManifestError(f"{where} is {block!r}; expected task, features and label.")
    required = [*REQUIRED, *(["label"] if block.get("task", TASKS[0]) in LABELLED else [])]
    missing = [key for key in required if not block.get(key)]
    if missing:
        raise DbtManifestError(f"{where} lacks {missing[0]!r}; expected {', '.join(required)}.")
    for key, value, allowed in (
        ("task", block["task"], TASKS),
        ("method", block.get("method", "auto"), METHODS),
    ):
        if value not in allowed:
            raise DbtManifestError(f"{where} has {key} {value!r}; expected one of {allowed}.")
    features = block["features"]
    if not isinstance(features, list) or len(set(features)) != len(features):
        raise DbtManifestError(f"{where} has features {features!r}; expected different names.")
    if block.get("label") and block["task"] not in LABELLED:
        raise DbtManifestError(
            f"{where} has the label {block['label']!r}; a {block['task']} has none."
        )
    for key in LIMITS:
        if not isinstance(block.get(key, 1), int) or block.get(key, 1) < 1:
            raise DbtManifestError(f"{where} has {key} {block[key]!r}; expected rows, 1 or more.")
    if block.get("label") in features:
        raise DbtManifestError(f"{where} has its label {block['label']!r} among its features.")


def _relation(node: Mapping[str, Any]) -> str:
    return f"{node['database']}.{node['schema']}.{node.get('alias') or node['name']}"


def _table(name: str, model: Mapping[str, Any], nodes: Mapping[str, Any]) -> str:
    """Return a table's full name: dbt's node of that name, else the model's own dataset."""
    for node in nodes.values():
        if node["name"] == name and node["resource_type"] in ("model", "seed"):
            return _relation(node)
    return f"{model['database']}.{model['schema']}.{name}"
