"""Published versions made with scikit-learn alone, as the export would write them."""

import json
import pickle
from functools import cache

import numpy as np
import pandas as pd
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.artifacts.served import Served
from api.schemas.models import MODEL, VERSION
from api.schemas.predictions import ROW
from api.scoring.compiled import compile_tables
from api.scoring.probing import tables_of
from export.artifact import Feature, GoldenRow, Manifest, Pointer, libraries, predict, sha256, sign
from export.families.booster import Booster, TreeFeature
from export.families.columns import plain
from export.families.trees import retrained as trees
from export.pipelines import Columns, categories_of, linear, logistic

ROWS = 600
FEATURES = (
    Feature("model", "STRING", "categorical", ("M3", "X1", "X5", "série 3"), None, None, False),
    Feature("fuel_type", "STRING", "categorical", ("Diesel", "Petrol"), None, None, True),
    Feature("year", "INT64", "numeric", None, 2010, 2024, False),
    Feature("mileage_km", "FLOAT64", "numeric", None, 10.5, 199_000.25, True),
)
CLASSES = {
    "price": None,
    "class_two": ("High", "Low"),
    "class_many": (1, 2, 3),
    "class_flag": (False, True),
    "trees": (1, 2, 3),
}
MODEL_TYPES = {"price": "LINEAR_REG", "trees": "BOOSTED_TREE_CLASSIFIER"}
FIGURES = {
    "rows": 100,
    "max_abs": 1e-9,
    "max_rel": 1e-12,
    "mean_abs": 1e-10,
    "p99_abs": 1e-9,
    "label_disagreements": 0,
    "tolerance": 1e-6,
    "within": True,
    "explanations": {
        "rows": 90,
        "of": 100,
        "max_abs": 1e-9,
        "max_rel": 1e-12,
        "mean_abs": 1e-10,
        "p99_abs": 1e-9,
        "tolerance": 1e-6,
        "within": True,
    },
}
VERDICT = {
    "status": "signal",
    "improvement": 312.5,
    "interval": [300.25, 325.0],
    "loss": "squared_error",
    "test_rows": 1993,
    "reason": None,
}
NUMBERS = {int: "INT64", float: "FLOAT64"}
TYPICAL = {"model": "X5", "fuel_type": "Diesel", "year": 2020, "mileage_km": 50_000.0}


@cache
def training_rows():
    random = np.random.default_rng(7)
    rows = pd.DataFrame(
        {
            "model": pd.Series(random.choice(FEATURES[0].categories, ROWS), dtype="object"),
            "fuel_type": pd.Series(random.choice(["Diesel", "Petrol", None], ROWS), dtype="object"),
            "year": random.integers(2010, 2025, ROWS).astype("float64"),
            "mileage_km": random.uniform(10.5, 199_000.25, ROWS),
        }
    )
    rows.loc[:20, "mileage_km"] = np.nan
    return rows


@cache
def trained(name, seed=0):
    """Return a fitted pipeline for one of `CLASSES`; another seed has other weights."""
    rows = training_rows()
    random = np.random.default_rng(seed)
    price = 900 * (rows.year - 2000) - 0.05 * rows.mileage_km.fillna(1e5)
    price += 4000 * (rows.model == "X5") - 700 * rows.fuel_type.isna()
    price += random.normal(0, 2000, ROWS)
    blocks = {n: categories_of(rows[n].tolist()) for n in ("model", "fuel_type")}
    columns = Columns(("year", "mileage_km"), blocks)
    classes = CLASSES[name]
    if classes is None:
        return linear(columns, {}).fit(rows, price)
    parts = pd.qcut(price, len(classes), labels=False)
    labels = np.array([classes[part] for part in parts])
    if name == "trees":
        return tree_pipeline(rows, labels, classes)
    return logistic(columns, {"l2_reg": 1.0}).fit(rows, labels)


def tree_pipeline(rows, labels, classes, columns=None, method="LABEL_ENCODING"):
    """Return boosted trees as the export trains them."""
    plain_columns = [plain(f.name, is_text=f.kind == "categorical") for f in FEATURES]
    words = ("Diesel", "M3", "Petrol", "X5")
    read = tuple(
        TreeFeature(one.name, 1.5, words if one.codes is None else tuple(n for n, _ in one.codes))
        for one in columns or plain_columns
    )
    options = {"model_type": "boosted_tree_classifier", "max_iterations": 5}
    booster = Booster(b"", read, method)
    return trees(columns or plain_columns, booster, options, rows, labels, classes)


def manifest_of(name, version, pipeline, *, typical=TYPICAL, **changes):
    task = "regression" if CLASSES.get(name) is None else "classification"
    other = "LINEAR_REG" if task == "regression" else "LOGISTIC_REG"
    golden = [
        ("typical", typical),
        ("null", dict.fromkeys(typical)),
        ("unseen", typical | {"model": "Fusca"}),
        ("extreme", typical | {"mileage_km": 1e7}),
    ]
    fields = {
        "model": name,
        "version": version,
        "bigquery_model": f"vendas-local.vendas_ml.{name}",
        "model_type": MODEL_TYPES.get(name, other),
        "label": "price_usd" if task == "regression" else "sales_classification",
        "task": task,
        "classes": CLASSES.get(name),
        "features": FEATURES,
        "method": {"published": "retrained", "requested": "auto", "reason": "within"},
        "hashes": dict.fromkeys(("sql", "options", "data"), "0" * 40),
        "dbt": {"invocation_id": None, "node": f"model.vendas.{name}"},
        "code": {"commit": None},
        "created_at": "2026-01-31T12:00:00Z",
        "libraries": libraries(MODEL_TYPES.get(name, "")),
        "files": {},
        "metrics": {"bigquery_ml": {"r2_score": 0.9}, "scikit_learn": {"r2_score": 0.9}},
        "parity": {"retrained": FIGURES, "transplanted": None, "published": FIGURES},
        "verdict": VERDICT,
        "golden_rows": (),
    } | changes
    if not fields["golden_rows"] and pipeline is not None:
        answers = predict(pipeline, Manifest(**fields), [row for _, row in golden])
        pairs = zip(golden, answers, strict=True)
        fields["golden_rows"] = tuple(GoldenRow(r, a, k) for (k, r), a in pairs)
    return fields


@cache
def served(name):
    """Return one of `CLASSES` as the service holds it, without a child."""
    pipeline = trained(name)
    manifest = Manifest(**manifest_of(name, "1" * 16, pipeline))
    scorer = compile_tables(tables_of(pipeline, manifest), manifest.features)
    return Served(manifest, scorer, "2026-02-01T00:00:00Z", "2026-02-01T00:00:01Z")


def version_files(name, version, key, *, seed=0, pickled=None, pipeline=None, more=None, **changes):
    """Return the signed files of a version; `pickled` stands in for the pipeline's pickle."""
    pipeline = pipeline or trained(name, seed)
    files = {
        "model.pkl": pickle.dumps(pipeline, protocol=5) if pickled is None else pickled,
        "parity.json": b"{}",
        "card.md": b"# card\n",
        **(more or {}),
    }
    facts = {n: {"sha256": sha256(data), "size": len(data)} for n, data in files.items()}
    fields = manifest_of(name, version, pipeline, **({"files": facts} | changes))
    files["manifest.json"] = Manifest(**fields).to_json()
    return resigned(files, name, version, key)


def example_files(key):
    """Return the version that the examples of the OpenAPI document ask."""
    random = np.random.default_rng(7)
    texts = {name: (cell, "other") for name, cell in ROW.items() if isinstance(cell, str)}
    drawn = {name: random.choice(categories, ROWS) for name, categories in texts.items()}
    spans = {name: (0.5 * cell, cell) for name, cell in ROW.items() if name not in texts}
    drawn |= {name: random.uniform(*ends, ROWS) for name, ends in spans.items()}
    rows = pd.DataFrame({name: drawn[name] for name in ROW}).astype(dict.fromkeys(texts, "object"))
    features = tuple(
        Feature(name, "STRING", "categorical", texts[name], None, None, False)
        if name in texts
        else Feature(name, NUMBERS[type(cell)], "numeric", None, *spans[name], False)
        for name, cell in ROW.items()
    )
    blocks = {name: categories_of(rows[name].tolist()) for name in texts}
    price = 20 * rows.year - 0.05 * rows.mileage_km + random.normal(0, 2000, ROWS)
    pipeline = linear(Columns(tuple(spans), blocks), {}).fit(rows, price)
    return version_files(MODEL, VERSION, key, pipeline=pipeline, features=features, typical=ROW)


def resigned(files, name, version, key: Ed25519PrivateKey):
    return files | {
        "signature.json": sign(files["manifest.json"], model=name, version=version, key=key)
    }


def pointer_to(name, version, files):
    return Pointer(name, version, sha256(files["manifest.json"]), "2026-02-01T00:00:00Z")


def publish(bucket, name, version, files):
    """Upload a version and move the pointer to it."""
    for file, data in files.items():
        bucket.blob(f"models/{name}/{version}/{file}").upload_from_string(data)
    point(bucket, name, version, files)


def point(bucket, name, version, files):
    content = pointer_to(name, version, files).to_json()
    bucket.blob(f"models/{name}/current.json").upload_from_string(content)


def edited(files, file, **changes):
    """Return the files with a JSON file changed and nothing signed again."""
    content = json.loads(files[file]) | changes
    return files | {file: json.dumps(content).encode()}
