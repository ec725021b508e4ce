"""Fits of support vector machines against scikit-learn's libsvm and, where it is installed, scikit-learn-intelex.

``python benchmarks/smo.py [synthetic] [small] [real] [heart] [--data FOLDER] [--quick]``; FOLDER has
libsvm/a9a.svmlight.gz, libsvm/heart_scale.svmlight.gz, mnist.npz and covtype20k.csv.gz. ``--quick`` leaves scikit-learn
out where it takes minutes.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from measure import resident_bytes, seconds
from sklearn.datasets import load_svmlight_file
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from kernelkit import Gaussian, KernelSVC

try:
    from sklearnex.svm import SVC as IntelSVC
except ImportError:
    IntelSVC = None


def synthetic(n, d=50):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, (np.sin(1.5 * X[:, 0]) + 0.5 * X[:, 1] * X[:, 2] + 0.5 * rng.normal(size=n) > 0).astype(int)


def objective(model, X, y, sigma):
    """The dual objective in float64, which is to be small; for two classes."""
    coef, rows = np.ravel(model.dual_coef_), X[model.support_]
    total = 0.0
    for part in np.array_split(np.arange(len(rows)), 1 + len(rows) // 2000):
        total += coef[part] @ (Gaussian(sigma)(rows[part], rows) @ coef) / 2
    return total - np.abs(coef).sum()


def race(what, X, y, C, sigma, wanted=(None, None), quick=False, cache_size=None, repeat=1):
    """Print how many times faster KernelSVC is than the others, after a fit that does not count."""
    cached = {} if cache_size is None else {"cache_size": cache_size}
    ours = KernelSVC(Gaussian(sigma), C=C, solver="smo", **cached).fit(X[:200], y[:200])
    fast = min(seconds(lambda: ours.fit(X, y)) for _ in range(repeat))
    print(f"{what}: {fast:.3f} s, {len(ours.support_)} support vectors", end="")
    peers = {"sklearnex": (IntelSVC, wanted[0])} if IntelSVC else {}
    if not quick:
        peers["scikit-learn"] = (SVC, wanted[1])
    for name, (kind, least) in peers.items():
        theirs = kind(C=C, gamma=0.5 / sigma**2, **cached)
        slow = min(seconds(lambda theirs=theirs: theirs.fit(X, y)) for _ in range(repeat))
        print(f"; {name} {slow:.3f} s: {slow / fast:.1f}x (wanted {least})", end="")
        if len(ours.classes_) == 2 and len(y) <= 40_000:
            a, b = (objective(model, X, y, sigma) for model in (ours, theirs))
            print(f", objective {(a - b) / abs(b):+.0e}", end="")
    print(flush=True)


def real(folder):
    with np.load(folder / "mnist.npz") as file:
        mnist = file["X_train"][:20_000].reshape(20_000, -1) / 255.0, file["y_train"][:20_000]
    X, y = load_svmlight_file(str(folder / "libsvm" / "a9a.svmlight.gz"), n_features=123)
    with gzip.open(folder / "covtype20k.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    covtype = StandardScaler().fit_transform(table[:, :-1]), table[:, -1]
    return {"a9a": (X.toarray(), y), "covtype": covtype, "MNIST": mnist}


def heart(folder):
    """LIBSVM's own figures: objective -100.877286, at any tolerance below -100.8772916, and 132 support vectors."""
    X, y = load_svmlight_file(str(folder / "libsvm" / "heart_scale.svmlight.gz"))
    sigma = (13 / 2) ** 0.5
    for tol in (1e-3, 1e-9):
        model = KernelSVC(Gaussian(sigma), solver="smo", tol=tol).fit(X.toarray(), y)
        found = objective(model, X.toarray(), y, sigma)
        print(f"heart_scale, tol = {tol:g}: objective {found:.7f}, {len(model.support_)} support vectors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=["synthetic", "small"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if "synthetic" in given.names:
        race("n = 10000, d = 50, C = 1", *synthetic(10_000), 1.0, 5.0, (3, 7), repeat=2)
        race("n = 10000, d = 50, C = 100", *synthetic(10_000), 100.0, 5.0, repeat=1)
        race("n = 40000, d = 50, C = 1", *synthetic(40_000), 1.0, 5.0, (2.8, 10), given.quick)
        race("the same, caches of 500 MB", *synthetic(40_000), 1.0, 5.0, (1.5, None), True, cache_size=500)
        print(f"largest resident set {resident_bytes() / 1e9:.2f} GB")
    if "small" in given.names:
        race("n = 2000, d = 50, C = 1000", *synthetic(2000), 1000.0, 5.0, (None, 3), repeat=5)
        X, y = synthetic(200, 10)
        model, theirs = KernelSVC(Gaussian(2.2)), SVC(gamma=0.5 / 2.2**2)
        a, b = (min(seconds(lambda m=m: m.fit(X, y)) for _ in range(200)) for m in (model, theirs))
        print(
            f"n = 200, d = 10: {model.solver_} {1e3 * a:.2f} ms, scikit-learn {1e3 * b:.2f} ms: {b / a:.2f}x (wanted 1)"
        )
    if "heart" in given.names:
        heart(given.data)
    if "real" in given.names:
        for name, (X, y) in real(given.data).items():
            sigma = (123 / 2) ** 0.5 if name == "a9a" else (X.shape[1] * X.var() / 2) ** 0.5
            for C in (1.0, 100.0):
                race(f"{name}, n = {len(y)}, d = {X.shape[1]}, C = {C:g}", X, y, C, sigma, (2, 5), given.quick)
