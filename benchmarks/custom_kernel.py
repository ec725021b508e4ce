"""A kernel of ten lines against scikit-learn's KernelRidge with the same kernel as a callable on pairs of rows.

The callable is timed once: it takes half a minute.
"""

import numpy as np
import sklearn.kernel_ridge
from measure import seconds

from kernelkit import KernelRidge
from kernelkit.kernels import Kernel, Rows


class Cauchy(Kernel):
    def __init__(self, sigma=1.0):
        self.sigma = sigma

    def rows(self, X, like=None):
        return Rows((X / self.sigma, np.einsum("ij,ij->i", X, X) / self.sigma**2))

    def tile(self, a, b, out=None):
        squares = a.parts[1][:, None] + b.parts[1] - 2 * a.parts[0] @ b.parts[0].T
        return 1 / (1 + np.maximum(squares, 0))

    def diag(self, X):
        return np.ones(len(X))


def pairwise_cauchy(x, y):
    z = x - y
    return 1 / (1 + (z @ z) / 9)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 10))
    y = np.sin(X[:, 0])
    kernel = Cauchy(sigma=3.0)
    theirs = sklearn.kernel_ridge.KernelRidge(kernel=pairwise_cauchy, alpha=0.1)
    slow = seconds(lambda: theirs.fit(X, y))
    ours = KernelRidge(kernel, alpha=0.1)
    gram = min(seconds(lambda: kernel(X)) for _ in range(5))
    fit = min(seconds(lambda: ours.fit(X, y)) for _ in range(5))
    print(f"callable on pairs {slow:.1f} s; matrix {gram:.3f} s: {slow / gram:.0f}x (wanted 300x)")
    print(f"whole fit {fit:.3f} s: {slow / fit:.0f}x (wanted 80x)")
    np.testing.assert_allclose(ours.dual_coef_, theirs.dual_coef_, rtol=1e-6, atol=1e-9)
