"""A small warehouse with three families of models, made by SQL on the local cloud."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery

from cloud import Settings, bigquery_client, storage_client
from tests.conftest import LocalCloud

FEATURES = ["year", "region", "fuel_type", "mileage_km"]
SCHEMA = [
    ("sale_id", "STRING"),
    ("split", "STRING"),
    ("year", "INT64"),
    ("region", "STRING"),
    ("fuel_type", "STRING"),
    ("mileage_km", "FLOAT64"),
    ("price_usd", "FLOAT64"),
    ("sales_class", "STRING"),
    ("tier", "STRING"),
    ("stars", "INT64"),
    ("rank", "INT64"),
    ("code", "INT64"),
]
MODELS = {
    "price_linear": ("linear_reg", "price_usd"),
    "class_logistic": ("logistic_reg", "sales_class"),
    "tier_logistic": ("logistic_reg", "tier"),
}
UNLABELLED: dict[str, dict[str, Any]] = {
    "kmeans": {"num_clusters": 7, "distance_type": "cosine"},
    "pca": {"num_principal_components": 3},
}
DATA_HASH = "d" * 40


@dataclass(frozen=True)
class World:
    """A dataset with features, models and what dbt would have said of them."""

    settings: Settings
    dataset: str
    environment: dict[str, str]

    @property
    def client(self) -> bigquery.Client:
        return bigquery_client(self.settings)

    def run(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.client.query_and_wait(sql)]

    def relation(self, name: str) -> str:
        return f"{self.settings.project}.{self.dataset}.{name}"


@pytest.fixture(scope="session")
def world(local_cloud: LocalCloud) -> World:
    made = World(local_cloud.settings, "vendas_ml", local_cloud.environment)
    make_features(made)
    for name, (kind, label) in MODELS.items():
        train(made, name, kind, label)
    make_verdicts(made)
    return made


@pytest.fixture
def here(world: World, tmp_path: Path) -> World:
    """The world with a bucket and keys of its own."""
    return apart(world, tmp_path)


def apart(world: World, directory: Path) -> World:
    bucket = f"models-{uuid.uuid4().hex[:12]}"
    storage_client(world.settings).create_bucket(bucket)
    settings = replace(
        world.settings,
        bucket=bucket,
        signing_key_file=directory / "keys" / "signing.pem",
        public_key_file=directory / "keys" / "public.pem",
    )
    return replace(world, settings=settings, environment=world.environment | settings.environment())


def copied(
    world: World, directory: Path, dataset: str, cells: str = "*", rows: str = "true"
) -> World:
    """Return a world with a dataset, bucket and keys of its own, and the features as selected."""
    made = replace(apart(world, directory), dataset=dataset)
    made.client.create_dataset(dataset, exists_ok=True)
    for table, selected in (
        ("features", f"select {cells} from `{world.relation('features')}` where {rows}"),
        ("features_fingerprint", f"select * from `{world.relation('features_fingerprint')}`"),
    ):
        made.run(f"create or replace table `{made.relation(table)}` as {selected}")
    return made


@pytest.fixture(scope="session")
def dbt_manifest(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dbt_manifest(world, tmp_path_factory.mktemp("dbt") / "manifest.json", MODELS)


def make_features(world: World, rows: int = 1500) -> None:
    world.client.create_dataset(world.dataset, exists_ok=True)
    schema = [bigquery.SchemaField(name, kind) for name, kind in SCHEMA]
    job = bigquery.LoadJobConfig(schema=schema, write_disposition="WRITE_TRUNCATE")
    relation = world.relation("features")
    world.client.load_table_from_json(synthetic_rows(rows), relation, job_config=job).result()
    world.run(
        f"create or replace table `{world.relation('features_fingerprint')}` as "
        f"select '{DATA_HASH}' as data_hash"
    )


def synthetic_rows(count: int) -> list[dict[str, Any]]:
    """Return seeded rows with real structure, NULLs among features, and noise."""
    dice = random.Random(7)
    rows = []
    for number in range(count):
        year, region = dice.randint(2010, 2024), dice.choice(["Asia", "Europe", "Africa", None])
        fuel, mileage = dice.choice(["Petrol", "Hybrid", "Electric"]), dice.uniform(0, 200_000)
        premium = {"Petrol": 0, "Hybrid": 4000, "Electric": 9000}[fuel]
        home = {"Asia": 1000, "Europe": 3000, "Africa": -2000, None: 500}[region]
        price = 30_000 + 1500 * (year - 2010) - 0.08 * mileage + premium + home
        price += dice.gauss(0, 2000)
        rows.append(
            {
                "sale_id": f"s{number:06d}",
                "split": "test" if number % 5 == 0 else "eval" if number % 5 == 1 else "train",
                "year": year,
                "region": region,
                "fuel_type": fuel,
                "mileage_km": None if dice.random() < 0.05 else round(mileage, 1),
                "price_usd": round(price, 2),
                "sales_class": "High" if price + dice.gauss(0, 3000) > 38_000 else "Low",
                "tier": "A" if price > 46_000 else "B" if price > 34_000 else "C",
                "stars": 5 if price > 44_000 else 3 if price > 32_000 else 1,
                # Their texts are in another order than the numbers.
                "rank": 10 if price > 46_000 else 2 if price > 34_000 else -1,
                "code": 10 if price > 38_000 else 2,
            }
        )
    return rows


def train(world: World, name: str, kind: str, label: str, clause: str = "") -> None:
    """Create a model and write its labels, as dbt's materialization does."""
    options = ml_config(kind, label)
    also = f", {label}, split = 'eval' as is_eval" if label else ""
    kept = f", {label}, is_eval" if label else ""
    world.run(
        f"create or replace model `{world.relation(name)}` "
        f"{f'transform({clause}{kept})' if clause else ''} "
        f"options({', '.join(f'{key} = {value!r}' for key, value in options.items())}) as "
        f"select {', '.join(FEATURES)}{also} from `{world.relation('features')}` "
        "where split != 'test'"
    )
    labels = ", ".join(
        f"('{part}_hash', '{value}')"
        for part, value in {"sql": "a" * 40, "options": "b" * 40, "data": DATA_HASH}.items()
    )
    world.run(f"alter model `{world.relation(name)}` set options(labels=[{labels}])")


def make_verdicts(world: World, models: dict[str, tuple[str, str]] = MODELS) -> None:
    models = {name: pair for name, pair in models.items() if pair[1]}
    verdicts = " union all ".join(
        f"select '{name}' as model_name, '{label}' as label, 'squared_error' as loss, "
        "300 as test_rows, 2.0 as baseline_loss, 1.0 as model_loss, 1.0 as improvement, "
        "0.5 as interval_low, 1.5 as interval_high, 'signal' as status, '' as reason"
        for name, (_, label) in models.items()
    )
    world.run(f"create or replace table `{world.relation('verdicts')}` as {verdicts}")
    parts = [
        f"select '{name}' as model_name, metric, value from (select * from ml.evaluate("
        f"model `{world.relation(name)}`, (select * from `{world.relation('features')}` "
        f"where split = 'test'))) unpivot (value for metric in ({METRICS[task_of(kind)]}))"
        for name, (kind, _) in models.items()
    ]
    world.run(
        f"create or replace table `{world.relation('evaluations')}` as {' union all '.join(parts)}"
    )


METRICS = {
    "regression": "mean_absolute_error, mean_squared_error, mean_squared_log_error, "
    "median_absolute_error, r2_score, explained_variance",
    "classification": "precision, recall, accuracy, f1_score, log_loss, roc_auc",
}


def task_of(kind: str) -> str:
    if kind in UNLABELLED:
        return "clustering" if kind == "kmeans" else "decomposition"
    return "regression" if kind.endswith(("linear_reg", "regressor")) else "classification"


def write_dbt_manifest(
    world: World, file: Path, models: dict[str, tuple[str, str]], **export: Any
) -> Path:
    """Write what the export reads of dbt's manifest."""
    nodes = {
        f"model.test.{name}": {
            "name": name,
            "unique_id": f"model.test.{name}",
            "resource_type": "model",
            "database": world.settings.project,
            "schema": world.dataset,
            "alias": name,
            "config": {"meta": {"ml_config": ml_config(kind, label), "export": block(label, kind)}},
        }
        for name, (kind, label) in models.items()
    }
    for node in nodes.values():
        node["config"]["meta"]["export"] |= export  # type: ignore[index]
    file.write_text(json.dumps({"metadata": {"invocation_id": "test"}, "nodes": nodes}))
    return file


def ml_config(kind: str, label: str) -> dict[str, Any]:
    if not label:
        return {"model_type": kind} | UNLABELLED[kind]
    split = {"data_split_method": "custom", "data_split_col": "is_eval"}
    return {"model_type": kind, "input_label_cols": [label]} | split


def block(label: str, kind: str) -> dict[str, Any]:
    named = {"label": label} if label else {}
    return named | {"task": task_of(kind), "features": list(FEATURES), "method": "auto"}
