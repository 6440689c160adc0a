"""Which libraries are installed, and whether they can open a pickle safely."""

from __future__ import annotations

import platform
from importlib.metadata import version

from export.errors import LibraryError
from export.manifest import Manifest

DISTRIBUTIONS = ("scikit-learn", "numpy", "pandas", "scipy", "joblib")


def libraries(model_type: str = "") -> dict[str, str]:
    """Return the versions of what a pickle depends on, as a manifest records them."""
    found = {name: version(name) for name in DISTRIBUTIONS}
    if model_type.startswith(("BOOSTED_TREE", "RANDOM_FOREST")):
        from xgboost import __version__  # its distribution has two names

        found["xgboost"] = __version__
    return {"python": platform.python_version()} | found


def check_libraries(manifest: Manifest) -> None:
    """Refuse another minor version of scikit-learn, or another major one of NumPy.

    scikit-learn promises nothing for a pickle of another version.

    Raises
    ------
    LibraryError
        If a library differs that much.
    """
    here = libraries()
    for name, parts in (("scikit-learn", 2), ("numpy", 1)):
        wanted = manifest.libraries[name]
        if wanted.split(".")[:parts] != here[name].split(".")[:parts]:
            raise LibraryError(
                f"'{manifest.model}' {manifest.version} was pickled with {name} {wanted}; "
                f"{here[name]} is installed. Install {name} {wanted}, or publish the model again."
            )
