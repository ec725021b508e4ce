"""Cholesky factors in the memory of their matrix."""

import pickle
import tracemalloc

import numpy as np
import pytest

from kernelkit.engine import MatrixOperator
from kernelkit.solvers import _factor
from kernelkit.solvers._factor import CholeskyFactor, LentMatrix


def positive_definite(rng, n, dtype=np.float64):
    A = rng.standard_normal((n, n))
    return (A @ A.T / n + np.eye(n)).astype(dtype)


@pytest.fixture(params=[1, 7, 40])
def matrix(request, rng, monkeypatch):
    monkeypatch.setattr(_factor, "BLOCK", 16)  # several blocks, of unequal sizes
    return positive_definite(rng, request.param)


def test_solves(matrix, rng):
    factor = LentMatrix(MatrixOperator(matrix), None).factor(0.5)
    A = matrix + 0.5 * np.eye(len(matrix))
    for shape in ((len(A),), (len(A), 1), (len(A), 3), (len(A), 9)):
        B = rng.standard_normal(shape)
        before = B.copy()
        X = factor.solve(B)
        assert X.shape == shape
        np.testing.assert_allclose(A @ X, B, atol=1e-12)
        np.testing.assert_array_equal(B, before)


def test_half_solve(matrix, rng):
    factor = LentMatrix(MatrixOperator(matrix), None).factor(0.0)
    B = rng.standard_normal((len(matrix), 5))
    half = factor.half_solve(B)
    np.testing.assert_allclose((half**2).sum(axis=0), np.diagonal(B.T @ np.linalg.solve(matrix, B)))
    F = np.asfortranarray(B)
    assert np.shares_memory(factor.half_solve(F, overwrite=True), F)
    np.testing.assert_allclose(F, half)


def test_inverse_diagonal(matrix):
    factor = LentMatrix(MatrixOperator(matrix), None).factor(0.0)
    kept = factor.array.copy()
    np.testing.assert_allclose(factor.inverse_diagonal(), np.diagonal(np.linalg.inv(matrix)))
    np.testing.assert_array_equal(factor.array, kept)


def test_inverse_diagonal_takes_little_memory(rng):
    factor = LentMatrix(MatrixOperator(positive_definite(rng, 1200)), None).factor(0.0)
    tracemalloc.start()
    factor.inverse_diagonal()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.8 * factor.array.nbytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lent_matrix_comes_back(matrix, dtype):
    matrix = matrix.astype(dtype)
    lent = LentMatrix(MatrixOperator(matrix), None)
    lent.factor(3.0)
    np.testing.assert_array_equal(lent.matrix(), matrix)
    lent.factor(0.0)
    assert lent.factor(-100.0) is None
    second = lent.factor(1.0)
    np.testing.assert_allclose(
        np.tril(second.array), np.linalg.cholesky(matrix + np.eye(len(matrix), dtype=dtype)), rtol=1e-4, atol=1e-6
    )
    assert second.array.dtype == dtype


def test_scale(matrix, rng):
    s = rng.uniform(0.5, 2, len(matrix))
    lent = LentMatrix(MatrixOperator(matrix), s)
    np.testing.assert_allclose(lent.matrix(), s[:, None] * matrix * s, rtol=1e-14)


def test_nothing_is_copied(rng):
    K = positive_definite(rng, 1000)
    operator = MatrixOperator(K)
    tracemalloc.start()
    factor = LentMatrix(operator, np.ones(1000)).factor(1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * K.nbytes
    assert factor.array.flags.f_contiguous


def test_nan_is_no_factor():
    K = np.eye(3)
    K[1, 0] = K[0, 1] = np.nan
    assert LentMatrix(MatrixOperator(K), None).factor(1.0) is None


def test_pickle(matrix):
    factor = LentMatrix(MatrixOperator(matrix), None).factor(0.0)
    again = pickle.loads(pickle.dumps(factor))
    assert isinstance(again, CholeskyFactor)
    np.testing.assert_array_equal(again.solve(np.ones(len(matrix))), factor.solve(np.ones(len(matrix))))


@pytest.mark.parametrize("n", [61, 150])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_large_matrix_is_factored_in_halves(n, dtype, monkeypatch):
    monkeypatch.setattr(_factor, "LARGEST_BYTES", 40**2 * np.dtype(dtype).itemsize)
    monkeypatch.setattr(_factor, "STRIP", 16)
    A = np.random.default_rng(0).normal(size=(n, n)).astype(dtype)
    A = A @ A.T + n * np.eye(n, dtype=dtype)
    matrix = _factor.LentMatrix(MatrixOperator(A), None)
    lower = matrix.factor(1.0)
    L = np.tril(lower.array)
    np.testing.assert_allclose(L @ L.T, A + np.eye(n), rtol=0, atol=100 * n * np.finfo(dtype).eps)
    np.testing.assert_array_equal(matrix.matrix(), A)
    assert matrix.factor(-1e4) is None
