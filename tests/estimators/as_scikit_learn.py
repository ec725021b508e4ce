"""scikit-learn's constructors, returning our estimators: what their own tests are run with."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.svm import LinearSVC, LinearSVR, _libsvm

import kernelkit
from kernelkit import Gaussian, Linear, Polynomial, Sigmoid
from kernelkit.estimators import _svm

__all__ = [
    "SVC",
    "SVR",
    "KernelPCA",
    "LinearSVC",
    "LinearSVR",
    "NuSVC",
    "NuSVR",
    "Nystroem",
    "OneClassSVM",
    "RBFSampler",
    "_libsvm",
    "either_solver",
    "kernel_object",
    "skip",
]

# Older versions ask for probabilities in tests of something else.
WITHOUT_PROBABILITY = [
    (r",\s+probability=True", ""),
    (r"probability=True,\s+", ""),
    (r"\.predict_proba", ".decision_function"),
]


def kernel_object(kernel, gamma, degree, coef0):
    """The kernel that scikit-learn's parameters stand for; callables and "precomputed" as they are."""
    if kernel == "linear":
        return Linear()
    if kernel == "rbf":
        return Gaussian(sigma=gamma if isinstance(gamma, str) else np.sqrt(0.5 / gamma))
    if kernel == "poly":
        return Polynomial(degree=degree, gamma=gamma, coef0=coef0)
    return Sigmoid(gamma=gamma, coef0=coef0) if kernel == "sigmoid" else kernel


@pytest.fixture(autouse=True, params=["libsvm", "smo"])
def either_solver(request, monkeypatch):
    """Let "auto" take one solver, then the other, whatever the number of rows."""
    if request.param == "smo":
        pytest.importorskip("numba")
    monkeypatch.setattr(_svm, "SMO_ROWS", 0 if request.param == "smo" else 10**9)


def _constructor(name):
    def construct(kernel="rbf", gamma="scale", degree=3, coef0=0.0, random_state=None, **parameters):
        kind = getattr(kernelkit, f"Kernel{name}")
        return kind(kernel_object(kernel, gamma, degree, coef0), **parameters)

    construct.__name__ = name
    return construct


SVC, NuSVC, SVR, NuSVR, OneClassSVM = map(_constructor, ("SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM"))


def _of_rows(kernel):
    """The function of two matrices that a function of two rows stands for; other kernels as they are."""
    return (lambda X, Y: pairwise_kernels(X, Y, metric=kernel)) if callable(kernel) else kernel


def KernelPCA(n_components=None, *, kernel="linear", gamma=None, degree=3, coef0=1, **parameters):
    """KernelPCA with functions of two rows as kernels."""
    kernel = kernel_object(_of_rows(kernel), "auto" if gamma is None else gamma, degree, coef0)
    return kernelkit.KernelPCA(kernel, n_components=n_components, **parameters)


class RBFSampler(kernelkit.RandomFourier):
    """RandomFourier of a Gaussian."""

    def __init__(self, *, gamma=1.0, n_components=100, random_state=None):
        super().__init__(kernel_object("rbf", gamma, 3, 1), n_components=n_components, random_state=random_state)
        self.gamma = gamma

    @property
    def _gamma(self):
        return 0.5 / self.kernel_.sigma**2


class Nystroem(kernelkit.Nystroem):
    """Nystroem with functions of two rows as kernels."""

    def __init__(self, kernel="rbf", *, gamma=None, n_components=100, random_state=None):
        kernel = _of_rows(kernel)
        if kernel == "rbf":
            kernel = kernel_object(kernel, "auto" if gamma is None else gamma, 3, 1)
        super().__init__(kernel, n_components=n_components, random_state=random_state)
        self.gamma = gamma


def skip(tests, differences):
    """Mark the tests in a module's namespace that `differences` names, if this scikit-learn has them."""
    for name, reason in differences.items():
        if name in tests:
            tests[name] = pytest.mark.skip(reason=reason)(tests[name])
