"""The REST API of jobs: inserted, asked for, waited for, cancelled.

bqemulator carries a job out before it answers. Here a job that takes long is answered as
RUNNING, its results are waited for as `timeoutMs` says, and it can be cancelled. A failed
query is an HTTP error, as on Google Cloud: bqemulator answers 200 with the errors beside
an empty result, which Google's client then takes for granted.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Annotated, Any, TypeAlias

from bqemulator.api.dependencies import AppContext, get_caller, get_context
from bqemulator.api.routes import jobs as theirs
from bqemulator.catalog.models import JobMeta
from bqemulator.domain.errors import AlreadyExistsError, DomainError
from bqemulator.row_access.identity import CallerIdentity
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from emulator import failures, jobs, running
from emulator.running import CURRENT_JOB, JobCancelled, RunningJob

router = APIRouter(prefix="/bigquery/v2/projects/{project_id}", tags=["jobs"])

Context: TypeAlias = Annotated[AppContext, Depends(get_context)]
Caller: TypeAlias = Annotated[CallerIdentity, Depends(get_caller)]
Answer: TypeAlias = dict[str, Any]

INSERT_SECONDS = 0.5
WAIT_MILLISECONDS = 10_000
STATUS = {"notFound": 404, "duplicate": 409, "accessDenied": 403, JobCancelled.bq_reason: 499}
KINDS = ("LOAD", "COPY", "EXTRACT", "QUERY")


@router.post("/jobs", response_model=None)
async def insert_job(project_id: str, request: Request, context: Context, caller: Caller) -> Answer:
    """Start a job; answer with its end if that comes soon."""
    body = await request.json()
    configuration = body.get("configuration") or {}
    job_id = _named(body)
    known = running.find(project_id, job_id) or context.catalog.get_job(project_id, job_id)
    if known is not None:
        raise AlreadyExistsError(f"Already Exists: Job {project_id}:US.{job_id}")
    job = RunningJob(project_id, job_id, configuration, context.clock.now())
    _start(job, theirs.insert_job(project_id, request, context, caller), context)
    # A dry run is no job that could be asked for later: its answer is all there is.
    seconds = None if configuration.get("dryRun") else INSERT_SECONDS
    return await _answer_within(seconds, job) or _running(job)


@router.post("/queries", response_model=None)
async def query(
    project_id: str, request: Request, context: Context, caller: Caller
) -> Response | Answer:
    """Run a query and return its first page, or its error, or say that it is not done."""
    body = await request.json()
    jobs.use_default_dataset(body.get("defaultDataset"), project_id)
    configuration = {"query": {"query": body.get("query", "")}}
    job = RunningJob(project_id, "", configuration, context.clock.now())
    _start(job, theirs.query(project_id, request, context, caller), context)
    answer = await _answer_within(_seconds(body.get("timeoutMs")), job)
    if answer is None:
        return {"kind": "bigquery#queryResponse", **_incomplete(job)}
    errors = answer.get("errors")
    if errors:
        return _failure(errors[0])
    answer["jobReference"].setdefault("location", "US")
    return answer


@router.get("/queries/{job_id}", response_model=None)
async def get_query_results(
    project_id: str,
    job_id: str,
    context: Context,
    most: Annotated[int, Query(alias="maxResults")] = 10_000,
    start: Annotated[int, Query(alias="startIndex")] = 0,
    token: Annotated[str | None, Query(alias="pageToken")] = None,
    timeout: Annotated[int | None, Query(alias="timeoutMs")] = None,
) -> Response | Answer:
    """Return a page of a query's result, its error, or that it is not done."""
    job = running.find(project_id, job_id)
    if job is not None and job.task is not None:
        await asyncio.wait({job.task}, timeout=_seconds(timeout))
        if not job.task.done():
            return {"kind": "bigquery#getQueryResultsResponse", **_incomplete(job)}
    done = context.catalog.get_job(project_id, job_id)
    if done is not None and done.error_result:
        return _failure(done.error_result)
    return theirs.get_query_results(project_id, job_id, context, most, start, token)


@router.get("/jobs", response_model=None)
def list_jobs(
    project_id: str,
    context: Context,
    most: Annotated[int, Query(alias="maxResults")] = 100,
    state: Annotated[str | None, Query(alias="stateFilter")] = None,
    parent: Annotated[str | None, Query(alias="parentJobId")] = None,
) -> Answer:
    """List the jobs of a project, those that run first."""
    answer: Answer = theirs.list_jobs(project_id, context, most, state, parent)
    if parent is None and (state or "running").lower() == "running":
        now = [_running(job) for job in running.all_jobs(project_id)]
        answer["jobs"] = [*now, *answer["jobs"]][:most]
        answer["totalItems"] = len(answer["jobs"])
    return answer


@router.get("/jobs/{job_id}", response_model=None)
def get_job(project_id: str, job_id: str, context: Context) -> Answer:
    """Return a job, running or done."""
    job = running.find(project_id, job_id)
    found: Answer = theirs.get_job(project_id, job_id, context) if job is None else _running(job)
    return found


@router.post("/jobs/{job_id}/cancel", response_model=None)
async def cancel_job(project_id: str, job_id: str, context: Context) -> Answer:
    """Ask a job to stop; one that is done stays as it is."""
    job = running.find(project_id, job_id)
    if job is None:
        answer: Answer = theirs.cancel_job(project_id, job_id, context)
        return answer
    job.cancel()
    return {"kind": "bigquery#jobCancelResponse", "job": _running(job)}


def _start(job: RunningJob, work: Coroutine[Any, Any, Any], context: AppContext) -> None:
    """Carry a job out, listed as running until its end is in the catalogue."""
    CURRENT_JOB.set(job)

    async def run() -> Any:
        try:
            return await work
        except Exception as error:
            if job.is_answered:
                context.catalog.upsert_job(_failed(job, error, context))
            raise
        finally:
            running.remove(job)

    if job.id:
        running.add(job)
    job.task = asyncio.create_task(run())
    # Asked for the exception, the task does not complain that nobody was there to see it.
    job.task.add_done_callback(lambda task: task.cancelled() or task.exception())


async def _answer_within(seconds: float | None, job: RunningJob) -> Answer | None:
    """Return what bqemulator answers, or None if the job is not done by then."""
    assert job.task is not None
    await asyncio.wait({job.task}, timeout=seconds)
    job.is_answered = True
    return job.task.result() if job.task.done() else None


def _failed(job: RunningJob, error: Exception, context: AppContext) -> JobMeta:
    known = error if isinstance(error, DomainError) else failures.unexpected(error)
    return theirs._failed_job_meta(
        job.project,
        job.id,
        _kind(job),
        job.configuration,
        theirs._domain_error_to_error_result(known),  # type: ignore[arg-type]
        context.clock.now(),
    )


def _running(job: RunningJob) -> Answer:
    meta = JobMeta(
        project_id=job.project,
        job_id=job.id,
        job_type=_kind(job),
        state="RUNNING",
        configuration=job.configuration,
        creation_time=job.started,
        start_time=job.started,
        etag=job.id,
    )
    answer: Answer = theirs._build_job_response(job.project, job.id, meta, job.configuration)
    return answer


def _kind(job: RunningJob) -> Any:
    return next((kind for kind in KINDS if kind.lower() in job.configuration), "QUERY")


def _incomplete(job: RunningJob) -> Answer:
    reference = {"projectId": job.project, "jobId": job.id, "location": "US"}
    return {"jobReference": reference, "jobComplete": False}


def _failure(error: dict[str, Any]) -> JSONResponse:
    code = STATUS.get(error["reason"], 400)
    content = {"error": {"code": code, "message": error["message"], "errors": [error]}}
    return JSONResponse(status_code=code, content=content)


def _named(body: Answer) -> str:
    """Return the id of the job, a new one if the client left that to the server."""
    reference = body.setdefault("jobReference", {})
    job_id: str = reference.get("jobId") or f"bqemu_{uuid.uuid4().hex}"
    reference["jobId"] = job_id
    return job_id


def _seconds(milliseconds: Any) -> float:
    return (WAIT_MILLISECONDS if milliseconds is None else int(milliseconds)) / 1000
