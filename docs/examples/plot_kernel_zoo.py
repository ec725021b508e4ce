"""
A zoo of kernels
================

A kernel says how alike two inputs are, and with it which functions are simple. Six kernels of one number are shown as
matrices, as random functions, and by what they make of the same nine points.
"""

# %%
# Six kernels
# -----------
# Sums, products and kernels of scikit-learn's Gaussian processes are kernels too.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.gaussian_process.kernels import ExpSineSquared

from kernelkit import NTK, Gaussian, KernelRidge, Linear, Matern, Polynomial, as_kernel

kernels = {
    "Polynomial(2)": Polynomial(degree=2),
    "Gaussian(0.6)": Gaussian(0.6),
    "Matern(1, nu=0.5)": Matern(1.0, nu=0.5),
    "Linear() + Gaussian(0.3)": Linear() + Gaussian(0.3),
    "periodic": as_kernel(ExpSineSquared(length_scale=1.0, periodicity=2.0)),
    "NTK(depth=3)": NTK(depth=3, bias_variance=0.1),
}
x = np.linspace(-3, 3, 241)[:, None]

# %%
# Random functions
# ----------------
# A function whose values at any points are normal with covariance k: the square root of K times independent normal
# numbers. All kernels get the same numbers.

rng = np.random.default_rng(4)
normals = rng.normal(size=(len(x), 3))


def samples(kernel):
    """Three functions at all points, of shape (points, 3)."""
    eigenvalues, vectors = np.linalg.eigh(kernel(x))
    return vectors * np.sqrt(np.maximum(eigenvalues, 0)) @ (vectors.T @ normals)


# %%
# Nine points
# -----------

X = np.linspace(-2, 1.2, 9)[:, None]
y = np.sin(np.pi * X[:, 0]) + X[:, 0] / 2
fits = {name: KernelRidge(kernel, alpha=1e-3).fit(X, y).predict(x) for name, kernel in kernels.items()}
for name, kernel in kernels.items():
    eigenvalues = np.linalg.eigvalsh(kernel(x))
    count = np.searchsorted(np.cumsum(eigenvalues[::-1]), 0.99 * eigenvalues.sum()) + 1
    print(f"{name}: {count} directions hold 99% of the trace; the fit is {fits[name][-1]:.2f} at x = 3")

# %%
# What one sees
# -------------
# Top: the matrices of points from -3 to 3, each on its own scale from dark (least) to bright. A kernel of x - y has
# equal values along diagonals, a narrow one little else; the polynomial, the sum and the network give more to points
# far from zero. Middle: parabolas, smooth and rough functions, a trend with ripples, waves that repeat, and what an
# infinitely wide network looks like. Bottom: the points are a wave on a slope. Parabolas have no wave, waves no slope;
# the other four fit. Away from the points a kernel is on its own: Gaussian and Matern return to zero, the sum goes on
# along its slope, the network along straight lines.

figure, axes = plt.subplots(3, len(kernels), figsize=(14.5, 7), layout="constrained", sharex=True)
for column, (name, kernel) in zip(axes.T, kernels.items(), strict=True):
    column[0].imshow(kernel(x), extent=(-3, 3, 3, -3), aspect="auto", cmap="viridis")
    column[0].set_title(name, fontsize="medium")
    for sample, style in zip(samples(kernel).T, ("-", "--", ":"), strict=True):
        column[1].plot(x, sample, style, color="black", linewidth=1.2)
    column[2].plot(x, fits[name], color="tab:blue", label="fit")
    column[2].plot(X, y, "ko", markersize=4, label="points")
    column[2].set(xlabel="x", ylim=(-3.5, 3.5))
for ax, label in zip(axes[:, 0], ("x'", "random functions", "fit"), strict=True):
    ax.set_ylabel(label)
axes[2, 0].legend(fontsize="small", loc="lower right")
plt.show()
