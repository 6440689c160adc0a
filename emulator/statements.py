"""What the emulator does to a job's SQL before bqemulator sees it.

A job is one statement or a script. Each statement is offered to the HANDLERS in order;
the first that does not say None has run it. What nobody claims goes through the
REWRITERS and on to bqemulator. ML statements plug in here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.anonymous import rewrite as rewrite_results
from emulator.contracts import handle as handle_contract
from emulator.declarations import handle as handle_options
from emulator.external.statements import handle as handle_external_table
from emulator.ml.functions import check_function_body
from emulator.ml.functions import rewrite as rewrite_ml_functions
from emulator.ml.preprocessing import rewrite_preprocessing
from emulator.ml.statements import handle as handle_ml_statement
from emulator.session import Handler, Outcome, Rewriter, Session
from emulator.uniqueness import handle as handle_taken_name

HANDLERS: tuple[Handler, ...] = (
    handle_ml_statement,
    handle_taken_name,
    handle_external_table,
    handle_contract,
    handle_options,
)
REWRITERS: tuple[Rewriter, ...] = (rewrite_results, rewrite_ml_functions)


async def handle(
    statement: str, session: Session, handlers: Sequence[Handler] | None = None
) -> Outcome | None:
    """Offer the statement to each handler; None if nobody claims it."""
    for handler in HANDLERS if handlers is None else handlers:
        outcome = await handler(statement, session)
        if outcome is not None:
            return outcome
    return None


async def rewrite(
    statement: str, session: Session, rewriters: Sequence[Rewriter] | None = None
) -> str:
    """Send the statement through every rewriter in order."""
    for rewriter in REWRITERS if rewriters is None else rewriters:
        statement = await rewriter(statement, session)
    return statement


def function_body(body: str) -> str:
    """Return the body of a SQL function, written as bqemulator can run it.

    Raises
    ------
    NotEmulated
        If it calls an ML table function.
    """
    check_function_body(body)
    return rewrite_preprocessing(body)
