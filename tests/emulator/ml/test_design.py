import numpy as np
import pytest

from emulator.ml.data import design as design_module
from emulator.ml.data.design import make_design
from emulator.ml.data.gram import gram


def example(rows=500, sizes=(3, 5, 2, 7), seed=0):
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 2))
    codes = [random.integers(0, size + 1, rows) for size in sizes]
    parts = [numbers] + [
        (code[:, None] == np.arange(size)).astype(float)
        for code, size in zip(codes, sizes, strict=True)
    ]
    return make_design(numbers, codes, sizes), np.hstack(parts)


@pytest.fixture(params=[1 << 16, 30, 2], ids=["one block", "few blocks", "a block a column"])
def pair(request, monkeypatch):
    monkeypatch.setattr(design_module, "MOST_CELLS", request.param)
    monkeypatch.setattr(design_module, "CHUNK", 128)
    return example()


def test_forward_is_the_product_with_the_dense_matrix(pair):
    design, dense = pair
    weights = np.random.default_rng(1).normal(size=design.size)

    np.testing.assert_allclose(design.forward(weights, 0.5), dense @ weights + 0.5, rtol=1e-12)


def test_adjoint_is_the_product_with_the_transposed_matrix(pair):
    design, dense = pair
    residual = np.random.default_rng(2).normal(size=design.rows)

    sums, total = design.adjoint(residual)

    np.testing.assert_allclose(sums, dense.T @ residual, atol=1e-12)
    assert total == pytest.approx(residual.sum())


def test_gram_is_the_dense_matrix_times_itself(pair):
    design, dense = pair

    np.testing.assert_allclose(gram(design), dense.T @ dense, atol=1e-10)


def test_a_shift_is_subtracted_from_every_row(pair):
    from dataclasses import replace

    design, dense = pair
    shift = dense.mean(axis=0)
    shifted = replace(design, shift=shift)
    residual = np.random.default_rng(3).normal(size=design.rows)

    np.testing.assert_allclose(gram(shifted), (dense - shift).T @ (dense - shift), atol=1e-10)
    np.testing.assert_allclose(
        shifted.adjoint(residual)[0], (dense - shift).T @ residual, atol=1e-11
    )


def test_a_design_without_categories_works():
    design = make_design(np.arange(6.0).reshape(3, 2), [], [])

    assert list(design.forward(np.array([1.0, 2.0]))) == [2.0, 8.0, 14.0]


def test_a_design_without_numbers_works():
    design = make_design(np.empty((3, 0)), [np.array([0, 1, 2])], [2])

    assert list(design.forward(np.array([5.0, 7.0]))) == [5.0, 7.0, 0.0]
