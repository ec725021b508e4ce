"""
Lift, or take a kernel? Cost and error over rows
================================================

A polynomial model can be fitted on its monomials or by its kernel: the same model, with the same error. The lifting
costs n p², the kernel n³. A kernel with infinitely many features cannot be lifted, but it can be approximated.
"""

# %%
# Rows of a known function
# ------------------------
# Friedman's function of five columns, among ten, with noise of standard deviation 1: data without end. Four models: all
# monomials of degree 3 by their kernel and lifted, the Gaussian kernel, and 300 landmarks of it.

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1

from kernelkit import Gaussian, KernelRidge, Polynomial

counts = [100, 200, 500, 1000, 2000, 4000]
X, y = make_friedman1(counts[-1] + 2000, n_features=10, noise=1.0, random_state=0)
X = (X - 0.5) * np.sqrt(12)
X, X_test, y, y_test = X[:-2000], X[-2000:], y[:-2000], y[-2000:]

polynomial, gaussian = Polynomial(degree=3, gamma=1 / 10), Gaussian(4.0)
models = {
    "cubic, by its kernel": KernelRidge(polynomial, alpha=1.0, solver="cholesky"),
    "cubic, lifted": KernelRidge(polynomial, alpha=1.0, solver="primal"),
    "Gaussian kernel": KernelRidge(gaussian, alpha=0.1, solver="cholesky"),
    "Gaussian, 300 landmarks": KernelRidge(gaussian, alpha=0.1, solver="nystroem", n_landmarks=300, random_state=0),
}


def measured(model, n):
    """Predictions, and the least seconds of two fits."""
    if model.solver == "nystroem":
        model.set_params(n_landmarks=min(n, 300))
    seconds = []
    for _ in range(2):
        start = perf_counter()
        model.fit(X[:n], y[:n])
        seconds.append(perf_counter() - start)
    return model.predict(X_test), min(seconds)


results = {name: [measured(model, n) for n in counts] for name, model in models.items()}
errors = {
    name: np.array([np.sqrt(np.mean((predicted - y_test) ** 2)) for predicted, _ in found])
    for name, found in results.items()
}
times = {name: np.array([seconds for _, seconds in found]) for name, found in results.items()}
for name in models:
    print(f"{name}: error {errors[name][-1]:.2f}, {times[name][-1]:.3f} s with {counts[-1]} rows")
apart = np.abs(errors["cubic, lifted"] - errors["cubic, by its kernel"]).max()
print(f"errors of the two cubic ones differ by {apart:.0e}; there are {len(models['cubic, lifted'].coef_)} monomials")
