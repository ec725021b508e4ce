"""Kernel PCA against scikit-learn's: the fit with each of its eigensolvers, and memory with landmarks."""

import tracemalloc

import numpy as np
import sklearn.decomposition
from measure import compare, seconds

from kernelkit import Gaussian, KernelPCA

N, D, P = 5000, 20, 20
MANY, LANDMARKS = 50_000, 1000


def rows(n):
    return np.random.default_rng(0).normal(size=(n, D))


def fit():
    for dtype in (np.float64, np.float32):
        ours = KernelPCA(Gaussian(D**0.5), n_components=P, random_state=0)
        # Each of theirs is timed; the better of the manual choices is the one to beat.
        for solver, wanted in (("auto", 8), ("arpack", 1.3), ("randomized", 1.3)):
            race(ours, solver, rows(N).astype(dtype), wanted)


def race(ours, solver, X, wanted):
    theirs = sklearn.decomposition.KernelPCA(P, kernel="rbf", gamma=0.5 / D, eigen_solver=solver, random_state=0)
    what = f"fit, n = {N}, {P} components, {X.dtype}, {solver}"
    compare(what, lambda: ours.fit(X), lambda: theirs.fit(X), wanted, 1 if solver == "auto" else 3)
    error = np.abs(ours.eigenvalues_ - theirs.eigenvalues_).max() / theirs.eigenvalues_[0]
    print(f"    {ours.eigen_solver_}, {ours.n_iter_} products; eigenvalues differ by {error:.0e} of the largest")


def landmarks():
    X = rows(MANY)
    model = KernelPCA(Gaussian(D**0.5), n_components=P, n_landmarks=LANDMARKS, random_state=0)
    taken = min(seconds(lambda: model.fit_transform(X)) for _ in range(2))
    tracemalloc.start()
    model.fit_transform(X)
    extra = tracemalloc.get_traced_memory()[1]
    what = f"fit_transform, n = {MANY}, d = {D}, {P} components, {LANDMARKS} landmarks"
    print(f"{what}: {extra / 1e6:.0f} MB above the input (wanted < 1000 MB), {taken:.1f} s")


if __name__ == "__main__":
    fit()
    landmarks()
