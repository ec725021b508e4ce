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
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, KernelRidge, Polynomial

counts = [100, 200, 500, 1000, 2000, 4000]
X, y = make_friedman1(counts[-1] + 2000, n_features=10, noise=1.0, random_state=0)
X = (X - 0.5) * np.sqrt(12)
X, X_test, y, y_test = X[:-2000], X[-2000:], y[:-2000], y[-2000:]

polynomial, gaussian = Polynomial(degree=3, gamma=1 / 10), Gaussian(4.0)
models = {
    "cubic, by its kernel": KernelRidge(polynomial, alpha=1.0, fit_intercept=True, solver="cholesky"),
    "cubic, lifted": KernelRidge(polynomial, alpha=1.0, fit_intercept=True, solver="primal"),
    "Gaussian kernel": KernelRidge(gaussian, alpha=0.01, fit_intercept=True, solver="cholesky"),
    "Gaussian, 300 landmarks": KernelRidge(
        gaussian, alpha=0.01, fit_intercept=True, solver="nystroem", n_landmarks=300, random_state=0
    ),
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


with threadpool_limits(1):  # to compare work, not threads
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

# %%
# What one sees
# -------------
# Left: the time of a fit. That of exact kernels grows with the square and the cube of the rows, that of the lifted
# model and of landmarks at most in proportion to them. Middle: the error; the noise, the line at 1, is the least there
# is. The two cubic models lie on each other. Right: both at once, a point for each number of rows. Who is nearest to
# the lower left corner wins: with few rows a kernel, with many the lifted model, since 286 monomials are few and the
# function is nearly a cubic one. ``kernelkit.compare`` weighs the same on your own table.

figure, axes = plt.subplots(1, 3, figsize=(14, 4.4), layout="constrained")
left, middle, right = axes
for name, style in zip(models, ("o-", "s--", "^-.", "D:"), strict=True):
    left.loglog(counts, times[name], style, label=name)
    middle.loglog(counts, errors[name], style, label=name)
    right.loglog(times[name], errors[name], style, label=name)
for ax in (middle, right):
    ax.axhline(1.0, color="black", linewidth=0.8, label="noise")
    ax.set_ylim(0.97, 2.5)
    ax.set_yticks([1, 1.5, 2], [1, 1.5, 2])
    ax.minorticks_off()
left.set(xlabel="rows", ylabel="time of a fit (s)", title="cost")
middle.set(xlabel="rows", ylabel="root mean squared error", title="error")
right.set(xlabel="time of a fit (s)", ylabel="root mean squared error", title="error against cost")
left.legend(fontsize="small")
plt.show()
