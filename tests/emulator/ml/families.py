"""One model of each family, of made-up rows, and a query that it answers."""

from __future__ import annotations

from google.cloud.bigquery import Client, QueryJobConfig

ROWS = """
select mod(n * 7919, 97) / 10 as a, mod(n * 104729, 89) / 5 as b,
  ['red', 'green', 'blue'][offset(mod(n, 3))] as c,
  timestamp_add(timestamp '2020-01-01', interval n day) as t,
  mod(n * 7919, 97) / 5 + mod(n, 3) + mod(n * 31, 17) / 8 as y, mod(n, 3) = 1 as z
from unnest(generate_array(1, {rows})) as n
"""
SERIES = "time_series_timestamp_col = 't', time_series_data_col = 'y'"
# By name: options, columns of the training query, and a query that the model answers.
FAMILIES = {
    "line": (
        "model_type = 'linear_reg', input_label_cols = ['y']",
        "a, b, c, y",
        "select predicted_y from ml.predict(model {name}, table probe) order by a, b, c",
    ),
    "odds": (
        "model_type = 'logistic_reg', input_label_cols = ['z']",
        "a, b, c, z",
        "select predicted_z_probs[offset(0)].prob from ml.predict(model {name}, table probe) "
        "order by a, b, c",
    ),
    "trees": (
        "model_type = 'boosted_tree_regressor', input_label_cols = ['y'], max_iterations = 5",
        "a, b, c, y",
        "select predicted_y from ml.predict(model {name}, table probe) order by a, b, c",
    ),
    "forest": (
        "model_type = 'random_forest_classifier', input_label_cols = ['z'], num_parallel_tree = 10",
        "a, b, c, z",
        "select predicted_z_probs[offset(0)].prob from ml.predict(model {name}, table probe) "
        "order by a, b, c",
    ),
    "groups": (
        "model_type = 'kmeans', num_clusters = 4",
        "a, b, c",
        "select centroid_id, nearest_centroids_distance[offset(0)].distance "
        "from ml.predict(model {name}, table probe) order by a, b, c",
    ),
    "axes": (
        "model_type = 'pca', num_principal_components = 2",
        "a, b, c",
        "select principal_component_1 from ml.predict(model {name}, table probe) order by 1",
    ),
    "months": (
        f"model_type = 'arima_plus', {SERIES}",
        "t, y",
        "select forecast_value from ml.forecast(model {name}, struct(5 as horizon)) order by 1",
    ),
    "scaler": (
        "model_type = 'transform_only'",
        "a, b, c",
        "select s from ml.transform(model {name}, table probe) order by s",
    ),
}


REPLACE = "create or replace model"
PROBE = "create table probe as " + ROWS.format(rows=50)


def create(name: str, family: str, rows: int, verb: str = "create model") -> str:
    options, columns, _ = FAMILIES[family]
    clause = "transform(ml.standard_scaler(a) over () as s)" if family == "scaler" else ""
    source = ROWS.format(rows=rows)
    return f"{verb} {name} {clause} options({options}) as select {columns} from ({source})"


def answers(client: Client, name: str, family: str) -> list[tuple[object, ...]]:
    return [row.values() for row in client.query(FAMILIES[family][2].format(name=name)).result()]


def connected(client: Client, dataset: str) -> Client:
    """Make the dataset the client's default, with the table `probe` in it."""
    client.create_dataset(dataset)
    client.default_query_job_config = QueryJobConfig(default_dataset=f"{client.project}.{dataset}")
    client.query(PROBE).result()
    return client
