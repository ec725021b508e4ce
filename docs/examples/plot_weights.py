"""
Rows that count more, rows that count less
==========================================

Not all rows are worth the same. Noisy ones should weigh less in a regression; rare ones may have to weigh more in a
classification. Weights multiply the squared error, or the penalty C, of each row.
"""

# %%
# Two instruments
# ---------------
# A curve is measured fifteen times by a good instrument, and a hundred and fifty times by one that errs ten times as
# much. With weights of one over the variance each is believed as it deserves; alpha is then in units of such weights.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, KernelRidge, KernelSVC
from kernelkit.inspection import DecisionRegionDisplay

rng = np.random.default_rng(0)
grid = np.linspace(0, 6, 300)[:, None]


def truth(x):
    return np.sin(x[:, 0]) + np.sin(3 * x[:, 0]) / 2


def measured():
    """Points, values and the standard deviations of their errors."""
    sd = np.repeat([0.1, 1.0], [15, 150])
    x = rng.uniform(0, 6, len(sd))[:, None]
    return x, truth(x) + sd * rng.normal(size=len(sd)), sd


kernel = Gaussian(0.6)


def fits(x, y, sd):
    """Curves on the grid: all rows alike, weighted, and the good instrument alone."""
    good = sd == sd.min()
    return {
        "all alike": KernelRidge(kernel, alpha=np.mean(sd**2)).fit(x, y).predict(grid),
        "good ones alone": KernelRidge(kernel, alpha=0.1**2).fit(x[good], y[good]).predict(grid),
        "weighted": KernelRidge(kernel, alpha=1.0).fit(x, y, sample_weight=1 / sd**2).predict(grid),
    }


def error(curve):
    return np.sqrt(np.mean((curve - truth(grid)) ** 2))


with threadpool_limits(1):  # threads of small problems mostly wait for each other
    repeated = [fits(*measured()) for _ in range(50)]
errors = {name: np.mean([error(curves[name]) for curves in repeated]) for name in repeated[0]}
for name, value in errors.items():
    print(f"{name}: error {value:.3f}, mean of 50 experiments")

# %%
# One tumour in twenty
# --------------------
# Of scikit-learn's breast tumours all benign ones but few malignant ones are kept for training. A machine that minds
# all errors alike neglects the rare class; ``class_weight="balanced"`` makes an error there dearer by as much as it is
# rarer.

data = load_breast_cancer(as_frame=True)
X, y = data.data[["mean radius", "mean texture"]], data.target_names[data.target]
X = StandardScaler().set_output(transform="pandas").fit_transform(X)
train, test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
malignant = np.flatnonzero(y_train == "malignant")
kept = np.sort(np.concatenate([np.flatnonzero(y_train == "benign"), malignant[::12]]))
train, y_train = train.iloc[kept], y_train[kept]
machines = {
    "all alike": KernelSVC(Gaussian(1.5), C=1.0).fit(train, y_train),
    "balanced": KernelSVC(Gaussian(1.5), C=1.0, class_weight="balanced").fit(train, y_train),
}
print(f"{np.mean(y_train == 'malignant'):.1%} of {len(train)} training rows are malignant")
found = {}
for name, machine in machines.items():
    found[name] = recall_score(y_test, machine.predict(test), labels=["malignant", "benign"], average=None)
    print(f"{name}: finds {found[name][0]:.1%} of the malignant, {found[name][1]:.1%} of the benign in the test half")

# %%
# What one sees
# -------------
# Left: one experiment. Believed alike, the many noisy points hide what the few good ones say; weighted, both are of
# use, and the error, a mean over 50 experiments, is smaller than with the good ones alone. Middle and right: training
# rows and decisions. The balanced machine moves the boundary towards the common class: it finds more of the rare one,
# and pays with false alarms.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.4), layout="constrained")
x, values, sd = measured()
good = sd == sd.min()
left.plot(x[~good], values[~good], ".", color="lightgrey", label="noisy instrument")
left.plot(x[good], values[good], "ko", markersize=5, label="good instrument")
left.plot(grid, truth(grid), color="black", linewidth=1, label="truth")
for (name, curve), style in zip(fits(x, values, sd).items(), (":", "--", "-"), strict=True):
    left.plot(grid, curve, style, linewidth=2, label=f"{name}: error {errors[name]:.2f}")
left.set(xlabel="x", ylabel="y", ylim=(-3, 5), title="two instruments")
left.legend(fontsize="small", loc="upper right", ncols=2)
for ax, (name, machine) in zip((middle, right), machines.items(), strict=True):
    DecisionRegionDisplay.from_estimator(machine, train, y_train, ax=ax)
    rare, common = found[name]
    ax.set_title(f"{name}: {rare:.0%} of malignant, {common:.0%} of benign")
    ax.set(xlabel="mean radius (standard deviations)", ylabel="mean texture (standard deviations)")
plt.show()
