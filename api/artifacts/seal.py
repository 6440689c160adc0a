"""Shut a process off: no network, no other process, no file written, no endless work.

The second wall around a pickle, behind signature and allowed names. On Linux the kernel
refuses the system calls (seccomp, which needs no rights); Python's audit hook refuses the
same everywhere, with clearer words. A process cannot take its seal off again.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from typing import Any, NoReturn

from api.errors import SealError

MEMORY_BYTES = 8 * 1024**3
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
REFUSED_EVENTS = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "shutil.",
    "ftplib.",
    "http.",
    "urllib.",
)
# Numbers of: socket socketpair connect bind sendto sendmsg, clone fork vfork execve execveat
# clone3 unshare setns, ptrace process_vm_readv process_vm_writev kill tkill tgkill
# pidfd_send_signal pidfd_open pidfd_getfd, io_uring_setup bpf userfaultfd perf_event_open
# mount, and what changes files: openat2 creat truncate rename* link* unlink* symlink* mkdir*
# rmdir mknod* chmod* chown*.
MACHINES: dict[str, tuple[int, int, dict[int, int], tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        317,
        {2: 1, 257: 2},
        (
            *(41, 53, 42, 49, 44, 46, 56, 57, 58, 59, 322, 435, 272, 308),
            *(101, 310, 311, 62, 200, 234, 424, 434, 438, 425, 321, 323, 298, 165),
            *(437, 85, 76, 82, 264, 316, 86, 265, 87, 263, 88, 266, 83, 258, 84, 133, 259),
            *(90, 91, 268, 452, 92, 93, 94, 260),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        277,
        {56: 2},
        (
            *(198, 199, 203, 200, 206, 211, 220, 221, 281, 435, 97, 268),
            *(117, 270, 271, 129, 130, 131, 424, 434, 438, 425, 280, 282, 241, 40),
            *(437, 45, 38, 276, 37, 35, 36, 34, 33, 52, 53, 452, 54, 55),
        ),
    ),
}


def seal(cpu_seconds: int) -> None:
    """Seal this process.

    Parameters
    ----------
    cpu_seconds : int
        Work after which the kernel ends it.

    Raises
    ------
    SealError
        If this is a Linux whose kernel does not take the filter.
    """
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, MEMORY_BYTES)
        _filter_calls()
    sys.addaudithook(_refuse)


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it is gone (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(REFUSED_EVENTS):
        _refused(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
        _refused(f"open {arguments[0]!r} for writing")


def _refused(what: str) -> NoReturn:
    raise PermissionError(f"A model that is being opened may not do this: {what}.")


def _filter_calls() -> None:
    machine = platform.machine()
    if machine not in MACHINES:
        raise SealError(
            f"Processes cannot be sealed on the machine type {machine!r}; expected one of "
            f"{sorted(MACHINES)}."
        )
    architecture, seccomp, opens, refused = MACHINES[machine]
    program = _program(architecture, opens, refused)
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(program, len(program))
    head = ctypes.create_string_buffer(
        struct.pack("@HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    )
    set_filter, all_threads = 1, 1
    if libc.prctl(38, 1, 0, 0, 0) or libc.syscall(seccomp, set_filter, all_threads, head):
        raise SealError(
            f"The kernel did not take the filter of system calls: {os.strerror(ctypes.get_errno())}"
            ". Run the API where seccomp is allowed; Linux and Docker allow it unless told not to."
        )


def _program(architecture: int, opens: dict[int, int], refused: tuple[int, ...]) -> bytes:
    """Return the filter as BPF: refuse the numbers, and `open` with a flag that writes."""
    load, equal, greater, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, deny, end = 0x7FFF0000, 0x00050000 | 1, 0x80000000
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, end)]
    lines += [(load, 0, 0, 0), (greater, 0, 1, 0x40000000), (give, 0, 0, deny)]
    for number in refused:
        lines += [(equal, 0, 1, number), (give, 0, 0, deny)]
    for number, flags in opens.items():
        lines += [(equal, 0, 4, number), (load, 0, 0, 16 + 8 * flags)]
        lines += [(any_bit, 0, 1, WRITES), (give, 0, 0, deny), (give, 0, 0, allow)]
    lines.append((give, 0, 0, allow))
    return b"".join(struct.pack("@HBBI", *line) for line in lines)
