"""How well each column alone determines a model's label."""

from __future__ import annotations

from typing import Any

from api.marts.reader import Marts

QUERY = """
    select column_name, measure, value, leaks from vendas_ml.leak_audit
    where label = @label order by leaks desc, measure, value desc, column_name
"""


def leaks(marts: Marts, label: str) -> list[dict[str, Any]]:
    """Return the leak audit of a label.

    Raises
    ------
    MartsAway, NoSales
        If BigQuery does not answer, or there is none.
    """
    return [dict(row) for row in marts.ask(QUERY, (("label", "STRING", label),)).rows]
