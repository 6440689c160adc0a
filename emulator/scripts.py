"""Statements of a script: the same handlers and rewriters, with the script's variables.

These functions stand where methods of bqemulator's interpreter stood.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa
from bqemulator.scripting import interpreter as scripting
from bqemulator.scripting.ast import CreateFunctionStmt
from bqemulator.scripting.interpreter import ScriptInterpreter

from emulator import statements, temporary, translation
from emulator.naming import qualify
from emulator.running import check_cancelled
from emulator.session import CURRENT_SESSION, Session
from emulator.syntax import bare

_run_statement = ScriptInterpreter._exec_sql
_run_query = ScriptInterpreter._run_query
_run_with_values = ScriptInterpreter._run_statement_with_params
_query_with_values = ScriptInterpreter._run_query_with_params
_create_function = ScriptInterpreter._exec_create_function


async def exec_sql(self: ScriptInterpreter, sql: str) -> None:
    """Run one statement of a script."""
    check_cancelled()
    session = _session(self)
    if session is None:
        await _run_statement(self, sql)
        return
    statement, made = await temporary.locate(bare(sql), session)
    outcome = await statements.handle(statement, session)
    if outcome is not None:
        self._final_table = outcome.table
    else:
        await _run_statement(self, qualify(await statements.rewrite(statement, session), session))
    session.temporary.update(made)


async def run_query(self: ScriptInterpreter, bq_sql: str) -> pa.Table:
    """Run a query inside an expression of a script."""
    check_cancelled()
    session = _session(self)
    if session is not None:
        bq_sql = qualify(await statements.rewrite(bq_sql, session), session)
    return await _run_query(self, bq_sql)


async def run_with_values(self: ScriptInterpreter, bq_sql: str, using_values: list[Any]) -> None:
    """Run EXECUTE IMMEDIATE's statement."""
    session = _session(self)
    if session is None:
        await _run_with_values(self, bq_sql, using_values)
        return
    if not using_values:
        await exec_sql(self, bq_sql)
        return
    rewritten = qualify(await statements.rewrite(bare(bq_sql), session), session)
    await _run_with_values(self, rewritten, using_values)


async def query_with_values(
    self: ScriptInterpreter, bq_sql: str, using_values: list[Any]
) -> pa.Table:
    """Run the query of EXECUTE IMMEDIATE … INTO."""
    session = _session(self)
    if session is not None:
        bq_sql = qualify(await statements.rewrite(bare(bq_sql), session), session)
    return await _query_with_values(self, bq_sql, using_values)


async def create_function(self: ScriptInterpreter, stmt: CreateFunctionStmt) -> None:
    """Create a function, whose body may call preprocessing functions."""
    if stmt.language == "SQL":
        # A scalar function's body is an expression, which alone is no statement.
        head = "" if stmt.routine_type == "TABLE_VALUED_FUNCTION" else "SELECT "
        body = statements.function_body(f"{head}{stmt.body}")
        stmt = replace(stmt, body=body.removeprefix(head))
    await _create_function(self, stmt)


class ScriptEngine:
    """Runs GoogleSQL for the session of a script: its variables hold."""

    def __init__(self, interpreter: ScriptInterpreter) -> None:
        self._interpreter = interpreter

    async def table(self, sql: str, parameters: Any, session: Session) -> pa.Table:
        """Run a statement and return its result."""
        before = self._interpreter._final_table
        try:
            await exec_sql(self._interpreter, sql)
            result = self._interpreter._final_table
        finally:
            self._interpreter._final_table = before
        return pa.table({}) if result is None else result

    @asynccontextmanager
    async def reader(
        self, sql: str, parameters: Any, session: Session
    ) -> AsyncIterator[pa.RecordBatchReader]:
        """Stream a query's result from a cursor of its own."""
        rewritten = qualify(await statements.rewrite(bare(sql), session), session)
        rewritten = self._interpreter._rewrite_temp_calls(rewritten)
        rewritten, values = scripting._rewrite_vars_to_params(rewritten, self._interpreter._frames)
        caller = self._interpreter._caller
        async with translation.stream(rewritten, session, None, caller, values) as batches:
            yield batches


def _session(interpreter: ScriptInterpreter) -> Session | None:
    session = CURRENT_SESSION.get()
    if session is None:
        return None
    routines = interpreter._temp_routines

    def is_function(name: str) -> bool:
        return routines is not None and routines.resolve(name) is not None

    return replace(session, engine=ScriptEngine(interpreter), is_function=is_function)
