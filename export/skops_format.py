"""The pipeline in skops' format: data and class names, opened without running code.

skops reads NumPy's arrays without being asked; of a scikit-learn pipeline it asks about one
type alone, the `numpy.dtype` that SimpleImputer keeps. skops rebuilds it from an empty
array, pickles refused. A type that is not in `TRUSTED` is not published.
"""

from __future__ import annotations

import zipfile
from typing import Any

from export.errors import PickleError

TRUSTED = ("numpy.dtype",)


def dump(pipeline: Any) -> bytes:
    """Write a pipeline.

    Raises
    ------
    PickleError
        If a reader would have to trust a type beyond `TRUSTED`.
    """
    from skops.io import dumps, get_untrusted_types  # loads all of scikit-learn: over a second

    data: bytes = dumps(pipeline, compression=zipfile.ZIP_DEFLATED)
    strangers = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
    if strangers:
        raise PickleError(f"skops would have to trust {strangers}; expected {TRUSTED} alone.")
    return data
