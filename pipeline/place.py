"""Where a run is at work: a machine and a process, so that others there can tell if it lives.

The kernel's boot id and the namespace of process ids make the machine; where they cannot be
read, or differ, nobody can tell.
"""

from __future__ import annotations

import os
from pathlib import Path


def here() -> str:
    """Name this process; empty where the machine has no name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')} {os.getpid()} {_started(os.getpid())}"
    except OSError:
        return ""


def is_gone(place: str) -> bool:
    """Whether a process of this very machine has ended."""
    this, there = here().split(" "), place.split(" ")
    if len(there) != 4 or there[:2] != this[:2]:
        return False
    try:
        return _started(int(there[2])) != there[3]
    except (OSError, ValueError):
        return True


def _started(process: int) -> str:
    """Return when a process started, in clock ticks after boot: ids are used again."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
