"""Pickles that hold scikit-learn's and XGBoost's estimators and NumPy's arrays alone.

A class of ours inside would tie whoever opens the pickle to this repository; any other
import is a way to run code. A package's name is no proof: NumPy holds functions that run
text, and `module.os.system` is reached through any module that imports `os`. So NumPy's
names are listed, and a name of scikit-learn must be an estimator's class. Both writer and
reader ask this module.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Iterator
from typing import Any

from export.errors import PickleError

NAMES = {
    "builtins.bytearray",
    "builtins.set",
    "builtins.slice",
    "collections.OrderedDict",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.bool",
    "numpy.dtype",
    "numpy.float64",
    "numpy.int64",
    "numpy.ndarray",
    "numpy.object_",
    "numpy.str_",
    "sklearn.utils._bunch.Bunch",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
}


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
    memo: dict[int, str] = {}
    for opcode, argument, _ in _opcodes(data):
        if opcode.name in ("GLOBAL", "INST"):
            names.add(str(argument).replace(" ", "."))
        elif opcode.name == "STACK_GLOBAL":
            names.add(".".join(recent[-2:]))
        elif opcode.name.startswith("EXT"):
            names.add(f"copyreg.extension{argument}")
        elif opcode.name == "MEMOIZE":
            memo[len(memo)] = recent[-1] if recent else ""
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            recent.append(memo.get(int(argument or 0), ""))
        if isinstance(argument, str):
            recent.append(argument)
    return names


def _opcodes(data: bytes) -> Iterator[tuple[pickletools.OpcodeInfo, Any, int | None]]:
    try:
        yield from pickletools.genops(data)
    except ValueError as error:
        raise PickleError(f"These {len(data)} bytes are not a pickle: {error}.") from None


class _Unpickler(pickle.Unpickler):
    """Imports what belongs in the pickle, whatever the opcodes did to hide."""

    def find_class(self, module: str, name: str) -> Any:
        if not _belongs(f"{module}.{name}") or "." in name:
            raise PickleError(f"The pickle imports '{module}.{name}', which has no place in it.")
        found = super().find_class(module, name)
        listed = f"{module}.{name}" in NAMES
        if module.startswith("sklearn.") and not listed and not _is_estimator(found):
            raise PickleError(f"The pickle imports '{module}.{name}', which is no estimator.")
        return found


def _belongs(name: str) -> bool:
    return name in NAMES or name.startswith("sklearn.")


def _is_estimator(found: Any) -> bool:
    from sklearn.base import BaseEstimator  # whoever only verifies does without scikit-learn

    return isinstance(found, type) and issubclass(found, BaseEstimator)


def _refuse_strangers(data: bytes) -> None:
    strangers = sorted(name for name in pickled_names(data) if not _belongs(name))
    if strangers:
        raise PickleError(
            f"The pickle names {strangers}; expected names from "
            "scikit-learn's and XGBoost's estimators and NumPy's arrays alone."
        )
