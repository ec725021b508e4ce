"""
The kernel trick
================

Ridge regression on all monomials up to some degree can be solved with the monomials, or with a kernel that never forms
them. Both give the same predictions. What they cost is not the same: the number of monomials explodes with the degree
and the number of columns, the kernel remains one number for each pair of rows.
"""

# %%
# One model, two ways
# -------------------
# The polynomial kernel (x.y / d + 1)ᵖ is the inner product of weighted monomials, which ``explicit`` lists. The primal
# way solves for a coefficient of each monomial, the dual way for a coefficient of each row.

from math import comb
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from kernelkit import KernelRidge, Polynomial, explicit

X, y = load_diabetes(return_X_y=True)
X = StandardScaler().fit_transform(X)
n, d = X.shape
alpha = 1.0


def primal(kernel):
    """Predictions from the normal equations (F'F + alpha I) w = F'y of the features F."""
    F = explicit(kernel).fit_transform(X)
    return F @ np.linalg.solve(F.T @ F + alpha * np.eye(F.shape[1]), F.T @ y)


def dual(kernel):
    """Predictions from (K + alpha I) c = y."""
    return KernelRidge(kernel, alpha=alpha).fit(X, y).predict(X)


def measured(way, kernel):
    """What a way predicts, and the least seconds of three."""
    seconds = []
    with threadpool_limits(1):  # threads of small problems mostly wait for each other
        for _ in range(3):
            start = perf_counter()
            predicted = way(kernel)
            seconds.append(perf_counter() - start)
    return predicted, min(seconds)


degrees = np.arange(1, 6)
kernels = [Polynomial(int(degree), gamma=1 / d) for degree in degrees]
lifted, primal_times = zip(*(measured(primal, kernel) for kernel in kernels), strict=True)
never_lifted, dual_times = zip(*(measured(dual, kernel) for kernel in kernels), strict=True)
differences = [np.abs(p - q).max() / np.abs(q).max() for p, q in zip(lifted, never_lifted, strict=True)]
for degree, difference, primal_time, dual_time in zip(degrees, differences, primal_times, dual_times, strict=True):
    print(
        f"degree {degree}: {comb(d + degree, degree):5d} features, predictions differ by {difference:.0e}; "
        f"{primal_time:.4f} s lifted, {dual_time:.4f} s by the kernel"
    )

# %%
# What one sees
# -------------
# Left: the number of monomials, (d + p)! / (d! p!), for some numbers d of columns; above the dashed line there are more
# of them than rows, and the dual way has the smaller system to solve. Middle: the time to fit and predict. Lifting is
# cheaper for few features; its time then grows with the square and the cube of their number, the kernel's hardly.
# Right: the predictions of the two ways differ by rounding only.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for columns, marker in zip((2, 5, d, 20, 50), "osD^v", strict=True):
    left.semilogy(degrees, [comb(columns + p, p) for p in degrees], f"{marker}-", label=f"{columns} columns")
left.axhline(n, color="black", linestyle="--", label=f"{n} rows")
left.set(title="number of monomials")
middle.semilogy(degrees, primal_times, "o-", label="monomials")
middle.semilogy(degrees, dual_times, "s-", label="kernel")
middle.set(title=f"seconds, {n} rows, {d} columns")
right.semilogy(degrees, differences, "o", label="largest difference of predictions\nover the largest prediction")
right.axhline(np.finfo(float).eps, color="black", linestyle="--", label="unit of rounding")
right.set(title="two ways, one model", ylim=(1e-17, 1))
for ax in (left, middle, right):
    ax.set(xlabel="degree", xticks=degrees)
    ax.legend()
plt.show()
