import numpy as np
import pytest

from emulator.ml.trees import encodings

NAN = np.nan
PLACES = np.array([1, 0, 2, 3])  # 3 is a value that is not among the three categories


def test_labels_count_from_one_and_the_unknown_is_nought():
    assert encodings.label_encoded(PLACES, 3).tolist() == [2, 1, 3, 0]


def test_a_one_hot_cell_is_one_or_missing():
    found = encodings.one_hot_encoded(PLACES, 3)

    expected = [[NAN, 1, NAN], [1, NAN, NAN], [NAN, NAN, 1], [NAN, NAN, NAN]]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("label", "classes", "expected"),
    [
        pytest.param([2, 3, 1, 2], 0, [[2.5], [1.5]], id="the manual's regression"),
        pytest.param([0, 1, 0, 0], 2, [[0.5], [0.0]], id="the manual's two classes"),
        pytest.param([0, 1, 2, 2], 3, [[0.5, 0.5, 0], [0, 0, 1]], id="three classes"),
    ],
)
def test_a_target_is_the_mean_of_its_category(label, classes, expected):
    places = np.array([0, 0, 1, 1])

    means = encodings.target_means(places, 2, np.array(label, dtype=np.float32), classes)

    np.testing.assert_array_equal(means, expected)


def test_an_unknown_category_has_no_target():
    found = encodings.target_encoded(np.array([1, 0, 2]), np.array([[2.5], [0.0]]))

    np.testing.assert_array_equal(found, [[0.0], [2.5], [NAN]])


def test_no_share_of_one_of_several_classes_is_missing():
    found = encodings.target_encoded(np.array([0, 1]), np.array([[0.5, 0.5, 0.0], [0.2, 0, 0.8]]))

    expected = np.array([[0.5, 0.5, NAN], [0.2, NAN, 0.8]], dtype=np.float32)
    np.testing.assert_array_equal(found, expected)


def test_a_missing_number_is_the_training_mean():
    values = np.array([[1.0, NAN, NAN], [3.0, 4.0, NAN]])

    means = encodings.numeric_means(values)

    np.testing.assert_array_equal(means, [2, 4, NAN])
    np.testing.assert_array_equal(
        encodings.numeric_filled(np.array([[NAN, 1, NAN]]), means), [[2, 1, NAN]]
    )
