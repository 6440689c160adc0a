"""Uploads as the current google-cloud-bigquery sends them: any bytes, and the client's job id.

bqemulator gives every upload a new id, so that a client which lost the answer and asks again
by the same id loads its file twice.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bqemulator.api.routes import jobs as job_routes
from bqemulator.api.routes import upload as upload_routes
from bqemulator.catalog.models import JobMeta
from bqemulator.domain.errors import AlreadyExistsError, DomainError, InvalidQueryError

from emulator import failures, loads, running
from emulator.running import RunningJob

REFERENCE = "jobReference"
_bqemulator_configuration = upload_routes.__dict__["_load_configuration_from_envelope"]


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the job's configuration and the file; stands where bqemulator's function stood.

    The parts are taken by their boundary alone, so that a file may hold any bytes and be of
    any type (the client says `*/*`).

    Raises
    ------
    InvalidQueryError
        If the body is not two parts, or the first is no JSON object.
    """
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise InvalidQueryError(f"Multipart upload without boundary: '{content_type}'")
    marker = b"--" + boundary[1].encode()
    parts = body.split(marker, 2)
    if len(parts) != 3:
        raise InvalidQueryError("A multipart upload has two parts: the job, then the file.")
    media = parts[2].rpartition(b"\r\n" + marker)[0]
    try:
        job = json.loads(_content(parts[1]))
    except ValueError as error:
        raise InvalidQueryError(f"The upload's first part is not valid JSON: {error}") from error
    if not isinstance(job, dict):
        raise InvalidQueryError("The upload's first part must be a JSON object.")
    return job, _content(media)


def _content(part: bytes) -> bytes:
    blank = b"\r\n\r\n" if b"\r\n\r\n" in part else b"\n\n"
    return part.partition(blank)[2]


def load_configuration(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return a job's configuration with its reference; stands where bqemulator's function stood."""
    return {**_bqemulator_configuration(envelope), REFERENCE: envelope.get(REFERENCE) or {}}


async def run_load(
    *, project_id: str, configuration: dict[str, Any], media_path: str, ctx: Any
) -> tuple[str, JobMeta]:
    """Load an uploaded file by the id that the client gave; stands where bqemulator's stood.

    Raises
    ------
    AlreadyExistsError
        If there is a job of that id.
    """
    given = dict(configuration)
    job_id = given.pop(REFERENCE, {}).get("jobId") or upload_routes._new_job_id()
    if running.find(project_id, job_id) or ctx.catalog.get_job(project_id, job_id):
        raise AlreadyExistsError(f"Already Exists: Job {project_id}:US.{job_id}")
    given["load"] = {**given["load"], "sourceUris": [f"file://{media_path}"]}
    job = RunningJob(project_id, job_id, given, ctx.clock.now())
    running.add(job)
    try:
        done = await loads.execute_load_job(project_id, job_id, given, ctx)
    except Exception as error:
        known = error if isinstance(error, DomainError) else failures.unexpected(error)
        result = job_routes._domain_error_to_error_result(known)  # type: ignore[arg-type]
        now = ctx.clock.now()
        done = job_routes._failed_job_meta(project_id, job_id, "LOAD", given, result, now)
    finally:
        running.remove(job)
    ctx.catalog.upsert_job(done)
    return job_id, done
