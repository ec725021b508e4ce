"""Data and closeness for the kernel contract."""

import numpy as np

from tests import references as ref
from tests.registry import KERNELS, combined

CASES = [c for case in KERNELS for c in combined(case)]
PLAIN = KERNELS
SHIFTED = [case for case in CASES if case.distance]


def sample(case, dtype=np.float64, n=12, m=9, seed=0):
    """Rows that try a kernel: copies and near-copies within X and between X and Y, and rows of zeros."""
    rng = np.random.default_rng(seed)
    d = case.width or 3
    X, Y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 0.3
    X[-1] = X[-2]
    X[0] = 0.0
    Y[0] = X[1]
    Y[1] = X[2] + 1e-4
    Y[2] = X[3] * (1 + 1e-7)
    Y[3] = 0.0
    return X.astype(dtype), Y.astype(dtype)


def tolerance(case, dtype):
    if dtype == np.float64:
        return 1e-12
    return 1e-5 if case.kink else 2e-6 if case.distance else 5e-6


def assert_close(case, got, wanted, X, Y, tol):
    """Compare relative to sqrt(k(x, x) k(y, y)), which bounds |k(x, y)| and grows with its rounding error."""
    scale = np.sqrt(np.abs(np.outer(ref.diagonal(case.formula, X), ref.diagonal(case.formula, Y))))
    scale = np.maximum(scale, np.maximum(np.abs(wanted), np.finfo(np.float64).tiny))
    worst = (np.abs(np.asarray(got, dtype=np.float64) - wanted) / scale).max(initial=0.0)
    assert worst <= tol, f"{case}: off by {worst:.2g}, {tol:.2g} allowed"


def assert_equals_loop(case, got, X, Y, tol):
    wanted = ref.matrix(case.formula, X, Y)
    assert got.shape == wanted.shape
    assert_close(case, got, wanted, X, Y, tol)
