"""
Where a support vector machine decides
======================================

The kernel's width sets how far a row reaches. Wide kernels draw smooth boundaries between classes, narrow ones islands
around single rows. Only some rows are needed to draw them, the support vectors; with a narrow kernel, most.
"""

# %%
# Two data sets, two columns each
# -------------------------------
# Tumours of the breast, by radius and texture, and wines of three growers, by flavanoids and colour. Both are
# standardised. The columns were taken because they can be drawn; all columns separate these classes better.

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.preprocessing import StandardScaler

from kernelkit import Gaussian, KernelSVC
from kernelkit.inspection import DecisionRegionDisplay

tumours, wines = load_breast_cancer(as_frame=True), load_wine(as_frame=True)
tasks = {
    "tumours": (tumours.data[["mean radius", "mean texture"]], tumours.target_names[tumours.target]),
    "wines": (wines.data[["flavanoids", "color_intensity"]], wines.target_names[wines.target]),
}
scaler = StandardScaler().set_output(transform="pandas")
tasks = {name: (scaler.fit_transform(X), y) for name, (X, y) in tasks.items()}
sigmas = [3.0, 0.7, 0.1]

# %%
# Three widths
# ------------

folds = StratifiedKFold(5, shuffle=True, random_state=0)
machines, accuracies = {}, {}
for name, (X, y) in tasks.items():
    for sigma in sigmas:
        machines[name, sigma] = KernelSVC(Gaussian(sigma), C=1.0).fit(X, y)
        accuracies[name, sigma] = cross_val_score(KernelSVC(Gaussian(sigma), C=1.0), X, y, cv=folds).mean()
        count = len(machines[name, sigma].support_)
        print(f"{name}, sigma {sigma:g}: {count} of {len(X)} rows are support vectors; ", end="")
        print(f"accuracy {machines[name, sigma].score(X, y):.3f}, in cross-validation {accuracies[name, sigma]:.3f}")

# %%
# What one sees
# -------------
# Top: two classes, shaded by the decision value; the line is where it is zero, the dashed lines are the margins.
# Bottom: three classes, decided by a vote of three machines, one for each pair. Rings mark support vectors. From left
# to right the kernel becomes narrower: the boundary follows the rows more and more closely, and at the right most rows
# support themselves. Accuracy on left-out rows, in the titles, is then the lowest, though that on the training rows is
# the highest.

figure, axes = plt.subplots(2, 3, figsize=(13, 8), layout="constrained")
for ax_row, (name, (X, y)) in zip(axes, tasks.items(), strict=True):
    for ax, sigma in zip(ax_row, sigmas, strict=True):
        machine = machines[name, sigma]
        DecisionRegionDisplay.from_estimator(machine, X, y, ax=ax)
        ax.set_title(
            f"{name}, sigma = {sigma:g}: {len(machine.support_)} support vectors,\n"
            f"{accuracies[name, sigma]:.1%} of left-out rows right"
        )
        ax.set(xlabel=f"{X.columns[0]} (standard deviations)", ylabel=f"{X.columns[1]} (standard deviations)")
plt.show()
