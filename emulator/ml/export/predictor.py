"""Predicts with an exported tree model: `predictor.py` of the export, and part of it as it is.

It needs NumPy and XGBoost alone. `Predictor(folder).predict(rows)` takes dictionaries by feature
name; a value that training did not see is missing.
"""

import glob
import json
import os
import re
from typing import Any

import numpy as np
import xgboost

_ASSET = re.compile(r"(\d+)_([a-z_]+)\.txt$")
_NULL = "_null_filler"


class Predictor:
    """An exported model with its vocabularies."""

    def __init__(self, folder: str) -> None:
        assets = os.path.join(folder, "assets")
        with open(os.path.join(assets, "model_metadata.json"), encoding="utf-8") as file:
            self.metadata = json.load(file)
        self.vocabularies: dict[int, tuple[str, list[str]]] = {}
        for path in glob.glob(os.path.join(assets, "*.txt")):
            found = _ASSET.search(path)
            if found is None:
                continue
            index, kind = found.groups()
            with open(path, encoding="utf-8") as file:
                self.vocabularies[int(index)] = (kind, file.read().splitlines())
        self.booster = xgboost.Booster(model_file=os.path.join(folder, "model.bst"))

    def predict(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a number a row, or for classes the likeliest one with all probabilities."""
        matrix = np.array([self._encode(row) for row in rows], dtype=np.float32)
        found = self.booster.predict(xgboost.DMatrix(matrix, missing=np.nan))
        label = "predicted_" + self.metadata["label_col"]
        classes = self.metadata.get("class_names")
        if not classes:
            return [{label: float(value)} for value in found]
        ascending = classes[::-1]
        return [
            {
                label: ascending[int(chances.argmax())],
                label + "_probs": dict(zip(ascending, map(float, chances), strict=True)),
            }
            for chances in found
        ]

    def _encode(self, row: dict[str, Any]) -> list[float]:
        cells: list[float] = []
        for index, name in enumerate(self.metadata["feature_names"]):
            cells.extend(self._cells(index, row.get(name), self.metadata["features"][name]))
        return cells

    def _cells(self, index: int, value: Any, feature: dict[str, Any]) -> list[float]:
        kind, words = self.vocabularies.get(index, ("", []))
        if not kind:
            return [feature.get("mean", np.nan) if value is None else float(value)]
        if kind == "array_numerical_length":
            return [float(one) for one in value]
        if kind == "array_struct_dimension":
            cells = [0.0] * int(words[0])
            for position, number in value or []:
                cells[position] = float(number)
            return cells
        if kind == "array_one_hot":
            present = {_text(one) for one in value or [None]}
            return [float(word in present) for word in words]
        text = _text(value)
        if kind == "categorical_label":
            return [float(words.index(text)) if text in words else 0.0]
        if kind == "categorical_one_hot":
            return [1.0 if text == word else np.nan for word in words]
        by_word = {word: cells for word, *cells in (line.split("\t") for line in words)}
        width = len(next(iter(by_word.values())))
        return [float(one) if one else np.nan for one in by_word.get(text, [""] * width)]


def _text(value: Any) -> str:
    if value is None:
        return _NULL
    return str(value).lower() if isinstance(value, bool) else str(value)
