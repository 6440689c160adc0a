"""A booster that XGBoost 0.90 itself wrote, whatever library is here to read it.

`data/xgboost-0.90` is what EXPORT MODEL of a boosted classifier (3 iterations, depth 3) wrote on
the small world with `make exact-trees`, and `answers.jsonl` what 0.90 answered through ML.PREDICT.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pandas as pd

from export.families import trees
from export.families.booster import BOOSTER, read_booster
from export.families.columns import plain
from tests.export.conftest import FEATURES
from tests.export.families.conftest import TYPES

FOLDER = Path(__file__).parent / "data" / "xgboost-0.90"
CLASSES = ("A", "B", "C")


def test_it_answers_as_it_did_in_its_own_library() -> None:
    files = {str(f.relative_to(FOLDER)): f.read_bytes() for f in FOLDER.rglob("*") if f.is_file()}
    answers = [json.loads(line) for line in files.pop("answers.jsonl").splitlines()]
    assert struct.unpack("<f", files[BOOSTER][:4]) == (0.5,)  # later formats begin with a brace
    booster = read_booster(files, "tier")
    columns = [plain(name, is_text=TYPES[name] == "STRING") for name in FEATURES]
    rows = pd.DataFrame(answers)[FEATURES]
    for name in FEATURES:
        rows[name] = rows[name].astype(object if TYPES[name] == "STRING" else "float64")

    pipeline = trees.transplanted(columns, booster, CLASSES)

    expected = np.array([[row["probabilities"][name] for name in CLASSES] for row in answers])
    assert len(expected) == 45 and len(np.unique(expected.round(6), axis=0)) > 20
    assert np.abs(pipeline.predict_proba(rows) - expected).max() <= 1e-6
    assert pipeline.predict(rows).tolist() == [row["label"] for row in answers]
