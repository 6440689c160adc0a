"""Names of what has none: outputs of queries and fields of structs, over the wire."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import Client

ROWS = "(select 1 as x, 'a' as c union all select 2, 'b')"


def first(client: Client, sql: str) -> dict:
    return dict(next(iter(client.query_and_wait(sql))).items())


@pytest.mark.parametrize(
    ("select", "names"),
    [
        ("1 + 1, x, x + 1, count(*) over ()", ["f0_", "x", "f1_", "f2_"]),
        ("*, upper(c)", ["x", "c", "f0_"]),
        ("ml.lp_norm([3, 4], 2.0), -x", ["f0_", "f1_"]),
        ("max(x), min(x) as low", ["f0_", "low"]),
    ],
)
def test_columns_without_alias_are_numbered(client: Client, select: str, names: list[str]) -> None:
    assert [*first(client, f"select {select} from {ROWS}")] == names


@pytest.mark.parametrize(
    "sql",
    [
        f"select f0_ as n from (select count(*) from {ROWS})",
        f"with q as (select count(*) from {ROWS}) select f0_ as n from q",
        "select f0_ as n from (select 2 union all select 2)",
    ],
)
def test_their_names_can_be_used(client: Client, sql: str) -> None:
    assert first(client, sql) == {"n": 2}


@pytest.mark.parametrize(
    "tables", ["(t join u using (x))", "((t join u using (x)) cross join t as v)"]
)
def test_tables_in_brackets_have_their_own_names(client: Client, tables: str) -> None:
    ctes = "with t as (select 2 as x), u as (select 2 as x, 'a' as c)"
    assert first(client, f"{ctes} select c, u.x + 1 from {tables}") == {"c": "a", "f0_": 3}


@pytest.mark.parametrize("kind", ["TABLE", "VIEW"])
def test_a_table_cannot_have_them(client: Client, dataset: str, kind: str) -> None:
    with pytest.raises(BadRequest, match=f"CREATE {kind} columns must be named, but column 2 has"):
        client.query_and_wait(f"create {kind} {dataset}.unnamed as select 1 as a, 2")


def test_fields_of_a_struct_are_called_as_their_columns(client: Client, dataset: str) -> None:
    found = first(client, f"select struct(x, t.c, 3 as d) as s from {ROWS} as t order by x")
    assert found == {"s": {"x": 1, "c": "a", "d": 3}}
    client.query_and_wait(
        f"create table {dataset}.pairs as select struct(x, c) as s from {ROWS}; "
        f"insert into {dataset}.pairs values (struct(3, 'c')); "
        f"insert into {dataset}.pairs select struct(x + 3, c) from {ROWS}"
    )
    assert first(client, f"select sum(s.x) as n from {dataset}.pairs") == {"n": 15}
