"""A dataset with cars and three models, in the local cloud, for tests over the wire."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from google.cloud import bigquery

from cloud.clients import bigquery_client
from tests.conftest import LocalCloud
from tests.emulator.ml.training import cars

DATASET = "ml_wire"
TYPES = {"int64": "INTEGER", "double": "FLOAT", "string": "STRING"}
FEATURES = "fuel, box, year, mileage"
MODELS = {
    "price": ("linear_reg", "price"),
    "dear": ("logistic_reg", "dear"),
    "segment": ("logistic_reg", "segment"),
}

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def client(local_cloud: LocalCloud) -> bigquery.Client:
    client = bigquery_client(local_cloud.settings)
    client.create_dataset(DATASET)
    table = cars(nulls=True)
    path = f"{client.project}.{DATASET}.cars"
    schema = [bigquery.SchemaField(f.name, TYPES[str(f.type)]) for f in table.schema]
    client.create_table(bigquery.Table(path, schema))
    lines = "\n".join(json.dumps(row) for row in table.to_pylist())
    config = bigquery.LoadJobConfig(
        schema=schema, source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON
    )
    client.load_table_from_file(io.BytesIO(lines.encode()), path, job_config=config).result()
    for name, (kind, label) in MODELS.items():
        client.query(
            f"create model {DATASET}.{name} options(model_type = '{kind}', "
            f"input_label_cols = ['{label}'], data_split_method = 'no_split', "
            f"enable_global_explain = true) as select {FEATURES}, {label} from {DATASET}.cars"
        ).result()
    return client


@pytest.fixture(scope="session")
def ask(client: bigquery.Client) -> Ask:
    """Run SQL with the dataset as default and return its rows."""

    def run(sql: str, **parameters: Any) -> list[dict[str, Any]]:
        config = bigquery.QueryJobConfig(
            default_dataset=f"{client.project}.{DATASET}",
            query_parameters=[
                bigquery.ScalarQueryParameter(name, "FLOAT64", value)
                for name, value in parameters.items()
            ],
        )
        rows = client.query(sql, job_config=config, job_retry=None).result()
        return [dict(row) for row in rows]

    return run
