"""Fields of unnested structs are columns, over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.bigquery import Client, QueryJobConfig


@pytest.fixture(scope="module")
def pairs(local_cloud: Any) -> Client:
    from cloud.clients import bigquery_client

    client = bigquery_client(local_cloud.settings)
    client.create_dataset("unnesting")
    config = QueryJobConfig(default_dataset=f"{client.project}.unnesting")
    client.default_query_job_config = config
    client.query_and_wait(
        "create table pairs as select n as x, [struct(n as p, 'k' as label), struct(n * 10, 'l')] "
        "as ar, ['u', 'v'] as words from unnest([1, 2]) as n"
    )
    client.query_and_wait(
        "create model m options(model_type = 'logistic_reg', input_label_cols = ['z']) as "
        "select n as x, mod(n, 2) = 0 as z from unnest(generate_array(1, 40)) as n"
    )
    return client


def rows(client: Client, sql: str) -> list[dict[str, Any]]:
    return [dict(row.items()) for row in client.query_and_wait(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select x, p, label from pairs, unnest(ar) where x = 2 and label = 'l'",
         {"x": 2, "p": 20, "label": "l"}),
        ("select upper(label) as label, sum(p) as s from pairs, unnest(ar) as e group by label "
         "order by label", {"label": "K", "s": 3}),
        ("select * except (ar, words) from (select * from pairs, unnest(pairs.ar)) order by p",
         {"x": 1, "p": 1, "label": "k"}),
        ("select e.* from pairs, unnest(ar) as e order by p", {"p": 1, "label": "k"}),
        ("select e.p, e from pairs, unnest(ar) as e order by e.p",
         {"p": 1, "e": {"p": 1, "label": "k"}}),
        ("select label, o from pairs, unnest(ar) with offset as o order by o desc, label",
         {"label": "l", "o": 1}),
        ("select (select p from unnest(ar) where label = 'l') as top from pairs order by top",
         {"top": 10}),
        ("with q as (select ar as things from pairs) select max(p) as p from q, unnest(things)",
         {"p": 20}),
        ("select w from pairs, unnest(words) as w order by w", {"w": "u"}),
        ("select b, a from unnest([struct(1 as a, ['x'] as b), (2, ['y'])]) order by a desc",
         {"b": ["y"], "a": 2}),
        ("select * from unnest([struct(1 as a, 'x' as b), struct(2, 'y')]) as t order by t.a",
         {"a": 1, "b": "x"}),
        ("select n, cast(v as float64) as v from unnest([struct(0 as n, cast(null as int64) as v), "
         "struct(1 as n, 5 as v)]) order by n desc", {"n": 1, "v": 5.0}),
        ("select * except (ar) from pairs, unnest(words) as w order by x, w",
         {"x": 1, "words": ["u", "v"], "w": "u"}),
    ],
)  # fmt: skip
def test_fields_are_named_by_themselves(pairs: Client, sql: str, expected: dict) -> None:
    assert rows(pairs, sql)[0] == expected


def test_ml_results_are_unnested_as_the_manual_prints_it(pairs: Client) -> None:
    chances = rows(
        pairs,
        "select x, label, prob from ml.predict(model m, (select 3 as x)), "
        "unnest(predicted_z_probs)",
    )
    assert [row["label"] for row in chances] == [True, False]
    assert sum(row["prob"] for row in chances) == pytest.approx(1)
    pairs.query_and_wait(
        "create or replace model words options(model_type = 'linear_reg') as "
        "select w, x as label from pairs, unnest(words) as w"
    )
    weights = rows(
        pairs,
        "select category, weight from unnest((select category_weights from "
        "ml.weights(model words) where processed_input = 'w'))",
    )
    assert [row["category"] for row in weights] == ["u", "v"]
