"""Fitting kernel ridge against scikit-learn's KernelRidge: time, peak memory and residual."""

import json
import sys

import numpy as np
import sklearn.kernel_ridge
from measure import compare, peak_memory, resident_bytes

from kernelkit import KernelRidge
from kernelkit.kernels import Gaussian


def data(n, d):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=n)


def models(d, alpha):
    ours = KernelRidge(Gaussian(sigma=d**0.5), alpha=alpha)
    theirs = sklearn.kernel_ridge.KernelRidge(kernel="rbf", gamma=0.5 / d, alpha=alpha)
    return {"ours": ours, "theirs": theirs}


def residual(model, X, y, alpha):
    return np.linalg.norm(model.predict(X) + alpha * model.dual_coef_ - y) / np.linalg.norm(y)


def time(n, d, alpha, at_least):
    X, y = data(n, d)
    ours, theirs = models(d, alpha).values()
    compare(f"fit, n = {n}, d = {d}, alpha = {alpha:g}", lambda: ours.fit(X, y), lambda: theirs.fit(X, y), at_least, 2)
    found = residual(ours, X, y, alpha), residual(theirs, X, y, alpha)
    print(f"    residual {found[0]:.1e} against {found[1]:.1e}")


def memory(n, d, alpha):
    used = {who: peak_memory(__file__, "--peak", who, n, d, alpha) for who in ("ours", "theirs")}
    ratio = used["ours"] / used["theirs"]
    print(f"    peak memory of the fit {ratio:.2f}x: {used['ours'] / 1e6:.0f} MB against {used['theirs'] / 1e6:.0f} MB")


def peak(who, n, d, alpha):
    X, y = data(n, d)
    models(d, alpha)[who].fit(X[:50], y[:50])
    before = resident_bytes()
    models(d, alpha)[who].fit(X, y)
    print(json.dumps(resident_bytes() - before))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        peak(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    else:
        time(10000, 20, 1e-2, 1.9)
        memory(10000, 20, 1e-2)
        time(10000, 4, 1e-4, 1.0)
