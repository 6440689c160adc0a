"""The skops file opens without running code and answers as the pickle does."""

from __future__ import annotations

import numpy as np
import pytest
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from export import skops_format
from export.artifact import frame, unpickle
from export.errors import PickleError
from export.pickles import dump
from tests.api.publishing import CLASSES, FEATURES, MODEL_TYPES, TYPICAL, trained

ROWS = [TYPICAL, dict.fromkeys(TYPICAL), TYPICAL | {"model": "Fusca", "mileage_km": 1e7}]


def kind_of(name: str) -> str:
    kind: str = MODEL_TYPES.get(name, "LOGISTIC_REG")
    return kind


@pytest.mark.parametrize("name", CLASSES)
def test_answers_as_the_pickle_does(name: str) -> None:
    pipeline = trained(name)
    data = skops_format.dump(pipeline)
    rows = frame(ROWS, FEATURES)

    opened = skops.io.loads(data, trusted=list(skops_format.trusted(kind_of(name))))
    pickled = unpickle(dump(pipeline))

    assert np.array_equal(opened.predict(rows), pickled.predict(rows))
    if CLASSES[name] is not None:
        assert np.array_equal(opened.predict_proba(rows), pickled.predict_proba(rows))


def test_a_reader_has_to_trust_one_type_of_numpy_alone() -> None:
    """Should skops come to trust it by itself, `TRUSTED` and the card's line become shorter."""
    for name in CLASSES:
        data = skops_format.dump(trained(name))

        untrusted = skops.io.get_untrusted_types(data=data)
        assert sorted(untrusted) == sorted(skops_format.trusted(kind_of(name)))
    assert skops_format.trusted("LOGISTIC_REG") == ("numpy.dtype",)


def test_a_stranger_is_not_written() -> None:
    pipeline = make_pipeline(FunctionTransformer(np.testing.assert_equal))

    with pytest.raises(PickleError, match=r"would have to trust \[.*assert_equal"):
        skops_format.dump(pipeline)
