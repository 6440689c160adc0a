"""The lines of Python on the card: download, verify, predict, with nothing of this project.

A test takes them out of a published card and runs them in an environment of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from export.card.wording import Language, escape, number, plain
from export.manifest import Feature, GoldenRow

METHODS = {
    "regression": "predict",
    "classification": "predict_proba",
    "clustering": "transform",  # distances: BigQuery ML counts clusters from 1, predict from 0
    "decomposition": "transform",
}
SETTING = """\
import json, pickle
from hashlib import sha256
import pandas as pd
from google.cloud import storage

bucket, folder = storage.Client().bucket({bucket}), {folder}
read = lambda name: bucket.blob(folder + name).download_as_bytes()
"""
LINES = """\
current = json.loads(read("current.json"))
manifest, model = [read(f"{{current['version']}}/{{n}}") for n in ("manifest.json", "model.pkl")]
wanted = [current["manifest_sha256"], json.loads(manifest)["files"]["model.pkl"]["sha256"]]
if [sha256(data).hexdigest() for data in (manifest, model)] != wanted: raise SystemExit("Changed!")
print(pickle.loads(model).{method}(rows))"""
SIGNATURE = """\
from base64 import b64decode
from cryptography.hazmat.primitives.serialization import load_pem_public_key

message = {{"manifest_sha256": wanted[0], "model": {model}, "version": current["version"]}}
message = json.dumps(message, separators=(",", ":")).encode()
signature = json.loads(read(f"{{current['version']}}/signature.json"))["signature"]
load_pem_public_key(open("public.pem", "rb").read()).verify(b64decode(signature), message)"""
SKOPS = """\
import skops.io

safe = read(f"{{current['version']}}/model.skops")
wanted = json.loads(manifest)["files"]["model.skops"]["sha256"]
if sha256(safe).hexdigest() != wanted: raise SystemExit("Changed!")
print(skops.io.loads(safe, trusted={trusted}).{method}(rows))"""


def usage(
    model: str,
    bucket: str,
    task: str,
    features: Sequence[Feature],
    example: GoldenRow,
    types: Sequence[str],
) -> dict[str, str]:
    """Return the blocks of code by their name in the page.

    Parameters
    ----------
    model, bucket : str
        Where the model is published.
    task : str
        The manifest's.
    features : sequence of Feature
        Input columns.
    example : GoldenRow
        A row with BigQuery ML's answer.
    types : sequence of str
        Those that a reader of `model.skops` has to trust.
    """
    names = {
        "bucket": json.dumps(bucket),
        "folder": json.dumps(f"models/{model}/"),
        "model": json.dumps(model),
        "method": METHODS[task],
        "trusted": json.dumps(list(types)),
    }
    return {
        "usage_rows": SETTING.format(**names) + "\n" + _rows(features, example),
        "usage_lines": LINES.format(**names),
        "usage_signature": SIGNATURE.format(**names),
        "usage_skops": SKOPS.format(**names),
    }


def packages(libraries: Mapping[str, str]) -> str:
    """Return what pip has to install in the versions that the pickle was made with."""
    wanted = [name for name in ("scikit-learn", "xgboost") if name in libraries]
    return " ".join(f'"{name}=={libraries[name]}"' for name in wanted)


def answer_in_words(example: GoldenRow, language: Language) -> str:
    """Return BigQuery ML's answer to the example."""
    expected = example.expected
    if "value" in expected:
        return plain(expected["value"], language)
    name = next(n for n in ("probabilities", "distances", "components") if n in expected)
    chances = expected[name].items()
    return ", ".join(f"{escape(name)}: {number(chance, language, 6)}" for name, chance in chances)


def _rows(features: Sequence[Feature], example: GoldenRow) -> str:
    """Return the code that makes the table of inputs: numbers as float64, texts as objects."""
    cells = [f"    {f.name!r}: {example.input[f.name]!r}," for f in features]
    numbers = [f.name for f in features if f.kind == "numeric"]
    kinds = '{name: "float64" if name in numbers else "object" for name in row}'
    made = [f"numbers = {numbers!r}", f"rows = pd.DataFrame([row]).astype({kinds})"]
    return "\n".join(["row = {", *cells, "}", *made])
