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
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import JobMeta
from bqemulator.domain.errors import DomainError, InternalError, InvalidQueryError
from bqemulator.jobs import executor
from bqemulator.observability.logging_ import get_logger
from bqemulator.row_access.identity import CallerIdentity
from bqemulator.sql.inner_query import rewrite_and_translate_statement
from bqemulator.sql.parameters import bind_parameters
from bqemulator.sql.table_rewriter import rewrite_table_refs

from emulator import statements
from emulator.engine import ThreadedEngine
from emulator.session import Outcome, Session

BATCH_ROWS = 50_000
THREADS = 16

DEFAULT_DATASET: ContextVar[str | None] = ContextVar("default_dataset", default=None)

_log = get_logger(__name__)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="job")
_bqemulator_query_job = executor.execute_query_job


async def in_thread(job: Callable[[], Coroutine[Any, Any, JobMeta]]) -> JobMeta:
    """Run a job's coroutine in a thread with a loop of its own."""
    context = copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, lambda: context.run(lambda: asyncio.run(job())))


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
    session = Session(project_id, DEFAULT_DATASET.get(), ctx, SessionEngine(caller))

    async def job() -> JobMeta:
        try:
            return await run(job_id, bq_sql, query_params, session, caller)
        except InternalError as error:
            _log.exception("job failed", job_id=job_id, sql=bq_sql)
            raise InvalidQueryError(error.message) from error
        except DomainError:
            raise
        except Exception as error:
            _log.exception("job failed", job_id=job_id, sql=bq_sql)
            raise InvalidQueryError(f"{type(error).__name__}: {error}") from error
        finally:
            session.close()

    return await in_thread(job)


async def run(
    job_id: str,
    sql: str,
    parameters: Any,
    session: Session,
    caller: CallerIdentity | None,
) -> JobMeta:
    """Offer the statement to the handlers, else rewrite it and hand it to bqemulator."""
    outcome = await statements.handle(sql, session)
    if outcome is not None:
        return record(job_id, sql, outcome, session)
    rewritten = await statements.rewrite(sql, session)
    return await _bqemulator_query_job(
        session.project, job_id, rewritten, parameters, session.context, caller=caller
    )


def record(job_id: str, sql: str, outcome: Outcome, session: Session) -> JobMeta:
    """Store a handled statement's result and describe its job."""
    table = pa.table({}) if outcome.table is None else outcome.table
    executor.JOB_RESULTS[job_id] = table
    executor.JOB_SCHEMAS[job_id] = executor.build_response_schema(table.schema)
    now = session.context.clock.now()
    statistics = executor._build_query_statistics(
        total_rows=table.num_rows,
        statement_type=outcome.statement_type,
        num_dml_affected_rows=None,
        ddl_operation=outcome.ddl_operation,
    )
    if outcome.ddl_target is not None:
        statistics["query"]["ddlTargetTable"] = _reference(outcome.ddl_target)
    configuration = {"query": {"query": sql}}
    if outcome.table is not None:
        configuration = executor._build_query_configuration(sql, session.project, job_id)
    return JobMeta(
        project_id=session.project,
        job_id=job_id,
        job_type="QUERY",
        state="DONE",
        configuration=configuration,
        statistics=statistics,
        creation_time=now,
        start_time=now,
        end_time=now,
        etag=generate_etag(session.project, job_id, str(now)),
    )


class SessionEngine:
    """Runs GoogleSQL for a session: what `Session.query` and `Session.reader` stand on."""

    def __init__(self, caller: CallerIdentity | None) -> None:
        self._caller = caller

    async def table(self, sql: str, parameters: Any, session: Session) -> pa.Table:
        """Run a statement through the whole path and return its result."""
        job_id = f"nested_{uuid.uuid4().hex}"
        await run(job_id, sql, parameters, session, self._caller)
        executor.JOB_SCHEMAS.pop(job_id, None)
        return executor.JOB_RESULTS.pop(job_id)

    @asynccontextmanager
    async def reader(
        self, sql: str, parameters: Any, session: Session
    ) -> AsyncIterator[pa.RecordBatchReader]:
        """Stream a query's result from a cursor of its own."""
        rewritten = await statements.rewrite(sql, session)
        translated = await rewrite_and_translate_statement(
            rewritten,
            project_id=session.project,
            ctx=session.context,
            caller=self._caller or anonymous(),
            translator=executor._translator,
        )
        duckdb_sql = rewrite_table_refs(translated, session.project)
        duckdb_sql, values = bind_parameters(duckdb_sql, parameters)
        engine: ThreadedEngine = session.context.engine
        cursor = engine.cursor()
        try:
            yield cursor.execute(duckdb_sql, values or None).to_arrow_reader(BATCH_ROWS)
        except DomainError:
            raise
        except Exception as error:
            raise executor.translate_runtime_error(error, duckdb_sql=duckdb_sql) from error
        finally:
            cursor.close()


def anonymous() -> CallerIdentity:
    """Return the caller that sent no credentials."""
    return CallerIdentity(principal="user:anonymous@bqemulator.local", is_authenticated=False)


def _reference(target: tuple[str, str, str]) -> dict[str, str]:
    project, dataset, name = target
    return {"projectId": project, "datasetId": dataset, "tableId": name}
