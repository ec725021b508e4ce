"""
Searching kernels in a pipeline
===============================

Kernels are values: a grid of scikit-learn goes through kernel objects as it goes through numbers, and through their
parameters by name, behind any preparation of the columns.
"""

# %%
# A table with a category
# -----------------------
# Diabetes in its original units: nine numbers, and the sex as a category.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, KernelRidge, KernelRidgeCV, Linear, Matern

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
columns = ColumnTransformer(
    [("numbers", StandardScaler(), X.columns.drop("sex")), ("category", OneHotEncoder(drop="if_binary"), ["sex"])]
)

# %%
# The grid
# --------
# Three kernels share one grid of widths and ridges. A sum has two kernels inside, of which the second has the width.

alphas, sigmas = np.logspace(-3, 1, 5), np.geomspace(2, 64, 6)
kernels = {
    "Matern": (Matern(nu=1.5), "sigma"),
    "Gaussian": (Gaussian(), "sigma"),
    "Linear + Gaussian": (0.01 * Linear() + Gaussian(), "k2__sigma"),
}
grids = [
    {"ridge__kernel": [kernel], f"ridge__kernel__{width}": sigmas, "ridge__alpha": alphas}
    for kernel, width in kernels.values()
]
model = Pipeline([("columns", columns), ("ridge", KernelRidge(fit_intercept=True))])
folds = KFold(3, shuffle=True, random_state=0)
with threadpool_limits(1):  # threads of small problems mostly wait for each other
    search = GridSearchCV(model, grids, cv=folds).fit(X, y)
    linear = GridSearchCV(model, {"ridge__kernel": [Linear()], "ridge__alpha": 10 * alphas}, cv=folds).fit(X, y)
scores = search.cv_results_["mean_test_score"].reshape(len(kernels), len(alphas), len(sigmas))
print("the best of all:", {name: value for name, value in search.best_params_.items() if name != "ridge__kernel"})
print("its kernel:", search.best_params_["ridge__kernel"])
print(f"R² {search.best_score_:.3f}; of a linear model {linear.best_score_:.3f}")

# %%
# The same without refitting
# --------------------------
# `KernelRidgeCV` finds the errors of all ridges from one decomposition of each kernel, here by leave-one-out.

candidates = [kernel for kernel, _ in kernels.values()]
quick = Pipeline(
    [
        ("columns", columns),
        (
            "ridge",
            KernelRidgeCV(
                param_grid=[
                    {"kernel": [kernel], f"kernel__{width}": list(sigmas)} for kernel, width in kernels.values()
                ],
                alphas=alphas,
                fit_intercept=True,
            ),
        ),
    ]
).fit(X, y)
print("by leave-one-out:", quick[-1].best_params_)

# %%
# What one sees
# -------------
# R² in cross-validation over width and ridge, a picture for each kernel, on one scale; the mark is its best. Wide
# kernels with little ridge and narrow ones with more do as well: a valley, not a point, in which leave-one-out ends
# elsewhere. The best of all kernels are nearly the same, and little better than a linear model: with 442 rows no kernel
# finds what is not there.

figure, axes = plt.subplots(1, len(kernels), figsize=(13, 4), layout="constrained", sharey=True)
for ax, (name, table) in zip(axes, zip(kernels, scores, strict=True), strict=True):
    image = ax.imshow(table, vmin=0.3, vmax=scores.max(), origin="lower", aspect="auto", cmap="viridis")
    i, j = np.unravel_index(table.argmax(), table.shape)
    ax.plot(j, i, "X", color="white", markeredgecolor="black", markersize=11)
    ax.set(xlabel="sigma", title=f"{name}: {table.max():.3f}")
    ax.set_xticks(range(len(sigmas)), [f"{sigma:g}" for sigma in sigmas])
    ax.set_yticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
axes[0].set_ylabel("alpha")
figure.colorbar(image, ax=axes, label="R² in cross-validation", extend="min")
figure.suptitle(f"a linear model: {linear.best_score_:.3f}")
plt.show()
