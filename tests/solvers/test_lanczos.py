import numpy as np
import pytest

from kernelkit.solvers._lanczos import basis_size, block_lanczos

rng = np.random.default_rng(0)


class Counted:
    def __init__(self, A):
        self.A, self.shape, self.products = A, A.shape, 0

    def __matmul__(self, V):
        self.products += 1
        return self.A @ V


def symmetric(values):
    Q = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    return (Q * values) @ Q.T


SPECTRA = {
    "fast": 0.9 ** np.arange(600),
    "slow": 1 / np.arange(1, 601),
    "flat": 1 + 0.5 * rng.random(600),
    "indefinite": np.linspace(-2, 1, 600),
    "low rank": np.where(np.arange(600) < 7, 1.0 + np.arange(600), 0.0),
    "multiple": np.repeat([3.0, 2.0, 1.0], [40, 60, 500]),
}


@pytest.mark.parametrize("p", [1, 12, 30])
@pytest.mark.parametrize("spectrum", SPECTRA.values(), ids=SPECTRA)
def test_largest_eigenvalues(spectrum, p):
    A = Counted(symmetric(spectrum))
    values, vectors, n_iter, residual = block_lanczos(A, p, 1e-11, 500, np.random.RandomState(0))
    size = np.abs(spectrum).max()
    np.testing.assert_allclose(values, np.sort(spectrum)[::-1][:p], atol=1e-10 * size)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(p), atol=1e-12)
    assert np.linalg.norm(A.A @ vectors - vectors * values, axis=0).max() <= 2e-11 * size
    assert n_iter == A.products and residual <= 1e-11


def test_more_than_one_block_holds():
    A = symmetric(1 / np.arange(1.0, 1201) ** 2)
    values, *_ = block_lanczos(A, 200, 1e-11, 500, np.random.RandomState(0))
    np.testing.assert_allclose(values, 1 / np.arange(1.0, 201) ** 2, atol=1e-10)


def test_memory_is_bounded_and_products_are_few():
    A = Counted(symmetric(1 / np.arange(1.0, 2001)))
    _, vectors, n_iter, _ = block_lanczos(A, 20, 1e-11, 500, np.random.RandomState(0))
    assert vectors.shape == (2000, 20) and basis_size(20) < 250 and n_iter < 30


def test_enough_products_for_all_that_was_asked():
    values, vectors, n_iter, _ = block_lanczos(symmetric(SPECTRA["fast"]), 70, 1e-11, 1, np.random.RandomState(0))
    assert n_iter == 2 and len(values) == 70 and vectors.shape == (600, 70)


def test_an_early_end_tells_the_residual():
    A = symmetric(np.linspace(0, 1, 600))
    *_, n_iter, residual = block_lanczos(A, 5, 1e-11, 3, np.random.RandomState(0))
    assert n_iter == 3 and residual > 1e-4


def test_the_zero_matrix():
    values, vectors, *_ = block_lanczos(np.zeros((300, 300)), 3, 1e-11, 500, np.random.RandomState(0))
    np.testing.assert_array_equal(values, 0.0)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(3), atol=1e-12)
