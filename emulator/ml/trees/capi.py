"""The C interface that XGBoost 0.90 and 1.1.1 share, over ctypes.

The library is loaded with its symbols to itself, so that it lives beside the current XGBoost
in one process; a call holds no GIL. Handles are freed when their object goes.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char, c_char_p, c_float, c_int, c_uint, c_uint64, c_void_p
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emulator.ml.trees.errors import ExactLibraryError, LibraryError

Floats = npt.NDArray[np.float32]

MOST_ROUNDS = 1 << 20


class Library:
    """One libxgboost.so; `call` runs a function of it and raises what it complains of."""

    def __init__(self, path: Path, version: str) -> None:
        try:
            self._functions = ctypes.CDLL(str(path), mode=ctypes.RTLD_LOCAL)
        except OSError as error:
            raise ExactLibraryError(
                f"XGBoost {version} at '{path}' cannot be loaded: {error}. It needs the OpenMP "
                "runtime (Debian and Ubuntu: apt-get install libgomp1)."
            ) from error
        self._functions.XGBGetLastError.restype = c_char_p
        self.version = version

    def call(self, name: str, *arguments: object) -> None:
        """Run one function.

        Raises
        ------
        LibraryError
            With the first line of what the library says.
        """
        if getattr(self._functions, name)(*arguments):
            said: bytes = self._functions.XGBGetLastError()
            first = said.decode(errors="replace").split("\n")[0]
            raise LibraryError(f"XGBoost {self.version} refused the data or options: '{first}'.")


@cache
def load(path: Path, version: str) -> Library:
    """Return the library, loaded once a process."""
    return Library(path, version)


class Matrix:
    """The library's own copy of rows, with their labels and weights."""

    def __init__(
        self,
        library: Library,
        rows: Floats,
        label: Floats | None = None,
        weights: Floats | None = None,
    ) -> None:
        self.handle = c_void_p()
        self.shape = rows.shape
        size, width = (c_uint64(count) for count in rows.shape)
        library.call(
            "XGDMatrixCreateFromMat",
            *(_pointer(rows), size, width, c_float(np.nan), byref(self.handle)),
        )
        weakref.finalize(self, library.call, "XGDMatrixFree", self.handle)
        for name, values in ((b"label", label), (b"weight", weights)):
            if values is not None:
                count = c_uint64(len(values))
                library.call("XGDMatrixSetFloatInfo", self.handle, name, _pointer(values), count)


class Booster:
    """A booster of the library: trained on `matrices`, or read from `data`."""

    def __init__(
        self, library: Library, matrices: Sequence[Matrix] = (), data: bytes | None = None
    ) -> None:
        self._library = library
        self._matrices = matrices
        self.handle = c_void_p()
        library.call(
            "XGBoosterCreate", self._handles(), c_uint64(len(matrices)), byref(self.handle)
        )
        weakref.finalize(self, library.call, "XGBoosterFree", self.handle)
        if data is not None:
            library.call("XGBoosterLoadModelFromBuffer", self.handle, data, c_uint64(len(data)))

    def set(self, name: str, value: str) -> None:
        """Set one parameter."""
        self._library.call("XGBoosterSetParam", self.handle, name.encode(), value.encode())

    def update(self, number: int) -> None:
        """Grow the trees of one round on the first matrix."""
        training = self._matrices[0]
        self._library.call("XGBoosterUpdateOneIter", self.handle, c_int(number), training.handle)

    def evaluate(self, number: int) -> str:
        """Return the losses on every matrix as the library prints them."""
        count = len(self._matrices)
        names = (c_char_p * count)(*[str(place).encode() for place in range(count)])
        line = c_char_p()
        arguments = (c_int(number), self._handles(), names, c_uint64(count), byref(line))
        self._library.call("XGBoosterEvalOneIter", self.handle, *arguments)
        return (line.value or b"").decode()

    def data(self) -> bytes:
        """Return the model in the old binary format."""
        size, start = c_uint64(), POINTER(c_char)()
        self._library.call("XGBoosterGetModelRaw", self.handle, byref(size), byref(start))
        return ctypes.string_at(start, size.value)

    def predict(self, matrix: Matrix, option: int) -> Floats:
        """Return the flat answers; the bits of `option`: 1 margins, 4 contributions, 8 fast."""
        size, start = c_uint64(), POINTER(c_float)()
        # From 1.0 on a flag says whether DART drops trees as in training; before, it drops
        # them unless there is a limit to the rounds, however high.
        old = self._library.version.startswith("0.")
        limit, training = (MOST_ROUNDS, ()) if old else (0, (c_int(0),))
        arguments = (c_int(option), c_uint(limit), *training, byref(size), byref(start))
        self._library.call("XGBoosterPredict", self.handle, matrix.handle, *arguments)
        return np.ctypeslib.as_array(start, (size.value,)).copy()

    def texts(self) -> list[str]:
        """Return every tree as text, with gain and cover."""
        size, start = c_uint64(), POINTER(c_char_p)()
        arguments = (b"", c_int(1), b"text", byref(size), byref(start))
        self._library.call("XGBoosterDumpModelEx", self.handle, *arguments)
        return [(start[place] or b"").decode() for place in range(size.value)]

    def _handles(self) -> ctypes.Array[c_void_p]:
        return (c_void_p * len(self._matrices))(*[one.handle.value for one in self._matrices])


def _pointer(values: Floats) -> c_void_p:
    return values.ctypes.data_as(c_void_p)
