"""Models of every family, with and without a TRANSFORM clause, in the export's small world."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from google.cloud.storage import Bucket

from cloud import bigquery_client, bigquery_read_client, storage_client
from export.families.sources import Sources
from export.nodes import Node
from export.warehouse import Warehouse
from tests.export.conftest import FEATURES, World

TYPES = {"year": "INT64", "region": "STRING", "fuel_type": "STRING", "mileage_km": "FLOAT64"}
CLAUSE = (
    "ml.standard_scaler(mileage_km) over () as km, ml.min_max_scaler(year) over () as place, "
    "ml.quantile_bucketize(mileage_km, 5) over () as fifth, "
    "ml.bucketize(year, [2012, 2016, 2020]) as era, "
    "ml.one_hot_encoder(region, 'most_frequent') over () as home, "
    "ml.label_encoder(fuel_type) over () as fuel, "
    "ml.imputer(mileage_km, 'median') over () as driven, ml.robust_scaler(year) over () as age, "
    "ml.max_abs_scaler(mileage_km) over () as share, region, fuel_type"
)
# NULL, an unseen or empty text, another case, and numbers far outside of the training range.
HARD = [
    "2015, 'Mars', 'Petrol', 1e9",
    "null, null, null, null",
    "1900, '', 'petrol', -5.0",
    "2024, 'Asia ', 'Electric', 0.0",
    "9000000, 'Asia', null, -1e12",
]


@dataclass(frozen=True)
class Trained:
    """A model, where its parts come from, and rows to ask it about."""

    sources: Sources
    rows: str

    def predict(self, columns: str) -> pa.Table:
        """Return BigQuery ML's answers beside the input columns."""
        is_pca = self.sources.node.options["model_type"] == "pca"
        settings = ", struct(true as keep_original_columns)" if is_pca else ""
        return self.sources.warehouse.arrow(
            f"select {', '.join(FEATURES)}, {columns} from "
            f"ml.predict(model `{self.sources.node.relation}`, ({self.rows}){settings})"
        )

    def explain(self, columns: str) -> pa.Table:
        """Return BigQuery ML's explanations, beside the input columns."""
        return self.sources.warehouse.arrow(
            f"select {', '.join(FEATURES)}, {columns} from ml.explain_predict("
            f"model `{self.sources.node.relation}`, ({self.rows}), struct(100 as top_k_features))"
        )


Train = Callable[..., Trained]


@pytest.fixture(scope="session")
def models_bucket(world: World) -> Bucket:
    client = storage_client(world.settings)
    return client.create_bucket(f"families-{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def train(world: World, models_bucket: Bucket) -> Train:
    """Train a model of the small world, once."""
    made: dict[tuple[Any, ...], Trained] = {}

    def run(
        options: str, label: str = "", clause: str = "", classes: tuple[Any, ...] | None = None
    ) -> Trained:
        key = (options, label, clause)
        if key not in made:
            made[key] = _trained(world, models_bucket, options, label, clause, classes)
        return made[key]

    return run


def _trained(
    world: World,
    bucket: Bucket,
    options: str,
    label: str,
    clause: str,
    classes: tuple[Any, ...] | None,
) -> Trained:
    relation, table = world.relation(f"m_{uuid.uuid4().hex[:12]}"), world.relation("features")
    also = f", {label}" if label else ""
    given = f"{options}, input_label_cols = ['{label}']" if label else options
    if label:
        given += ", data_split_method = 'no_split'"
    world.run(
        f"create model `{relation}` {f'transform({clause}{also})' if clause else ''} "
        f"options({given}) as select {', '.join(FEATURES)}{also} from `{table}` "
        "where split != 'test'"
    )
    node = Node(
        name=relation.rsplit(".", 1)[-1], unique_id="", relation=relation, label=label, task="",
        features=tuple(FEATURES), method="auto", key="sale_id", options=_read(options), export={},
        tables={"features": table}, invocation_id=None, about={},
    )  # fmt: skip
    warehouse = Warehouse(bigquery_client(world.settings), bigquery_read_client(world.settings))
    rows = f"select {', '.join(FEATURES)} from `{table}` where split = 'test'"
    rows += "".join(f" union all select {row}" for row in HARD)
    return Trained(Sources(warehouse, bucket, node, TYPES, "split != 'test'", classes), rows)


def _read(options: str) -> dict[str, Any]:
    pairs = [part.split("=") for part in options.split(", ")]
    return {name.strip(): value.strip().strip("'") for name, value in pairs}
