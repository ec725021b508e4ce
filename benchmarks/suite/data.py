"""Rows and targets that all benchmarks share."""

import numpy as np


def rows(n, d=20, dtype="float64"):
    return np.random.default_rng(0).normal(size=(n, d)).astype(dtype)


def target(X):
    return np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def labels(X):
    return np.where(target(X) + np.random.default_rng(1).normal(size=len(X)) > 0, "a", "b")
