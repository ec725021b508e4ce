"""Support vector machines against scikit-learn's, and sklearnex where it is installed: values at new rows, searches.

Fits are with solver="libsvm"; smo.py has those of the other solver.

With the path of an .npz file that has X_train and y_train, such as MNIST's, its first rows are the ten-class data too.
With "search" as argument: only the search among 7 sigma x 8 C by 5 folds, each timed once.
"""

import sys

import numpy as np
from measure import compare, seconds
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from kernelkit import Gaussian, KernelSVC, KernelSVCCV, Laplacian, Linear

N, D = 10_000, 50


def overlapping():
    """Two normal classes, close enough for about 7000 support vectors."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, size=2 * N)
    X = rng.normal(size=(2 * N, D)) + 0.25 * y[:, None] * (rng.random(D) < 0.5)
    return X[:N], y[:N], X[N:]


def enlarged_digits(times):
    """Each 8 x 8 image drawn larger, moved and made noisy, until there are N."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    picked, moves = rng.integers(0, len(X), size=N), rng.integers(-times, times + 1, size=(N, 2))
    pixels = np.ones((times, times))
    large = [np.kron(x.reshape(8, 8), pixels) for x in X]
    moved = [np.roll(large[i], move, axis=(0, 1)).ravel() for i, move in zip(picked, moves, strict=True)]
    images = np.array(moved)
    return (images + rng.normal(size=images.shape)) / 16, y[picked]


def from_file(path):
    with np.load(path) as file:
        return file["X_train"][:N].reshape(N, -1) / 255.0, file["y_train"][:N]


def report(what, ours, theirs, X):
    a, b = ours.decision_function(X), theirs.decision_function(X)
    print(f"    {what}: {len(ours.support_)} support vectors against {len(theirs.support_)}, values differ by ", end="")
    print(f"{np.abs(a - b).max() / np.abs(b).max():.0e} of the largest")


def two_class():
    X, y, new = overlapping()
    gamma = 0.5 / D
    ours, theirs = KernelSVC(Gaussian(D**0.5), solver="libsvm"), SVC(gamma=gamma, cache_size=2000)
    compare(f"fit, n = {N}, d = {D}", lambda: ours.fit(X, y), lambda: theirs.fit(X, y), 2.2, 2)
    report("two classes", ours, theirs, new[:1000])
    values = lambda model: lambda: model.decision_function(new)  # noqa: E731
    compare(f"decision_function, {N} rows", values(ours), values(theirs), 10, 2)
    try:
        from sklearnex.svm import SVC as IntelSVC
    except ImportError:
        print("    sklearnex is not installed: left out")
        return
    intel = IntelSVC(gamma=gamma).fit(X, y)
    compare("the same against sklearnex", values(ours), values(intel), 1.2, 3)


def many_classes(what, X, y):
    sigma = (X.shape[1] * X.var() / 2) ** 0.5
    ours, theirs = KernelSVC(Gaussian(sigma), solver="libsvm"), SVC(gamma=0.5 / sigma**2, cache_size=2000)
    what = f"fit, {what}, n = {N}, d = {X.shape[1]}"
    compare(what, lambda: ours.fit(X, y), lambda: theirs.fit(X, y), 3, 1)
    report("ten classes", ours, theirs, X[:1000])


def custom_kernel():
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    new = X[rng.integers(0, len(X), size=N)] + rng.normal(size=(N, 64))
    # Nearly all of the first is the kernel's own time, so that the share of support vectors is what can be gained.
    for name, kernel in {
        "Laplacian": Laplacian(sigma=4 * X.shape[1] * X.std()),
        "Gaussian + Linear": Gaussian(20.0) + 1e-4 * Linear(),
    }.items():
        ours, theirs = KernelSVC(kernel, C=10).fit(X, y), SVC(kernel=kernel, C=10).fit(X, y)
        print(f"    {name}: {len(ours.support_)} of {len(X)} rows are support vectors")
        what = f"predict, {name}, {len(new)} rows"
        compare(what, lambda m=ours: m.predict(new), lambda m=theirs: m.predict(new), 3, 3)


def search():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 20))
    y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=2000) > 0).astype(int)
    Cs, sigmas = np.logspace(-2, 3, 8), np.geomspace(1.5, 15.0, 7)
    ours = KernelSVCCV(Gaussian(), Cs=Cs, param_grid={"kernel__sigma": sigmas.tolist()}, cv=5)
    fast = seconds(lambda: ours.fit(X, y))
    peers = {"scikit-learn": SVC}
    try:
        from sklearnex.svm import SVC as IntelSVC
    except ImportError:
        print("    sklearnex is not installed: left out")
    else:
        peers["sklearnex"] = IntelSVC
    for name, kind in peers.items():
        theirs = GridSearchCV(kind(), {"C": Cs, "gamma": 0.5 / sigmas**2}, cv=5)
        slow = seconds(lambda theirs=theirs: theirs.fit(X, y))
        times = f"{fast:.1f} s against {slow:.1f} s of GridSearchCV over {name}: {slow / fast:.1f}x"
        print(f"search, {times}; best scores {ours.best_score_:.4f} and {theirs.best_score_:.4f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["search"]:
        search()
        sys.exit()
    two_class()
    many_classes("digits", *enlarged_digits(1))
    many_classes("digits enlarged", *enlarged_digits(3))
    for path in sys.argv[1:]:
        many_classes("file", *from_file(path))
    custom_kernel()
    search()
