import numpy as np
import pytest
from sklearn.datasets import load_digits

from kernelkit import Gaussian, Laplacian, Linear
from kernelkit.engine import KernelOperator, MatrixOperator, _memory
from kernelkit.solvers import pivoted_cholesky

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3))


def nystroem(K, S):
    return K[:, S] @ np.linalg.pinv(K[np.ix_(S, S)], rcond=1e-12, hermitian=True) @ K[S]


@pytest.mark.parametrize("kernel", [Gaussian(1.5), Laplacian(4.0), 2 * Linear() + Gaussian()])
@pytest.mark.parametrize("p", [1, 40, 150])
def test_the_factor_is_that_of_its_pivots(kernel, p):
    K = kernel(X)
    for operator in (KernelOperator(kernel, X), MatrixOperator(K)):
        pivots, F = pivoted_cholesky(operator, p, np.random.RandomState(0))
        assert len(set(pivots)) == len(pivots) == F.shape[1] <= p
        np.testing.assert_allclose(F @ F.T, nystroem(K, pivots), atol=1e-7)
        np.testing.assert_allclose(np.triu(F[pivots], 1), 0, atol=1e-8)
        assert (np.diagonal(F[pivots]) > 0).all()


class Counting(KernelOperator):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.values = 0

    def _tile(self, a, b, scratch):
        self.values += len(a) * len(b)
        return super()._tile(a, b, scratch)


def test_kernel_values_are_counted():
    many = rng.normal(size=(3000, 10))
    operator = Counting(Gaussian(3.0), many)
    pivots, _ = pivoted_cholesky(operator, 100, np.random.RandomState(0))
    assert len(pivots) == 100 and operator.values < 1.05 * 3000 * 100


def one_after_the_other(K, p, rng):
    """Randomly pivoted Cholesky as it is defined."""
    K, pivots = K.copy(), []
    for _ in range(p):
        left = np.maximum(np.diagonal(K), 0)
        s = rng.choice(len(K), p=left / left.sum())
        K -= np.outer(K[:, s], K[:, s]) / K[s, s]
        pivots.append(s)
    return pivots


def test_blocks_draw_pivots_with_the_right_distribution():
    points = np.array([[0.0], [0.1], [0.2], [3.0], [3.1], [9.0]])
    K = Gaussian(1.0)(points) * np.outer([1, 1, 1, 1, 1, 1.5], [1, 1, 1, 1, 1, 1.5])
    repeats, counts = 6000, np.zeros((2, 6, 6))
    generator = np.random.default_rng(0)
    state = np.random.RandomState(0)
    for _ in range(repeats):
        slow = one_after_the_other(K, 3, generator)
        fast = pivoted_cholesky(MatrixOperator(K), 3, state)[0]
        counts[0, slow[1], slow[2]] += 1
        counts[1, fast[1], fast[2]] += 1
    spread = np.sqrt(2 * np.maximum(counts.mean(axis=0), 1))
    assert (np.abs(counts[0] - counts[1]) < 4.5 * spread).all()


def test_it_stops_at_the_rank():
    twice = np.concatenate([X[:20], X[:20]])
    pivots, F = pivoted_cholesky(KernelOperator(Gaussian(0.5), twice), 40, np.random.RandomState(0))
    assert len(pivots) == 20
    np.testing.assert_allclose(F @ F.T, Gaussian(0.5)(twice), atol=1e-10)
    pivots, F = pivoted_cholesky(KernelOperator(Linear(), X), 100, np.random.RandomState(0))
    assert len(pivots) == 3
    wide = pivoted_cholesky(KernelOperator(Gaussian(50.0), X), 300, np.random.RandomState(0))[1]
    np.testing.assert_allclose(wide @ wide.T, Gaussian(50.0)(X), atol=1e-12)
    assert wide.shape[1] < 60


def test_float32():
    digits = load_digits().data[:400].astype(np.float32)
    kernel = Gaussian(20.0)
    pivots, F = pivoted_cholesky(KernelOperator(kernel, digits), 200, np.random.RandomState(0))
    assert F.dtype == np.float32
    np.testing.assert_allclose(F @ F.T, nystroem(kernel(digits.astype(float)), pivots), atol=2e-4)


def test_mistakes(monkeypatch):
    message = "the diagonal of the kernel matrix must be finite, and above zero somewhere"
    for K in (np.zeros((3, 3)), np.diag([1.0, np.nan, 1.0]), -np.eye(3)):
        with pytest.raises(ValueError, match=message):
            pivoted_cholesky(MatrixOperator(K), 2, np.random.RandomState(0))
    monkeypatch.setattr(_memory, "available_bytes", lambda *_: 100)
    with pytest.raises(MemoryError, match="2 columns of 300 kernel values .* landmarks='uniform'"):
        pivoted_cholesky(KernelOperator(Gaussian(), X), 2, np.random.RandomState(0))
