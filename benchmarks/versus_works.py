"""The works of versus.py: each gives a call of kernelkit's, and for each peer what makes its call.

A peer's maker imports it, so that one that is not installed raises ImportError and is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernelkit import (
    NTK,
    Gaussian,
    KernelPCA,
    KernelRidge,
    KernelRidgeCV,
    KernelSVC,
    KernelSVCCV,
    Nystroem,
    RandomFourier,
)

CS = [10.0**k for k in range(-3, 5)]
SIGMAS, ALPHAS = (1.0, 2.0, 4.0, 8.0), tuple(10.0**k for k in range(-3, 3))
FEW = 300  # rows of a quick run


@dataclass(frozen=True)
class Work:
    """What is timed: `prepare(n)` returns the calls for n rows, "kernelkit" first."""

    name: str
    words: str
    rows: int
    calls: Callable[[int], dict[str, Any]]

    def prepare(self, quick):
        """Return the calls."""
        return self.calls(FEW if quick else self.rows)

    def title(self, quick):
        """Return what was done, and on how many rows."""
        return self.words.format(n=FEW if quick else self.rows)


def rows(n, d, dtype=np.float64):
    return np.random.default_rng(0).normal(size=(n, d)).astype(dtype)


def target(X):
    return np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * np.random.default_rng(1).normal(size=len(X))


def labels(n, d):
    """Two normal classes, close enough for most rows to be support vectors."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, size=n)
    return rng.normal(size=(n, d)) + 0.25 * y[:, None] * (rng.random(d) < 0.5), y


def gram(n):
    X, kernel = rows(n, 20), Gaussian(4.0)

    def scikit_learn():
        from sklearn.metrics.pairwise import rbf_kernel

        return lambda: rbf_kernel(X, gamma=1 / 32)

    def himalaya():
        from himalaya.kernel_ridge import KernelRidge as Theirs

        model = Theirs(kernel="rbf", kernel_params={"gamma": 1 / 32})
        return lambda: model._get_kernel(X)

    return {"kernelkit": lambda: kernel(X), "scikit-learn": scikit_learn, "himalaya": himalaya}


def ridge(n):
    X, new = rows(n, 20), rows(1000, 20)
    y, ours = target(X), KernelRidge(Gaussian(4.0), alpha=0.1)

    def scikit_learn():
        from sklearn.kernel_ridge import KernelRidge as Theirs

        model = Theirs(kernel="rbf", gamma=1 / 32, alpha=0.1)
        return lambda: model.fit(X, y).predict(new)

    def himalaya():
        from himalaya.kernel_ridge import KernelRidge as Theirs

        model = Theirs(kernel="rbf", kernel_params={"gamma": 1 / 32}, alpha=0.1, solver="eigenvalues")
        return lambda: model.fit(X, y).predict(new)

    return {"kernelkit": lambda: ours.fit(X, y).predict(new), "scikit-learn": scikit_learn, "himalaya": himalaya}


def search(n):
    X = rows(n, 20)
    y, ours = target(X), KernelRidgeCV([Gaussian(sigma) for sigma in SIGMAS], alphas=ALPHAS, cv=5)

    def scikit_learn():
        from sklearn.kernel_ridge import KernelRidge as Theirs
        from sklearn.model_selection import GridSearchCV

        grid = {"gamma": [0.5 / sigma**2 for sigma in SIGMAS], "alpha": ALPHAS}
        model = GridSearchCV(Theirs(kernel="rbf"), grid, cv=5)
        return lambda: void(model.fit(X, y))

    def himalaya():
        from himalaya.kernel_ridge import KernelRidgeCV as Theirs

        def one_by_one():
            for sigma in SIGMAS:
                Theirs(alphas=ALPHAS, kernel="rbf", kernel_params={"gamma": 0.5 / sigma**2}, cv=5).fit(X, y)

        return one_by_one

    return {"kernelkit": lambda: void(ours.fit(X, y)), "scikit-learn": scikit_learn, "himalaya": himalaya}


def svc_fit(n):
    X, y = labels(n, 50)
    ours = KernelSVC(Gaussian(50**0.5))
    return {"kernelkit": lambda: void(ours.fit(X, y))} | _machines(lambda model: lambda: void(model.fit(X, y)))


def svc_search(n):
    X, y = labels(n, 50)
    ours = KernelSVCCV(Gaussian(50**0.5), Cs=CS, cv=5)

    def grid(SVC):
        from sklearn.model_selection import GridSearchCV

        model = GridSearchCV(SVC(gamma=0.01, cache_size=1000), {"C": CS}, cv=5)
        return lambda: void(model.fit(X, y))

    def scikit_learn():
        from sklearn.svm import SVC

        return grid(SVC)

    def intelex():
        from sklearnex.svm import SVC

        return grid(SVC)

    def torchkm():
        from torchkm import TorchKMSVC

        model = TorchKMSVC(Cs=CS, cv=5, rbf_sigma=0.005, device="cpu")  # theirs is exp(-2 sigma d^2)
        return lambda: void(model.fit(X, y))

    peers = {"scikit-learn": scikit_learn, "scikit-learn-intelex": intelex, "torchkm": torchkm}
    return {"kernelkit": lambda: void(ours.fit(X, y))} | peers


def svc_values(n):
    X, y = labels(n, 50)
    new, ours = rows(n, 50), KernelSVC(Gaussian(50**0.5), tol=1e-5).fit(X, y)

    def values(model):
        model.set_params(tol=1e-5).fit(X, y)
        return lambda: model.decision_function(new)

    return {"kernelkit": lambda: ours.decision_function(new)} | _machines(values)


def _machines(call):
    def scikit_learn():
        from sklearn.svm import SVC

        return call(SVC(gamma=0.01, cache_size=1000))

    def intelex():
        from sklearnex.svm import SVC

        return call(SVC(gamma=0.01, cache_size=1000))

    def thundersvm():
        from thundersvm import SVC

        return call(SVC(gamma=0.01))

    return {"scikit-learn": scikit_learn, "scikit-learn-intelex": intelex, "thundersvm": thundersvm}


def pca(n):
    X, ours = rows(n, 20), KernelPCA(Gaussian(4.0), n_components=20)

    def scikit_learn():
        from sklearn.decomposition import KernelPCA as Theirs

        model = Theirs(n_components=20, kernel="rbf", gamma=1 / 32, random_state=0)
        return lambda: model.fit(X).eigenvalues_

    return {"kernelkit": lambda: ours.fit(X).eigenvalues_, "scikit-learn": scikit_learn}


def fourier(n):
    X = rows(n, 50)
    ours = RandomFourier(Gaussian(7.0), n_components=1000, random_state=0).fit(X)

    def scikit_learn():
        from sklearn.kernel_approximation import RBFSampler

        model = RBFSampler(gamma=0.5 / 49, n_components=1000, random_state=0).fit(X)
        return lambda: void(model.transform(X))

    def rfflearn():
        from rfflearn.cpu.rfflearn_cpu_common import get_orf_matrix

        W = get_orf_matrix(50, 500, 1 / 7.0)

        def transform():
            Z = X @ W
            np.concatenate([np.cos(Z), np.sin(Z)], axis=1) / 500**0.5

        return transform

    return {"kernelkit": lambda: void(ours.transform(X)), "scikit-learn": scikit_learn, "rfflearn": rfflearn}


def nystroem(n):
    X = rows(n, 20)
    ours = Nystroem(Gaussian(4.0), n_components=min(500, n), random_state=0)

    def scikit_learn():
        from sklearn.kernel_approximation import Nystroem as Theirs

        model = Theirs(gamma=1 / 32, n_components=min(500, n), random_state=0)
        return lambda: void(model.fit_transform(X))

    return {"kernelkit": lambda: void(ours.fit_transform(X)), "scikit-learn": scikit_learn}


def ntk(n):
    X = rows(n, 50)
    ours = NTK(depth=3, bias_variance=0.01)  # as their bias, which is not squared

    def scikit_ntk():
        from skntk import NeuralTangentKernel

        model = NeuralTangentKernel(depth=3, bias=0.1)
        return lambda: void(model(X))

    return {"kernelkit": lambda: void(ours(X)), "scikit-ntk": scikit_ntk}


def void(_):
    """What a work returns whose result is not to be compared with the peer's."""


WORKS = (
    Work("gram", "Gaussian kernel matrix, n = {n}, d = 20", 5000, gram),
    Work("ridge", "kernel ridge, fit and predict 1000 rows, n = {n}", 4000, ridge),
    Work("ridge-search", "kernel ridge, 4 widths x 6 alphas x 5 folds, n = {n}", 1500, search),
    Work("svc-fit", "support vector classifier, fit, n = {n}, d = 50", 5000, svc_fit),
    Work("svc-search", "support vector classifier, 8 C x 5 folds, n = {n}", 1500, svc_search),
    Work("svc-values", "support vector classifier, decision function, {n} rows", 5000, svc_values),
    Work("pca", "kernel PCA, 20 components, n = {n}", 3000, pca),
    Work("fourier", "1000 random Fourier features of {n} rows, d = 50", 50_000, fourier),
    Work("nystroem", "500 Nystroem features of {n} rows, d = 20", 50_000, nystroem),
    Work("ntk", "neural tangent kernel matrix, depth 3, n = {n}", 2000, ntk),
)
