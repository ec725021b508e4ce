"""
Random features converge, slowly and whatever the kernel
========================================================

Cosines and sines of random frequencies have inner products that are right on average. The error falls like one over
the square root of their number. Better frequencies than independent ones make it smaller, hardly steeper.
"""

# %%
# Tumours in thirty dimensions
# ----------------------------
# The errors of kernel values between 569 rows, for three ways to draw frequencies: independent, orthogonal in groups of
# 30, and from a Sobol sequence. Root mean squares over ten seeds.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, KernelRidge, Laplacian, Matern, RandomFourier

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
seeds = range(10)
counts = 2 ** np.arange(5, 13)


def error(kernel, count, sampling):
    """Root mean squared error of kernel values, over all pairs of rows and all seeds."""
    squares = [
        RandomFourier(kernel, n_components=int(count), sampling=sampling, random_state=seed)
        .fit(X)
        .error_report(X)
        .root_mean_square
        ** 2
        for seed in seeds
    ]
    return np.sqrt(np.mean(squares))


def slope(errors):
    return np.polyfit(np.log(counts), np.log(errors), 1)[0]


with threadpool_limits(1):  # threads of small problems mostly wait for each other
    by_sampling = {
        sampling: np.array([error(Gaussian("scale"), count, sampling) for count in counts])
        for sampling in ("iid", "orthogonal", "qmc")
    }
    by_kernel = {
        name: np.array([error(kernel, count, "orthogonal") for count in counts])
        for name, kernel in {
            "Gaussian": Gaussian("scale"),
            "Matern": Matern("scale", nu=1.5),
            "Laplacian": Laplacian("scale"),
        }.items()
    }
for name, errors in [*by_sampling.items(), *by_kernel.items()]:
    print(f"{name}: {errors[0]:.3f} with {counts[0]} features, {errors[-1]:.4f} with {counts[-1]}; ", end="")
    print(f"slope {slope(errors):.2f}")

# %%
# The model follows
# -----------------
# Ridge regression of the diagnosis on the features, against kernel ridge with the exact kernel: how far decision values
# differ, and how many of the left-out rows are on the right side. Every third row is left out.

codes = np.where(y == 1, 1.0, -1.0)
test = np.arange(len(X)) % 3 == 0
exact = KernelRidge(Gaussian("scale"), alpha=0.1, fit_intercept=True).fit(X[~test], codes[~test]).predict(X[test])


def approximate(count, seed):
    """Decision values on the left-out rows."""
    phi = RandomFourier(Gaussian("scale"), n_components=int(count), random_state=seed).fit(X[~test])
    return Ridge(alpha=0.1).fit(phi.transform(X[~test]), codes[~test]).predict(phi.transform(X[test]))


with threadpool_limits(1):
    decided = np.array([[approximate(count, seed) for seed in seeds] for count in counts])
apart = np.sqrt(np.mean((decided - exact) ** 2, axis=(1, 2)))
wrong = np.mean(np.sign(decided) != codes[test], axis=2)
wrong_exact = np.mean(np.sign(exact) != codes[test])
for count, share in zip(counts, wrong.mean(axis=1), strict=True):
    print(f"{share:.1%} wrong with {count} features")
print(f"{wrong_exact:.1%} wrong with the exact kernel")

# %%
# What one sees
# -------------
# Left: independent and orthogonal frequencies have the slope -1/2 of the dashed line, the latter from a lower start;
# Sobol points are a little steeper. Middle: rough kernels and smooth ones have the same slope. Right: the model
# follows, its decision values and, in the end, the share of rows that it gets wrong.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.3), layout="constrained")
for ax, found, title in ((left, by_sampling, "Gaussian kernel"), (middle, by_kernel, "orthogonal frequencies")):
    for (name, errors), style in zip(found.items(), ("o-", "s--", "^:"), strict=True):
        ax.plot(counts, errors, style, label=f"{name} (slope {slope(errors):.2f})")
    reference = min(errors[0] for errors in found.values()) / 2
    ax.plot(counts, reference * np.sqrt(counts[0] / counts), "k--", label="features^(-1/2)")
    ax.set(ylabel="error of kernel values", title=title)
right.plot(counts, apart, "o-", label="distance from exact decision values")
right.plot(counts, wrong.mean(axis=1), "s--", label="share of rows on the wrong side")
right.axhline(wrong_exact, color="black", linestyle=":", label="the same, exact kernel")
right.set(ylim=(0.01, 1), title="ridge regression on features")
for ax in (left, middle, right):
    ax.set_xscale("log", base=2)
    ax.set(xlabel="features", yscale="log")
    ax.legend(fontsize="small")
plt.show()
