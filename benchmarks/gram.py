"""Gaussian kernel matrices against scikit-learn's rbf_kernel; ours inside scikit-learn's own KernelRidge."""

import numpy as np
import sklearn.kernel_ridge
from measure import compare
from sklearn.metrics.pairwise import rbf_kernel

from kernelkit.kernels import Gaussian


def gram(d, dtype, at_least, n=8000):
    X = np.random.default_rng(0).normal(size=(n, d)).astype(dtype)
    kernel = Gaussian(sigma=d**0.5)
    compare(
        f"Gaussian matrix, n = {n}, d = {d}, {dtype}",
        lambda: kernel(X),
        lambda: rbf_kernel(X, gamma=0.5 / d),
        at_least,
    )


def inside_sklearn(n=4000, d=20):
    X = np.random.default_rng(0).normal(size=(n, d))
    y = np.sin(X[:, 0])
    ours = sklearn.kernel_ridge.KernelRidge(kernel=Gaussian(sigma=d**0.5), alpha=0.1)
    theirs = sklearn.kernel_ridge.KernelRidge(kernel="rbf", gamma=0.5 / d, alpha=0.1)
    compare(
        f"inside scikit-learn's KernelRidge, n = {n}, d = {d}",
        lambda: ours.fit(X, y).predict(X),
        lambda: theirs.fit(X, y).predict(X),
        1.0,
    )


if __name__ == "__main__":
    gram(10, "float64", 3)
    gram(10, "float32", 3.5)
    gram(100, "float64", 2.1)
    gram(100, "float32", 3)
    inside_sklearn()
