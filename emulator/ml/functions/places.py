"""Where a table function may stand: after the words that a table follows."""

from __future__ import annotations

from emulator.ml.calls import Place
from emulator.ml.syntax import Source

_TABLE_CLAUSES = ("FROM", "JOIN", "USING")
_EXPRESSION_CLAUSES = ("SELECT", "WHERE", "HAVING", "QUALIFY", "BY", "LIMIT", "SET", "VALUES")


def is_expression(source: Source, place: Place) -> bool:
    """Whether a call stands where an expression does, e.g. after SELECT.

    What begins the clause decides, brackets that end before the call left out.
    """
    at, depth = place.first - 1, 0
    while at >= 0:
        if any(source.is_word(at, mark) for mark in (")", "]")):
            depth += 1
        elif any(source.is_word(at, mark) for mark in ("(", "[")):
            depth = max(depth - 1, 0)
        elif depth == 0 and any(source.is_word(at, word) for word in _TABLE_CLAUSES):
            return False
        elif depth == 0 and any(source.is_word(at, word) for word in _EXPRESSION_CLAUSES):
            return True
        at -= 1
    return False
