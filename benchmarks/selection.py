"""Choosing among 5 sigma x 10 alpha, n = 2000: against scikit-learn's GridSearchCV and himalaya's KernelRidgeCV.

GridSearchCV is timed once: it takes a minute or more.
"""

import numpy as np
import sklearn.kernel_ridge
from measure import compare, seconds
from sklearn.model_selection import GridSearchCV

from kernelkit import KernelRidgeCV
from kernelkit.kernels import Gaussian

SIGMAS, ALPHAS = [1.0, 2.0, 3.0, 4.5, 7.0], np.logspace(-4, 1, 10)


def himalaya_search(X, y):
    from himalaya.kernel_ridge import KernelRidgeCV as Himalaya

    def search():
        for sigma in SIGMAS:
            Himalaya(alphas=ALPHAS, kernel="rbf", kernel_params={"gamma": 0.5 / sigma**2}, cv=5).fit(X, y)

    return search


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 20))
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=2000)
    ours = KernelRidgeCV(Gaussian(), alphas=ALPHAS, param_grid={"kernel__sigma": SIGMAS})
    folds = KernelRidgeCV(Gaussian(), alphas=ALPHAS, param_grid={"kernel__sigma": SIGMAS}, cv=5)
    grid = {"gamma": [0.5 / sigma**2 for sigma in SIGMAS], "alpha": ALPHAS}
    theirs = GridSearchCV(sklearn.kernel_ridge.KernelRidge(kernel="rbf"), grid, cv=5)
    try:
        search = himalaya_search(X, y)
    except ImportError:
        print("himalaya is not installed: pip install himalaya")
    else:
        compare("5 sigma x 10 alpha, against himalaya", lambda: ours.fit(X, y), search, 12, 2)
    slow = seconds(lambda: theirs.fit(X, y))
    for name, model, wanted in (("leave-one-out", ours, "  (wanted 9x)"), ("5 folds", folds, "")):
        fast = min(seconds(lambda model=model: model.fit(X, y)) for _ in range(4))
        print(f"GridSearchCV {slow:.1f} s, {name} {fast:.2f} s: {slow / fast:.1f}x{wanted}")
