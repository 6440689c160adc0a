"""The rivals as applications: an endpoint that does nothing, and the usual pandas and pickle.

`uvicorn benchmarks.serving.rivals:app` serves both; MODEL_FILE is the pickle.
"""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from fastapi import Request

from benchmarks.serving.empty import Rows, app

pipeline: Any = pickle.loads(Path(os.environ["MODEL_FILE"]).read_bytes())
COLUMNS = list(os.environ["MODEL_COLUMNS"].split(","))


@app.post("/naive")
def naive(rows: Rows) -> dict[str, list[float]]:
    """Answer as everybody's first service does."""
    table = pd.DataFrame([row.model_dump() for row in rows.rows])
    return {"predictions": pipeline.predict(table[COLUMNS]).tolist()}


@app.post("/naive/batch")
async def naive_batch(request: Request) -> dict[str, list[float]]:
    """Answer a batch in any form, unchecked."""
    body = await request.body()
    kind = request.headers["content-type"]
    if kind == "text/csv":
        table = pd.read_csv(io.BytesIO(body))
    elif "arrow" in kind:
        table = pa.ipc.open_stream(body).read_pandas()
    else:
        content = await request.json()
        table = pd.DataFrame(content.get("rows") or content["columns"])
    return {"predictions": pipeline.predict(table[COLUMNS]).tolist()}
