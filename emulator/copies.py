"""Copy jobs of models, which BigQuery copies as it copies tables."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from bqemulator.api.dependencies import AppContext
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import JobMeta
from bqemulator.domain.errors import NotFoundError
from bqemulator.jobs import executor

from emulator.ml.errors import ModelExists
from emulator.ml.model import Metadata, ModelName
from emulator.ml.store import store_of
from emulator.uniqueness import check_no_model

_bqemulator_copy_job = executor.execute_copy_job


async def execute_copy_job(
    project_id: str, job_id: str, config: dict[str, Any], ctx: AppContext
) -> JobMeta:
    """Copy a model if the source is one; stands where bqemulator's function stood."""
    asked = config["copy"]
    sources = [asked["sourceTable"]] if asked.get("sourceTable") else asked.get("sourceTables")
    source = _name((sources or [{}])[0], project_id)
    model = store_of(ctx).find(source)
    target = _name(asked.get("destinationTable") or {}, project_id)
    if model is None or len(sources or []) != 1:
        check_no_model((target.project, target.dataset, target.model), ctx)
        return await _bqemulator_copy_job(project_id, job_id, config, ctx)
    if ctx.catalog.get_dataset(target.project, target.dataset) is None:
        raise NotFoundError(f"Not found: Dataset {target.project}:{target.dataset}")
    taken = store_of(ctx).find(target) is not None
    if taken and asked.get("writeDisposition") != "WRITE_TRUNCATE":
        raise ModelExists("Model", target.project, target.dataset, target.model)
    if ctx.catalog.get_table(target.project, target.dataset, target.model) is not None:
        raise ModelExists("Table", target.project, target.dataset, target.model)
    milliseconds = int(time.time() * 1000)
    kept = Metadata(created=milliseconds, modified=milliseconds, labels=model.metadata.labels)
    store_of(ctx).save(replace(model, name=target, metadata=kept))
    now = ctx.clock.now()
    return JobMeta(
        project_id=project_id,
        job_id=job_id,
        job_type="COPY",
        state="DONE",
        configuration=config,
        statistics={"copy": {"copiedRows": "0"}},
        creation_time=now,
        start_time=now,
        end_time=now,
        etag=generate_etag(project_id, job_id, str(now)),
    )


def _name(reference: dict[str, Any], project: str) -> ModelName:
    return ModelName(
        reference.get("projectId", project),
        reference.get("datasetId", ""),
        reference.get("tableId", ""),
    )
