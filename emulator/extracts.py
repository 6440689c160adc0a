"""Extract jobs of models: EXPORT MODEL as jobs.insert has it."""

from __future__ import annotations

from typing import Any

from bqemulator.api.dependencies import AppContext
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import JobMeta
from bqemulator.domain.errors import ValidationError
from bqemulator.jobs import executor

from emulator.jobs import in_thread
from emulator.ml.errors import NotEmulated
from emulator.ml.export.booster import booster_files
from emulator.ml.export.bucket import write_files
from emulator.ml.model import ModelName
from emulator.ml.store import store_of
from emulator.session import cloud_file

BOOSTER, SAVED_MODEL = "ML_XGBOOST_BOOSTER", "ML_TF_SAVED_MODEL"

_bqemulator_extract_job = executor.execute_extract_job


async def execute_extract_job(
    project_id: str, job_id: str, config: dict[str, Any], ctx: AppContext
) -> JobMeta:
    """Export a model if the source is one; stands where bqemulator's function stood."""
    extract = config["extract"]
    if not extract.get("sourceModel"):
        return await _bqemulator_extract_job(project_id, job_id, config, ctx)

    async def job() -> JobMeta:
        return _export(project_id, job_id, config, ctx)

    return await in_thread(job)


def _export(project: str, job_id: str, config: dict[str, Any], context: AppContext) -> JobMeta:
    extract, started = config["extract"], context.clock.now()
    source, uris = extract["sourceModel"], extract.get("destinationUris") or []
    if len(uris) != 1:
        raise ValidationError(f"A model is extracted to one destination URI, found {len(uris)}.")
    name = ModelName(
        source.get("projectId") or project, source.get("datasetId", ""), source.get("modelId", "")
    )
    files = booster_files(store_of(context).get(name))
    kind = extract.get("destinationFormat") or BOOSTER
    if kind == SAVED_MODEL:
        raise NotEmulated(f"destinationFormat {SAVED_MODEL}", f"Use {BOOSTER}.")
    if kind != BOOSTER:
        raise ValidationError(f"Invalid destinationFormat for a model: '{kind}'.")
    write_files(uris[0], files, cloud_file(context))
    return JobMeta(
        project_id=project,
        job_id=job_id,
        job_type="EXTRACT",
        state="DONE",
        configuration=config,
        statistics={"extract": {"destinationUriFileCounts": [str(len(files))]}},
        creation_time=started,
        start_time=started,
        end_time=context.clock.now(),
        etag=generate_etag(project, job_id, str(started)),
    )
