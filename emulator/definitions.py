"""One definition of a name at a time: CREATE, DROP and ALTER of one object wait in line.

bqemulator writes DuckDB and catalogue in two steps; two jobs that replace one table at once
would otherwise fail each other's second step.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from emulator.syntax import bare

_DEFINITION = re.compile(
    r"(?:CREATE|DROP|ALTER)\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|SCHEMA)\s+"
    r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?P<name>[`\w.-]+)",
    re.IGNORECASE,
)

_lines: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@contextmanager
def held(sql: str) -> Iterator[None]:
    """Hold the name that a statement defines, if it defines one."""
    match = _DEFINITION.match(bare(sql))
    if match is None:
        yield
        return
    with _lines[match["name"].replace("`", "").rpartition(".")[2].lower()]:
        yield
