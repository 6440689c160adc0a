"""Which version a model will be, before anything is trained, and whether there is a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from export import dataset
from export.artifact import libraries, version_id
from export.errors import DatasetError
from export.nodes import Node
from export.warehouse import Warehouse

NO_VERDICT = "dbt gave no verdict on this model."
NO_LABEL = "It predicts no label, so no test row can show it right or wrong."


@dataclass(frozen=True)
class Identity:
    """A trained model and the version its export will have.

    Parameters
    ----------
    node : Node
        What dbt says.
    model_type : str
        As BigQuery names it.
    hashes : dict of str to str
        `sql`, `options` and `data`, from the model's labels.
    version : str
        16 hex digits.
    verdict : dict
        As the manifest holds it.
    """

    node: Node
    model_type: str
    hashes: dict[str, str]
    version: str
    verdict: dict[str, Any]


@dataclass(frozen=True)
class Untrained:
    """A node that dbt did not train, and why."""

    node: Node
    verdict: dict[str, Any]


def identify(warehouse: Warehouse, node: Node, key: str) -> Identity | Untrained:
    """Find a model and what its version is.

    Parameters
    ----------
    warehouse : Warehouse
        Where to ask.
    node : Node
        What dbt says.
    key : str
        The id of the signing key.

    Raises
    ------
    StaleModelError
        If the model was trained on other data than the features table holds.
    DatasetError
        If there is no such model and no verdict that says why.
    """
    row = dataset.verdict(warehouse, node)
    verdict = _verdict(row, NO_VERDICT if node.label else NO_LABEL)
    if row is not None and row["model_loss"] is None:
        return Untrained(node, verdict)
    found = dataset.model_hashes(warehouse, node)
    if found is None:
        raise DatasetError(
            f"There is no model `{node.relation}`, and `{node.tables['verdicts']}` does not say "
            f"why. Run `dbt build` (or `dbt build --select {node.name}+`) first."
        )
    model_type, hashes = found
    dataset.check_fingerprint(warehouse, node, hashes["data"])
    version = version_id(
        model=node.name,
        hashes=hashes,
        export=node.export,
        libraries=libraries(model_type),
        key=key,
    )
    return Identity(node, model_type, hashes, version, verdict)


def _verdict(row: Mapping[str, Any] | None, otherwise: str) -> dict[str, Any]:
    if row is None:
        empty: dict[str, Any] = dict.fromkeys(("improvement", "interval", "loss", "test_rows"))
        return empty | {"status": "no_signal", "reason": otherwise}
    ends = [row["interval_low"], row["interval_high"]]
    return {
        "status": row["status"],
        "improvement": row["improvement"],
        "interval": None if None in ends else ends,
        "loss": row["loss"],
        "test_rows": row["test_rows"],
        "reason": row["reason"],
    }
