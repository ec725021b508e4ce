"""Nystroem against scikit-learn's: trace error on real tables with as many landmarks, and time.

With the path of a folder that has NAME/data.csv.gz (targets in the last column) for the UCI tables named below, these
are taken; without it, tables that ship inside scikit-learn.
"""

import sys
from pathlib import Path

import numpy as np
from measure import compare
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.kernel_approximation import Nystroem as SklearnNystroem
from sklearn.preprocessing import StandardScaler

from kernelkit import Gaussian, Nystroem

TABLES = ("kin40k", "pol", "elevators", "bike", "concrete", "airfoil")
MOST_ROWS, P, SEEDS = 6000, 400, 5
N, D, LANDMARKS = 100_000, 20, 1000


def tables(folder):
    if folder is None:
        yield from ((load.__name__, load().data) for load in (load_breast_cancer, load_diabetes, load_digits))
        return
    for name in TABLES:
        yield name, np.loadtxt(Path(folder) / name / "data.csv.gz", delimiter=",")[:MOST_ROWS, :-1]


def trace_error(make, X):
    """The median over seeds of the share of the trace that is lost; k(x, x) = 1."""
    features = [make(seed).fit_transform(X) for seed in range(SEEDS)]
    return np.median([1 - np.einsum("ij,ij->", Z, Z) / len(X) for Z in features])


def errors(folder):
    for name, X in tables(folder):
        X = StandardScaler().fit_transform(X)
        sigma, p = X.shape[1] ** 0.5, min(P, len(X) - 1)
        theirs = {"gamma": 0.5 / sigma**2, "n_components": p}
        base = trace_error(lambda seed, theirs=theirs: SklearnNystroem(**theirs, random_state=seed), X)
        line = f"{name:<14} {len(X)} x {X.shape[1]}, p = {p}: scikit-learn {base:.2e}"
        for landmarks in ("rpcholesky", "leverage", "kmeans", "farthest", "uniform"):
            ours = {"n_components": p, "landmarks": landmarks}
            kernel = Gaussian(sigma)
            found = trace_error(lambda seed, k=kernel, ours=ours: Nystroem(k, **ours, random_state=seed), X)
            line += f"  {landmarks} {found / base:.2f}x"
        print(line, flush=True)


def time():
    X = np.random.default_rng(0).normal(size=(N, D))
    theirs = SklearnNystroem(gamma=0.5 / D, n_components=LANDMARKS, random_state=0)
    for landmarks, wanted in (("rpcholesky", 2), ("uniform", None)):
        ours = Nystroem(Gaussian(D**0.5), n_components=LANDMARKS, landmarks=landmarks, random_state=0)
        what = f"fit_transform, n = {N}, d = {D}, p = {LANDMARKS}, {landmarks}"
        compare(what, lambda ours=ours: ours.fit_transform(X), lambda: theirs.fit_transform(X), wanted, 2)


if __name__ == "__main__":
    time()
    errors(sys.argv[1] if len(sys.argv) > 1 else None)
