"""Three models of the sample report, published as the export publishes them."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from google.cloud.storage import Bucket

from export.artifact import (
    Feature,
    GoldenRow,
    Manifest,
    Pointer,
    libraries,
    predict,
    sha256,
    sign,
    signing_key,
)
from export.families.booster import Booster, TreeFeature
from export.families.columns import plain
from export.families.trees import retrained
from export.pipelines import Columns, categories_of, linear, logistic

SAMPLE = Path(__file__).parents[2] / "data" / "sample_sales.csv"
TEXTS = ("model", "region", "color", "fuel_type", "transmission")
NUMBERS = {"year": "INT64", "engine_size_l": "FLOAT64", "mileage_km": "FLOAT64"}
NAMES = ("price_linear", "class_logistic", "price_trees")
VERSION = "b" * 16


@dataclass(frozen=True)
class Made:
    """A model: its pipeline, and the manifest's fields."""

    name: str
    pipeline: Any
    manifest: dict[str, Any]


def rows() -> pd.DataFrame:
    """Return the clean rows of the sample, in the names of the marts."""
    found = pd.read_csv(SAMPLE, on_bad_lines="skip")
    found.columns = [name.strip().lower() for name in found.columns]
    numbers = [*NUMBERS, "price_usd"]
    found[numbers] = found[numbers].apply(pd.to_numeric, errors="coerce")
    found = found.dropna(subset=[*TEXTS, *numbers])
    found = found[found.year.between(1990, 2030) & found.price_usd.between(1e3, 1e6)]
    return found.reset_index(drop=True)


def make() -> list[Made]:
    """Train the three models."""
    table = rows()
    features = table[[*TEXTS, *NUMBERS]].astype(dict.fromkeys(NUMBERS, "float64"))
    columns = Columns(
        tuple(NUMBERS), {name: categories_of(features[name].tolist()) for name in TEXTS}
    )
    label = np.where(table.price_usd > table.price_usd.median(), "High", "Low")
    read = tuple(
        TreeFeature(name, float(features[name].mean()) if name in NUMBERS else None, words)
        for name in features.columns
        if (words := tuple(sorted(set(features[name]))) if name in TEXTS else ()) is not None
    )
    options = {"model_type": "boosted_tree_regressor"}
    pipelines = {
        "price_linear": linear(columns, {}).fit(features, table.price_usd),
        "class_logistic": logistic(columns, {"l2_reg": 1.0}).fit(features, label),
        "price_trees": retrained(
            [plain(name, is_text=name in TEXTS) for name in features.columns],
            Booster(b"", read, "LABEL_ENCODING"),
            options,
            features,
            table.price_usd.to_numpy(),
            None,
        ),
    }
    return [Made(name, pipelines[name], _fields(name, pipelines[name], features)) for name in NAMES]


def publish(bucket: Bucket, made: list[Made], folder: Path) -> None:
    """Sign and upload the models; the keys are in the folder."""
    key = signing_key(folder / "signing.pem", folder / "public.pem")
    for one in made:
        files = {"model.pkl": pickle.dumps(one.pipeline, protocol=5)}
        files |= {"parity.json": b"{}", "card.md": b"# card\n"}
        facts = {name: {"sha256": sha256(data), "size": len(data)} for name, data in files.items()}
        files["manifest.json"] = Manifest(**(one.manifest | {"files": facts})).to_json()
        files["signature.json"] = sign(
            files["manifest.json"], model=one.name, version=VERSION, key=key
        )
        for name, data in files.items():
            bucket.blob(f"models/{one.name}/{VERSION}/{name}").upload_from_string(data)
        digest = sha256(files["manifest.json"])
        pointer = Pointer(one.name, VERSION, digest, "2026-01-01T00:00:00Z")
        bucket.blob(f"models/{one.name}/current.json").upload_from_string(pointer.to_json())


def _fields(name: str, pipeline: Any, features: pd.DataFrame) -> dict[str, Any]:
    classes = tuple(pipeline.classes_.tolist()) if name.startswith("class") else None
    figures = {n: 0.0 for n in ("max_abs", "max_rel", "mean_abs", "p99_abs")} | {
        "rows": 1,
        "label_disagreements": 0,
        "tolerance": 1e-6,
        "within": True,
    }
    fields: dict[str, Any] = {
        "model": name,
        "version": VERSION,
        "bigquery_model": f"vendas.vendas_ml.{name}",
        "model_type": {"price_trees": "BOOSTED_TREE_REGRESSOR", "price_linear": "LINEAR_REG"}.get(
            name, "LOGISTIC_REG"
        ),
        "label": "price_class" if classes else "price_usd",
        "task": "classification" if classes else "regression",
        "classes": classes,
        "features": tuple(_feature(column, features[column]) for column in features.columns),
        "method": {"published": "retrained", "requested": "auto", "reason": ""},
        "hashes": dict.fromkeys(("sql", "options", "data"), "0" * 40),
        "dbt": {"invocation_id": None, "node": f"model.vendas.{name}"},
        "code": {"commit": None},
        "created_at": "2026-01-01T00:00:00Z",
        "libraries": libraries("BOOSTED_TREE" if name == "price_trees" else ""),
        "files": {},
        "metrics": {"bigquery_ml": {}, "scikit_learn": {}},
        "parity": {"retrained": figures, "transplanted": None, "published": figures},
        "verdict": {
            "status": "signal",
            "improvement": 1.0,
            "interval": [0.5, 1.5],
            "loss": "squared_error",
            "test_rows": 1,
            "reason": None,
        },
        "golden_rows": (),
    }
    some = json.loads(features.head(50).to_json(orient="records"))
    answers = predict(pipeline, Manifest(**fields), some)
    golden = tuple(GoldenRow(row, a, "typical") for row, a in zip(some, answers, strict=True))
    return fields | {"golden_rows": golden}


def _feature(name: str, column: pd.Series[Any]) -> Feature:
    if name in TEXTS:
        return Feature(name, "STRING", "categorical", tuple(sorted(set(column))), None, None, False)
    low, high = float(column.min()), float(column.max())
    return Feature(name, NUMBERS[name], "numeric", None, low, high, False)
