"""What BigQuery says around a model and its card tells: the data, the audit, when it trained.

Another project's dbt may lack the audit or the list of reports: then the card says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core.exceptions import NotFound

from export.nodes import Node
from export.warehouse import Warehouse


@dataclass(frozen=True)
class Audited:
    """How well one column alone determines the label.

    Parameters
    ----------
    column : str
        The column.
    measure : str
        `correlation` (|r|), `auc` or `conditional_entropy` (bits).
    value : float or None
        None if it cannot be taken.
    leaks : bool
        Whether the column gives the label away.
    """

    column: str
    measure: str
    value: float | None
    leaks: bool


@dataclass(frozen=True)
class Background:
    """What is known around a model.

    Parameters
    ----------
    splits : dict of str to int
        Rows of the features table by split.
    reports : tuple of dict
        `source_file`, `records`, `sales`, `rejected` and `duplicates` of each report.
    audit : tuple of Audited or None
        None if there is no `leak_audit`.
    trained_at : datetime or None
        When BigQuery made the model.
    """

    splits: dict[str, int]
    reports: tuple[dict[str, Any], ...]
    audit: tuple[Audited, ...] | None
    trained_at: datetime | None


def read_background(warehouse: Warehouse, node: Node) -> Background:
    """Read it.

    Raises
    ------
    DatasetError
        With BigQuery's own message.
    """
    counted = warehouse.rows(
        f"select split, count(*) as number from `{node.tables['features']}` group by 1 order by 1"
    )
    return Background(
        splits={row["split"]: row["number"] for row in counted},
        reports=tuple(_reports(warehouse, node)),
        audit=_audit(warehouse, node),
        trained_at=warehouse.client.get_model(node.relation).created,
    )


def _reports(warehouse: Warehouse, node: Node) -> list[dict[str, Any]]:
    table = node.tables["report_files"]
    if not _exists(warehouse, table):
        return []
    columns = "source_file, records, sales, rejected, duplicates"
    return warehouse.rows(f"select {columns} from `{table}` order by source_file")


def _audit(warehouse: Warehouse, node: Node) -> tuple[Audited, ...] | None:
    table = node.tables["leak_audit"]
    if not _exists(warehouse, table):
        return None
    sql = f"select column_name, measure, value, leaks from `{table}` where label = @label"
    found = warehouse.rows(f"{sql} order by leaks desc, column_name", label=node.label)
    return tuple(Audited(r["column_name"], r["measure"], r["value"], r["leaks"]) for r in found)


def _exists(warehouse: Warehouse, table: str) -> bool:
    try:
        warehouse.client.get_table(table)
    except NotFound:
        return False
    return True
