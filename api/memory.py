"""Memory that a large request has freed, kept for the next one."""

from __future__ import annotations

import ctypes

# Of mallopt, in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
KEPT = 64 * 1024 * 1024
LARGEST_MAPPED = 32 * 1024 * 1024  # more it does not take


def keep_freed() -> None:
    """Have the C library keep what is freed, up to `KEPT` bytes.

    glibc hands the memory of a request of 10,000 rows back to the kernel, and the next one gets it
    page by page: 2.5 ms of the system's time, of 18 in all, against 0.25 where it is kept. One
    arena for all threads, of which one at a time runs Python, keeps it once. Another C library is
    left as it is.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_TRIM_THRESHOLD, KEPT)
    mallopt(M_MMAP_THRESHOLD, LARGEST_MAPPED)
