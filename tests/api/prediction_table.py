"""A table of predictions, as dbt makes it (`models/monitoring/prediction_log.sql`)."""

from google.cloud import bigquery

TABLE = "prediction_tests.{}"
SCHEMA = [
    bigquery.SchemaField(name, kind)
    for name, kind in (
        ("logged_at", "TIMESTAMP"),
        ("request_id", "STRING"),
        ("row_index", "INT64"),
        ("door", "STRING"),
        ("model_name", "STRING"),
        ("model_version", "STRING"),
        ("features", "JSON"),
        ("predicted_value", "FLOAT64"),
        ("predicted_label", "STRING"),
        ("predicted_probability", "FLOAT64"),
    )
]


def make_table(client, name):
    client.create_table(bigquery.Table(f"{client.project}.{name}", SCHEMA), exists_ok=True)


def rows_in(client, name):
    return [dict(row) for row in client.query(f"select * from {name}").result()]
