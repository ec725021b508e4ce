"""
Kernels of Gaussian processes, both ways
========================================

scikit-learn's Gaussian processes take kernels of kernelkit, and tune them by marginal likelihood with their gradients.
Estimators of kernelkit take kernels of scikit-learn. The mean of a Gaussian process is a kernel ridge regression, so
that one can be tuned and the other used.
"""

# %%
# A trend with seasons
# --------------------
# Twelve years of monthly values: a slow rise, a season that is no sine, and noise. The last four years are for the
# test.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ExpSineSquared, WhiteKernel

from kernelkit import Constant, Gaussian, KernelRidge, as_kernel

rng = np.random.default_rng(0)
years = np.arange(144)[:, None] / 12
season = np.exp(np.cos(2 * np.pi * years[:, 0] - 1))
y = 0.03 * years[:, 0] ** 2 + season + 0.2 * rng.normal(size=len(years))
past = years[:, 0] < 8
X, target, mean = years[past], y[past], y[past].mean()
noise = WhiteKernel(0.1)

# %%
# Our kernels in a process of scikit-learn
# ----------------------------------------
# `sigma_bounds` say between what the width may be tuned. The bounds keep it above a year: it can learn the trend, and
# takes seasons for noise.

smooth = Constant(1.0) * Gaussian(3.0, sigma_bounds=(1.0, 100.0))
process = GaussianProcessRegressor(smooth + noise, n_restarts_optimizer=2, random_state=0).fit(X, target - mean)
print("tuned:", process.kernel_)

# %%
# A kernel of scikit-learn among ours
# -----------------------------------
# What is needed is a kernel that repeats every year. scikit-learn has one; sums and products mix both.

seasons = smooth + Constant(1.0) * as_kernel(ExpSineSquared(1.0, periodicity=1.0, periodicity_bounds="fixed"))
seasonal = GaussianProcessRegressor(seasons + noise, n_restarts_optimizer=2, random_state=0).fit(X, target - mean)
print("tuned:", seasonal.kernel_)

# %%
# And back
# --------
# The tuned kernel, without its noise, goes into kernel ridge; the noise is `alpha`.

tuned, alpha = seasonal.kernel_.k1, seasonal.kernel_.k2.kernel.noise_level
ridge = KernelRidge(tuned, alpha=alpha).fit(X, target - mean)
difference = np.abs(ridge.predict(years) - seasonal.predict(years)).max()
print(f"ridge and process differ by {difference:.0e}")

# %%
# What one sees
# -------------
# Left: a smooth kernel alone. It finds the trend, and its band, two standard deviations with noise, contains the
# seasons; where there are no more points it returns to the mean. Middle: with the periodic kernel seasons go on into
# years that were not seen. Right: the two parts of that model, by kernel ridge. The prediction is a sum over the rows
# of kernel values, so that each part of the kernel has its own part of the prediction.

figure, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained", sharey=True)
for ax, model, title in ((axes[0], process, "Gaussian"), (axes[1], seasonal, "Gaussian + periodic")):
    predicted, std = model.predict(years, return_std=True)
    error = np.sqrt(np.mean((predicted[~past] + mean - y[~past]) ** 2))
    print(f"{title}: root mean squared error {error:.2f} in the last four years")
    low, high = mean + predicted - 2 * std, mean + predicted + 2 * std
    ax.fill_between(years[:, 0], low, high, color="lightgrey", label="± 2 std")
    ax.plot(years, mean + predicted, color="tab:blue", label="mean")
    ax.set_title(f"{title}: error {error:.2f}")
parts = {"trend": tuned.k1, "seasons": tuned.k2}
for (name, kernel), style in zip(parts.items(), ("-", "--"), strict=True):
    axes[2].plot(years, kernel(years, X) @ ridge.dual_coef_, style, label=name)
axes[2].set_title("two parts of one kernel")
for ax in axes[:2]:
    ax.plot(years[past], y[past], "k.", markersize=4, label="seen")
    ax.plot(years[~past], y[~past], "x", color="black", markersize=4, label="not seen")
for ax in axes:
    ax.axvline(8, color="black", linewidth=0.8, linestyle=":")
    ax.set_xlabel("years")
    ax.legend(fontsize="small", loc="upper left", ncols=2)
axes[0].set_ylabel("value")
plt.show()
