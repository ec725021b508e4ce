"""
Novelty: what does not look like the rows seen before
=====================================================

A one-class machine learns where the rows are, from rows of one kind only. Shown rows of another kind, it should say
that they are new.
"""

# %%
# Zeros, and other digits
# -----------------------
# The machine sees half of the zeros among scikit-learn's digits, and nothing else. `nu` is the share of these that may
# end up outside.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from kernelkit import Gaussian, KernelOneClassSVM
from kernelkit.inspection import DecisionRegionDisplay

X, y = load_digits(return_X_y=True)
zeros = np.flatnonzero(y == 0)
seen = zeros[::2]
unseen = np.setdiff1d(np.arange(len(X)), seen)
nu = 0.1
machine = KernelOneClassSVM(Gaussian(40.0), nu=nu, tol=1e-6).fit(X[seen])
values = machine.decision_function(X)
new = values < -machine.tol  # support vectors are on the line, to that tolerance
is_zero = y[unseen] == 0
print(f"{new[seen].mean():.1%} of the zeros seen are called new")
print(f"{new[unseen][is_zero].mean():.1%} of the zeros not seen, {new[unseen][~is_zero].mean():.1%} of other digits")
print(f"area under the curve, other digits against zeros: {roc_auc_score(~is_zero, -values[unseen]):.4f}")

# %%
# The same in the plane
# ---------------------
# To have something to draw: two principal components of the zeros that were seen, and a machine on these.

plane = PCA(2, random_state=0).fit(X[seen])
flat = KernelOneClassSVM(Gaussian(20.0), nu=nu, tol=1e-6).fit(plane.transform(X[seen]))

# %%
# What one sees
# -------------
# Left: a machine on two components. Inside the line it expects rows, and the few on the wrong side are outliers by its
# own count. Middle: values of the machine on all 64 pixels. Zeros it has not seen lie where those that it has seen do,
# all other digits below zero. Right: the most unusual zeros, and the other digits that it would let in first: those
# with a round hole.

figure = plt.figure(figsize=(13, 4.4), layout="constrained")
left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1, 0.8))
region = DecisionRegionDisplay.from_estimator(flat, plane.transform(X[seen]), ax=left.subplots())
region.ax_.set(xlabel="first component", ylabel="second component", title="two components of the zeros")

ax = middle.subplots()
bins = np.linspace(values.min(), values.max(), 40)
for rows, name, look in [
    (unseen[~is_zero], "other digits", {"color": "tab:orange", "alpha": 0.6}),
    (seen, "zeros seen", {"histtype": "step", "color": "black", "linestyle": "--", "linewidth": 1.5}),
    (unseen[is_zero], "zeros not seen", {"histtype": "step", "color": "tab:blue", "linewidth": 2}),
]:
    ax.hist(values[rows], bins=bins, density=True, label=name, **look)
ax.axvline(0, color="black", linewidth=0.8)
ax.set(xlabel="decision value (below 0: new)", ylabel="density", title="on 64 pixels")
ax.legend(fontsize="small", loc="upper left")

others = unseen[~is_zero]
strange, familiar = zeros[values[zeros].argsort()[:4]], others[values[others].argsort()[::-1][:4]]
axes = right.subplots(4, 2)
for column, rows, name in zip(axes.T, (strange, familiar), ("strangest zeros", "nearest others"), strict=True):
    column[0].set_title(name, fontsize="medium")
    for ax, i in zip(column, rows, strict=True):
        ax.imshow(X[i].reshape(8, 8), cmap="gray_r")
        ax.set(xticks=[], yticks=[], xlabel=f"a {y[i]}: {values[i]:.2f}")
plt.show()
