"""
Leave-one-out along alpha, for the price of one decomposition
=============================================================

One eigendecomposition of the kernel matrix gives the leave-one-out errors of all ridges alpha in closed form.
``KernelRidgeCV`` does no more than that for each kernel. With folds the result depends on how the rows happen to be
split; leaving one out does not.
"""

# %%
# Diabetes
# --------
# 442 patients, 10 measurements, and how far the disease has progressed a year later.

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold, LeaveOneOut, cross_val_predict
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, KernelRidge, KernelRidgeCV

X, y = load_diabetes(return_X_y=True)
X = StandardScaler().fit_transform(X)
alphas = np.logspace(-3, 2, 26)
sigmas = [2.0, 4.0, 8.0, 16.0]


def path(sigma, cv=None):
    """Root mean squared errors of left-out rows, one for each alpha."""
    search = KernelRidgeCV(Gaussian(sigma), alphas=alphas, cv=cv, fit_intercept=True).fit(X, y)
    return np.sqrt(-search.cv_results_["mean_test_score"])


# %%
# The closed form is exact
# ------------------------
# For one alpha, against 442 fits.

model = KernelRidge(Gaussian(8.0), alpha=1.0, fit_intercept=True)
with threadpool_limits(1):  # threads of small problems mostly wait for each other
    start = perf_counter()
    curves = {sigma: path(sigma) for sigma in sigmas}
    search_time = perf_counter() - start
    start = perf_counter()
    refitted = cross_val_predict(model, X, y, cv=LeaveOneOut())
    refit_time = perf_counter() - start
closed = KernelRidgeCV(Gaussian(8.0), alphas=[1.0], fit_intercept=True).fit(X, y).loo_predictions_
print(f"largest difference from {len(X)} fits: {np.abs(closed - refitted).max():.0e}, of targets up to {y.max():.0f}")
print(f"{len(alphas)} alphas x {len(sigmas)} sigmas in closed form: {search_time:.2f} s")
print(f"one of these settings by fits: {refit_time:.2f} s")

# %%
# Folds, split by chance
# ----------------------
# Ten times each: two folds, and ten.

sigma = 8.0
with threadpool_limits(1):
    folds = {
        k: np.array([path(sigma, KFold(k, shuffle=True, random_state=seed)) for seed in range(10)]) for k in (2, 10)
    }
chosen = {k: alphas[errors.argmin(axis=1)] for k, errors in folds.items()}
for sigma_, errors in curves.items():
    print(f"sigma {sigma_:g}: least error {errors.min():.1f} at alpha {alphas[errors.argmin()]:.2g}")
for k, best in chosen.items():
    print(f"{k} folds choose alpha from {best.min():.2g} to {best.max():.2g}")

# %%
# What one sees
# -------------
# Left: leave-one-out errors of four widths. A wider kernel needs a smaller ridge, and three of the four reach the same
# error. Right: errors of sigma = 8 by folds. Each thin line is one random split, its mark the alpha that it chooses.
# With two folds half of the rows are missing from each fit, so that most errors are too large; with ten the curves lie
# around that of leave-one-out. What they choose still depends on the split.

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained", sharey=True)
shades = plt.colormaps["viridis"](np.linspace(0, 0.85, len(sigmas)))
for (sigma_, errors), shade, style in zip(curves.items(), shades, ("-", "--", "-.", ":"), strict=True):
    left.semilogx(alphas, errors, style, color=shade, linewidth=2, label=f"sigma = {sigma_:g}")
    left.semilogx(alphas[errors.argmin()], errors.min(), "o", color=shade)
left.set(xlabel="alpha", ylabel="root mean squared error (units of the score)", title="leave-one-out")
for k, colour, style in ((2, "tab:orange", "--"), (10, "tab:blue", "-")):
    for i, errors in enumerate(folds[k]):
        label = f"{k} folds, ten splits" if i == 0 else None
        right.semilogx(alphas, errors, style, color=colour, linewidth=0.8, label=label)
        right.semilogx(alphas[errors.argmin()], errors.min(), "o", color=colour, markersize=4)
right.semilogx(alphas, curves[sigma], color="black", linewidth=3, label="leave-one-out")
right.set(xlabel="alpha", title=f"folds, sigma = {sigma:g}")
left.set_ylim(53, 66)
for ax in (left, right):
    ax.legend(fontsize="small")
plt.show()
