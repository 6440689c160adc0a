"""Pickles that hold scikit-learn's and NumPy's classes alone.

A class of ours inside would tie whoever opens the pickle to this repository; any other
import is a way to run code. Both writer and reader ask this module.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from typing import Any

from export.errors import PickleError

PACKAGES = {"sklearn", "numpy"}
BUILTINS = {"builtins.slice", "builtins.set", "collections.OrderedDict", "collections.defaultdict"}


def dump(pipeline: Any) -> bytes:
    """Pickle a pipeline.

    Raises
    ------
    PickleError
        If it holds anything but scikit-learn's and NumPy's own.
    """
    data = pickle.dumps(pipeline, protocol=5)
    _refuse_strangers(data)
    return data


def unpickle(data: bytes) -> Any:
    """Unpickle a pipeline whose bytes were verified.

    Raises
    ------
    PickleError
        If it names anything but scikit-learn's and NumPy's own.
    """
    _refuse_strangers(data)
    return _Unpickler(io.BytesIO(data)).load()


def pickled_names(data: bytes) -> set[str]:
    """Return the dotted names a pickle would import, found by reading its opcodes."""
    names: set[str] = set()
    recent: list[str] = []
    memo: list[str] = []
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name in ("GLOBAL", "INST"):
            names.add(str(argument).replace(" ", "."))
        elif opcode.name == "STACK_GLOBAL":
            names.add(".".join(recent[-2:]))
        elif opcode.name.startswith("EXT"):
            names.add(f"copyreg.extension{argument}")
        elif opcode.name == "MEMOIZE":
            memo.append(recent[-1] if recent else "")
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            recent.append(memo[int(argument or 0)])
        if isinstance(argument, str):
            recent.append(argument)
    return names


class _Unpickler(pickle.Unpickler):
    """Imports what belongs in the pickle, whatever the opcodes did to hide."""

    def find_class(self, module: str, name: str) -> Any:
        if not _belongs(f"{module}.{name}"):
            raise PickleError(f"The pickle imports '{module}.{name}', which has no place in it.")
        return super().find_class(module, name)


def _belongs(name: str) -> bool:
    return name.split(".")[0] in PACKAGES or name in BUILTINS


def _refuse_strangers(data: bytes) -> None:
    strangers = sorted(name for name in pickled_names(data) if not _belongs(name))
    if strangers:
        raise PickleError(
            f"The pickle names {strangers}; expected names from {sorted(PACKAGES)} alone."
        )
