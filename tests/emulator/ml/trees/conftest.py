from dataclasses import replace

import pytest

from emulator.ml.trees import BOOSTED_TREE, exact
from tests.emulator.ml.trees.penguins import needs_exact


@pytest.fixture(
    params=[
        pytest.param("0.90", marks=needs_exact),
        pytest.param("1.1.1", marks=needs_exact),
        "installed",
    ]
)
def settings(request, monkeypatch, tmp_path):
    """The defaults of BOOSTED_TREE_* for each XGBoost that may train."""
    if request.param == "installed":
        monkeypatch.setenv(exact.FOLDER_VARIABLE, str(tmp_path))
        return BOOSTED_TREE
    option = next(value for value, one in exact.OPTION_VALUES.items() if one == request.param)
    return replace(BOOSTED_TREE, xgboost_version=option)
