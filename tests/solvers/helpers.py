"""Slow truths for ridge systems: one bordered system a fit, one fit a held-out set."""

import numpy as np

from kernelkit.engine import MatrixOperator


class Counting:
    """An operator round a matrix that counts what is asked of it."""

    def __init__(self, K, counts=None, dtype=None):
        self.K = K
        self.inner = MatrixOperator(K, dtype)
        self.dtype, self.shape = self.inner.dtype, K.shape
        self.counts = counts if counts is not None else {"products": 0, "float32": 0, "float64": 0}

    def astype(self, dtype):
        return Counting(self.K, self.counts, dtype)

    def diag(self):
        return self.inner.diag()

    def dense(self):
        self.counts[np.dtype(self.dtype).name] += 1
        return self.inner.dense()

    def __matmul__(self, V):
        self.counts["products"] += 1
        return self.inner @ V


def gaussian(X, sigma):
    square = ((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2)
    return np.exp(-square / (2 * sigma**2))


def ridge(K, y, alpha, w=None, intercept=False):
    """c and b from the stationarity conditions (K + alpha / W) c + b = y, sum(c) = 0."""
    n = len(K)
    M = K + alpha * np.diag(1 / (np.ones(n) if w is None else w))
    if not intercept:
        return np.linalg.solve(M, y), np.zeros(y.shape[1:])
    bordered = np.block([[M, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    solution = np.linalg.solve(bordered, np.concatenate([y, np.zeros_like(y[:1])]))
    return solution[:-1], solution[-1]


def held_out_residuals(K, y, alpha, fold, w=None, intercept=False):
    """Residuals on a fold of the fit to all other rows."""
    train = np.setdiff1d(np.arange(len(K)), fold)
    weights = None if w is None else w[train]
    c, b = ridge(K[np.ix_(train, train)], y[train], alpha, weights, intercept)
    return y[fold] - K[np.ix_(fold, train)] @ c - b


def tolerance(K, alpha, w=None):
    M = K + alpha * np.diag(1 / (np.ones(len(K)) if w is None else w))
    return max(1e-8, 100 * np.finfo(np.float64).eps * np.linalg.cond(M))


def assert_near(actual, expected, relative):
    """Relative to the largest value, as an error of a solution is."""
    np.testing.assert_allclose(actual, expected, rtol=relative, atol=relative * max(np.abs(expected).max(), 1e-300))
