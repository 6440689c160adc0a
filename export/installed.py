"""Which libraries are installed, and whether they can open a pickle safely."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from export.errors import LibraryError
from export.manifest import Manifest

DISTRIBUTIONS = ("scikit-learn", "numpy", "pandas", "scipy", "joblib")
NAMES = {"xgboost": ("xgboost-cpu", "xgboost")}


def libraries(model_type: str = "") -> dict[str, str]:
    """Return the versions of what a pickle depends on, as a manifest records them."""
    found = {name: version(name) for name in DISTRIBUTIONS}
    if model_type.startswith(("BOOSTED_TREE", "RANDOM_FOREST")):
        if here := _installed("xgboost"):
            found["xgboost"] = here
    return {"python": platform.python_version()} | found


def check_libraries(manifest: Manifest) -> None:
    """Refuse another minor version of scikit-learn or XGBoost, or another major one of NumPy.

    Neither scikit-learn nor XGBoost promises anything for a pickle of another version:
    https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html.

    Raises
    ------
    LibraryError
        If a library differs that much, or is not installed.
    """
    for name, parts in (("scikit-learn", 2), ("numpy", 1), ("xgboost", 2)):
        wanted = manifest.libraries.get(name)
        found = wanted and _installed(name)
        if wanted and (found is None or wanted.split(".")[:parts] != found.split(".")[:parts]):
            here = f"{found} is installed" if found else "it is not installed"
            raise LibraryError(
                f"'{manifest.model}' {manifest.version} was pickled with {name} {wanted}; "
                f"{here}. Install {name} {wanted}, or publish the model again."
            )


def _installed(name: str) -> str | None:
    """Return a version without importing anything: the service asks too."""
    for distribution in NAMES.get(name, (name,)):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None
