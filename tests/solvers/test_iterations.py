"""Block conjugate gradients."""

import numpy as np

from kernelkit.solvers._iterations import conjugate_gradients


def run(A, B, steps, precondition=np.copy):
    iterations = conjugate_gradients(lambda V: A @ V, B, precondition)
    for _ in range(steps):
        X, residuals = next(iterations)
    return X, residuals


def matrix(rng, n):
    A = rng.standard_normal((n, n))
    return A @ A.T + n * np.eye(n)


def test_solves_every_column_and_columns_of_zeros(rng):
    A = matrix(rng, 20)
    B = rng.standard_normal((20, 4))
    B[:, 2] = 0
    X, residuals = run(A, B, 25)
    np.testing.assert_allclose(A @ X, B, atol=1e-10)
    np.testing.assert_array_equal(X[:, 2], 0)
    assert residuals[2] == 0
    assert residuals.max() < 1e-12


def test_columns_do_not_meet(rng):
    A = matrix(rng, 20)
    B = rng.standard_normal((20, 2))
    B[:, 1] *= 1e9
    together, _ = run(A, B, 5)
    alone, _ = run(A, B[:, :1], 5)
    np.testing.assert_allclose(together[:, :1], alone, rtol=1e-12)


def test_exact_preconditioner_takes_one_step(rng):
    A = matrix(rng, 20)
    B = rng.standard_normal((20, 1))
    X, residuals = run(A, B, 1, precondition=lambda R: np.linalg.solve(A, R))
    assert residuals[0] < 1e-13
    np.testing.assert_allclose(A @ X, B, atol=1e-11)
    X, residuals = run(A, B, 6, precondition=lambda R: np.linalg.solve(A, R))  # nothing is left to do
    np.testing.assert_allclose(A @ X, B, atol=1e-11)


def test_indefinite_matrix_is_nan(rng):
    _, residuals = run(np.diag([1.0, -1.0]), np.array([[1.0], [2.0]]), 2)
    assert np.isnan(residuals[0])
