"""One name, one thing: a table or view may not have the name of a model of its dataset.

The other direction stands where models are made (`ml/statements`, `copies`).
"""

from __future__ import annotations

import re
from typing import Any

from emulator.ml.errors import ModelExists
from emulator.ml.model import ModelName
from emulator.ml.store import store_of
from emulator.session import Outcome, Session, split_path

_PART = r"(?:`[^`]+`|[\w-]+)"
_PATH = rf"(?P<path>{_PART}(?:\s*\.\s*{_PART})*)"
_MAKES = re.compile(
    r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:(?:EXTERNAL|SNAPSHOT|MATERIALIZED)\s+)?(?:TABLE|VIEW)\s+"
    rf"(?!FUNCTION\s)(?:IF\s+NOT\s+EXISTS\s+)?{_PATH}",
    re.IGNORECASE,
)
_RENAMES = re.compile(
    rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?{_PATH}\s+RENAME\s+TO\s+(?P<new>{_PART})", re.IGNORECASE
)


async def handle(statement: str, session: Session) -> Outcome | None:
    """Refuse a statement that gives a table or view the name of a model; None for any other.

    Raises
    ------
    ModelExists
        If there is a model of that name.
    """
    found = _MAKES.match(statement) or _RENAMES.match(statement)
    if found is None:
        return None
    parts = split_path(found["path"])
    if "new" in found.groupdict():
        parts[-1:] = split_path(found["new"])
    if len(parts) > 1 or session.default_dataset is not None:
        check_no_model(session.resolve(".".join(parts)), session.context)
    return None


def check_no_model(path: tuple[str, str, str], context: Any) -> None:
    """Check that no model has the name that a table is to have.

    Raises
    ------
    ModelExists
        If there is one.
    """
    if store_of(context).find(ModelName(*path)) is not None:
        raise ModelExists("Model", *path)
