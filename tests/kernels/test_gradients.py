"""Gradients with respect to theta, against central differences and scikit-learn's own kernels."""

import numpy as np
import pytest
from sklearn.gaussian_process import kernels as sk

from kernelkit.kernels import Constant, Gaussian, Laplacian, Matern, Polynomial, RationalQuadratic, Sigmoid
from tests.kernels.helpers import CASES, sample

STEP = 1e-5


def central_differences(kernel, X):
    theta = kernel.theta
    steps = STEP * np.eye(len(theta))
    return np.stack(
        [(kernel.clone_with_theta(theta + h)(X) - kernel.clone_with_theta(theta - h)(X)) / (2 * STEP) for h in steps],
        axis=-1,
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_equal_finite_differences(case):
    X, _ = sample(case)
    K, gradient = case.kernel(X, eval_gradient=True)
    np.testing.assert_allclose(K, case.kernel(X), rtol=1e-12, atol=1e-14)
    assert gradient.shape == (len(X), len(X), case.kernel.n_dims)
    if case.kernel.n_dims:
        np.testing.assert_allclose(
            gradient, central_differences(case.kernel, X), rtol=1e-6, atol=1e-8 * np.abs(K).max()
        )


@pytest.mark.parametrize(
    "kernel",
    [
        Gaussian(0.03),
        Gaussian(30.0),
        Matern(0.05, nu=0.5),
        Matern(20.0, nu=3.2),
        RationalQuadratic(0.3, 0.1),
        Laplacian(9.0),
    ],
    ids=repr,
)
def test_narrow_and_wide(kernel, rng):
    X = rng.normal(size=(8, 2))
    gradient = kernel(X, eval_gradient=True)[1]
    np.testing.assert_allclose(gradient, central_differences(kernel, X), rtol=1e-6, atol=1e-7)


def test_fixed_hyperparameters_have_no_gradient(rng):
    X = rng.normal(size=(5, 2))
    k = RationalQuadratic(2.0, 0.7, sigma_bounds="fixed") * Constant(3.0)
    gradient = k(X, eval_gradient=True)[1]
    assert gradient.shape == (5, 5, 2)
    np.testing.assert_allclose(gradient, central_differences(k, X), rtol=1e-6, atol=1e-8)
    assert Polynomial(coef0=0.0)(X, eval_gradient=True)[1].shape == (5, 5, 1)
    assert Sigmoid(coef0=0.0)(X, eval_gradient=True)[1].shape == (5, 5, 1)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Gaussian(0.7), sk.RBF(0.7)),
        (Gaussian([0.7, 2.0]), sk.RBF([0.7, 2.0])),
        (Matern(0.7, nu=0.5), sk.Matern(0.7, nu=0.5)),
        (Matern([0.7, 2.0], nu=1.5), sk.Matern([0.7, 2.0], nu=1.5)),
        (Matern(0.7, nu=2.5), sk.Matern(0.7, nu=2.5)),
        (2.0 * Gaussian(0.7), sk.ConstantKernel(2.0) * sk.RBF(0.7)),
        (Gaussian(0.7) + sk.WhiteKernel(0.1), sk.RBF(0.7) + sk.WhiteKernel(0.1)),
    ],
    ids=repr,
)
def test_equals_scikit_learn(ours, theirs, rng):
    X = rng.normal(size=(10, 2))
    X[3] = X[4]
    np.testing.assert_allclose(ours.theta, theirs.theta)
    np.testing.assert_allclose(ours.bounds, theirs.bounds)
    for mine, wanted in zip(ours(X, eval_gradient=True), theirs(X, eval_gradient=True), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-9, atol=1e-12)


def test_a_kernel_without_gradient_says_so(rng):
    from kernelkit.kernels import Kernel, Rows

    class Plain(Kernel):
        def __init__(self, slope=1.0, slope_bounds=(0.1, 10.0)):
            self.slope = slope
            self.slope_bounds = slope_bounds

        def rows(self, X, like=None):
            return Rows((X,))

        def tile(self, a, b, out=None):
            return self.slope * a.parts[0] @ b.parts[0].T

        def diag(self, X):
            return self.slope * (X**2).sum(axis=1)

    with pytest.raises(NotImplementedError, match="not available for Plain"):
        Plain()(rng.normal(size=(3, 2)), eval_gradient=True)
