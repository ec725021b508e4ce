"""The kernel trick against explicit lifting, random Fourier features and Nystroem: over n, d and the degree.

For each setting: seconds of fit and predict, peak memory, number of features, and error on new rows, of

    kernel      KernelRidge with a polynomial (and a Gaussian) kernel
    lifted      Ridge on the exact feature map of the polynomial
    fourier     Ridge on random Fourier features of the Gaussian
    nystroem    Ridge on Nystroem features of the polynomial

Prints a table, in which the cheapest fit of those with the smallest error is marked; with a path, such as lifting.png,
also draws costs and errors there (needs matplotlib).
"""

import sys
import time
import tracemalloc
from math import comb

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from kernelkit import Gaussian, KernelRidge, Nystroem, Polynomial, RandomFourier, explicit

ALPHA, FEATURES, NEW = 1e-2, 500, 1000
MOST_FEATURES, MOST_ROWS = 12_000, 12_000  # beyond which lifting, and the kernel matrix, are left out
WITHIN = 1.05  # errors that are as good as the best
SWEEPS = {
    "rows n (d = 10, degree 2)": [(n, 10, 2) for n in (300, 1000, 3000, 10_000, 30_000, 100_000)],
    "columns d (n = 3000, degree 2)": [(3000, d, 2) for d in (5, 10, 20, 50, 100)],
    "degree (n = 3000, d = 10)": [(3000, 10, degree) for degree in (1, 2, 3, 4, 5)],
}


def data(n, d, degree):
    """A polynomial of the given degree of a few columns, and noise; new rows without it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n + NEW, d)) / d**0.5
    directions = rng.normal(size=(d, 3))
    f = ((1 + X @ directions / 3) ** degree).sum(axis=1)
    return X[:n], f[:n] + 0.1 * f.std() * rng.normal(size=n), X[n:], f[n:]


def models(n, d, degree):
    """Models by name, with their numbers of features; None where there is none."""
    polynomial, features = Polynomial(degree=degree), comb(d + degree, degree)
    ridge = Ridge(ALPHA, fit_intercept=False, solver="cholesky")
    found = {}
    if n <= MOST_ROWS:
        found["kernel"] = KernelRidge(polynomial, alpha=ALPHA), None
        found["kernel, Gaussian"] = KernelRidge(Gaussian(1.0), alpha=ALPHA), None
    if features <= MOST_FEATURES:
        found["lifted"] = make_pipeline(explicit(polynomial), ridge), features
    waves = RandomFourier(Gaussian(1.0), n_components=FEATURES, random_state=0)
    found["fourier"] = make_pipeline(waves, ridge), FEATURES
    p = min(FEATURES, n)
    found["nystroem"] = make_pipeline(Nystroem(polynomial, n_components=p, random_state=0), ridge), p
    return found


def measure(model, X, y, new, truth):
    """Return seconds of fit and predict, the best of a few; peak bytes; and the relative error on new rows."""
    fits, predicts = [], []
    while not fits or (len(fits) < 3 and sum(fits) < 2):
        start = time.perf_counter()
        model.fit(X, y)
        fits.append(time.perf_counter() - start)
        start = time.perf_counter()
        predicted = model.predict(new)
        predicts.append(time.perf_counter() - start)
    tracemalloc.start()
    model.fit(X, y).predict(new)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(fits), min(predicts), peak, np.sqrt(np.mean((predicted - truth) ** 2) / np.var(truth))


def sweep(title, settings):
    """Print a table and return {name: [(position, seconds of the fit, error), ...]}."""
    heads = f"{'n':>7} {'d':>4} {'degree':>6}  {'model':<17} {'features':>8}"
    print(f"\n{title}\n{heads} {'fit':>9} {'predict':>9} {'peak':>8} error")
    curves = {}
    for n, d, degree in settings:
        rows = data(n, d, degree)
        found = {name: (features, *measure(model, *rows)) for name, (model, features) in models(n, d, degree).items()}
        best = min(error for *_, error in found.values())
        winner = min((name for name in found if found[name][-1] <= WITHIN * best), key=lambda name: found[name][1])
        for name, (features, fit, predict, peak, error) in found.items():
            count = "-" if features is None else f"{features:,}"
            where = f"{n:>7} {d:>4} {degree:>6}  {name:<17} {count:>8}"
            costs = f"{fit:>7.3f} s {1e6 * predict / NEW:>6.1f} us {peak / 1e6:>5.0f} MB {error:.3f}"
            print(where, costs, "<- cheapest of the best" if name == winner else "", flush=True)
            position = {"r": n, "c": d}.get(title[0], degree)
            curves.setdefault(name, []).append((position, fit, error))
    return curves


def draw(path, found):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(found), figsize=(13, 7), layout="constrained", sharex="col", sharey="row")
    for (top, bottom), (title, curves) in zip(axes.T, found.items(), strict=True):
        for name, points in curves.items():
            positions, seconds, errors = zip(*points, strict=True)
            top.plot(positions, seconds, marker="o", markersize=4, label=name)
            bottom.plot(positions, errors, marker="o", markersize=4)
        scale = "linear" if title.startswith("degree") else "log"
        top.set(yscale="log", xscale=scale, title=title)
        bottom.set(yscale="log", xscale=scale, xlabel=title.split(" (")[0])
        if scale == "linear":
            bottom.set_xticks(positions)
    axes[0, 0].set_ylabel("seconds of the fit")
    axes[1, 0].set_ylabel("error on new rows (of the standard deviation)")
    axes[0, 0].legend(fontsize="small")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    found = {title: sweep(title, settings) for title, settings in SWEEPS.items()}
    for path in sys.argv[1:2]:
        draw(path, found)
