"""One query job, from SQL to result: handlers, rewriters, then bqemulator.

A job runs in a thread with an event loop of its own, so that a long training leaves the
server answering. An error that nobody expected becomes a 400 with its message, because
Google's clients retry a 500 for ten minutes; the traceback is in the log.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from typing import Any

import pyarrow as pa
from bqemulator.catalog.models import JobMeta
from bqemulator.jobs import executor
from bqemulator.observability.logging_ import get_logger
from bqemulator.row_access.identity import CallerIdentity
from bqemulator.scripting.ast import SqlStmt
from bqemulator.scripting.parser import parse_script

from emulator import definitions, results, running, statements, temporary, translation
from emulator.external.tables import external_tables
from emulator.failures import client_error
from emulator.naming import qualify
from emulator.running import CURRENT_JOB, JobCancelled, check_cancelled
from emulator.session import CURRENT_SESSION, Outcome, Session
from emulator.syntax import bare, may_be_script

THREADS = 16

DEFAULT_DATASET: ContextVar[str | None] = ContextVar("default_dataset", default=None)

_log = get_logger(__name__)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="job")
_bqemulator_query_job = executor.execute_query_job


async def in_thread(job: Callable[[], Coroutine[Any, Any, JobMeta]]) -> JobMeta:
    """Run a job's coroutine in a thread with a loop of its own.

    Raises
    ------
    JobCancelled
        Whatever the job made of that.
    """
    context, known = copy_context(), CURRENT_JOB.get()
    loop = asyncio.get_running_loop()

    def run() -> JobMeta:
        if known is None:
            return asyncio.run(job())
        with known.in_this_thread():
            try:
                check_cancelled()
                return asyncio.run(job())
            except Exception as error:
                if known.cancelled.is_set():
                    raise JobCancelled from error
                raise

    return await loop.run_in_executor(_threads, lambda: context.run(run))


async def execute_query_job(
    project_id: str,
    job_id: str,
    bq_sql: str,
    query_params: list[dict[str, Any]] | None,
    ctx: Any,
    *,
    use_cache: bool = True,
    caller: CallerIdentity | None = None,
) -> JobMeta:
    """Run a query job; stands where bqemulator's function of this name stood."""
    session = Session(project_id, DEFAULT_DATASET.get(), ctx, StatementEngine(caller), query_params)
    known = CURRENT_JOB.get()
    if known is not None and not known.id:
        known.id = job_id
        running.add(known)

    async def job() -> JobMeta:
        CURRENT_SESSION.set(session)
        try:
            meta = await run(job_id, bq_sql, query_params, session, caller)
        except Exception as error:
            raise client_error(error, session, bq_sql) from error
        finally:
            if known is not None:
                known.leave_alone()  # what a cancelled job leaves is cleared away
            session.close()
        meta.configuration.setdefault("query", {})["query"] = bq_sql
        results.forget_oldest()
        if known is None:
            return meta
        began = {"creation_time": known.started, "start_time": known.started}
        return meta.model_copy(update=began)

    return await in_thread(job)


async def run(
    job_id: str,
    sql: str,
    parameters: Any,
    session: Session,
    caller: CallerIdentity | None,
) -> JobMeta:
    """Offer a statement to the handlers, else rewrite it and hand it to bqemulator.

    A script goes to bqemulator as it is; its statements come back one by one (`scripts`).
    """
    check_cancelled()
    external_tables(session.context).refresh()
    if temporary.ends_session(bare(sql)):
        return results.record(job_id, sql, Outcome(None, "CALL"), session)
    if not is_script(sql):
        sql = bare(sql)
        sql = await temporary.in_session(sql, session)
        temporary.refuse(sql)
        outcome = await statements.handle(sql, session)
        if outcome is not None:
            return results.record(job_id, sql, outcome, session)
        sql = qualify(await statements.rewrite(sql, session), session)
    with definitions.held(sql):
        meta: JobMeta = await _bqemulator_query_job(
            session.project, job_id, sql, parameters, session.context, caller=caller
        )
    return meta


def is_script(sql: str) -> bool:
    """Tell whether the SQL is a script, not one statement."""
    if not may_be_script(sql):
        return False
    parsed = parse_script(sql).statements
    return len(parsed) != 1 or not isinstance(parsed[0], SqlStmt)


def use_default_dataset(reference: dict[str, str] | None, project: str) -> None:
    """Set the default dataset of the request's job from its REST reference."""
    if reference and reference.get("datasetId"):
        project = reference.get("projectId") or project
        DEFAULT_DATASET.set(f"{project}.{reference['datasetId']}")


class StatementEngine:
    """Runs GoogleSQL for the session of a job that is one statement."""

    def __init__(self, caller: CallerIdentity | None) -> None:
        self._caller = caller

    async def table(self, sql: str, parameters: Any, session: Session) -> pa.Table:
        """Run a statement through the whole path and return its result."""
        job_id = f"nested_{uuid.uuid4().hex}"
        await run(job_id, sql, parameters, session, self._caller)
        return results.take(job_id)

    @asynccontextmanager
    async def reader(
        self, sql: str, parameters: Any, session: Session
    ) -> AsyncIterator[pa.RecordBatchReader]:
        """Stream a query's result from a cursor of its own."""
        rewritten = qualify(await statements.rewrite(bare(sql), session), session)
        async with translation.stream(rewritten, session, parameters, self._caller) as batches:
            yield batches
