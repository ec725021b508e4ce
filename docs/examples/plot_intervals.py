"""
How sure is a regression?
=========================

Two answers to two questions. Where does the model know little? The standard deviation of f, as in a Gaussian process.
Between which bounds will a new target be? An interval from leave-one-out errors, which assumes nothing of the noise.
"""

# %%
# A gap in the data
# -----------------
# Sixty points of a curve with noise, and none between 2 and 4. ``uncertainty=True`` keeps what both answers need.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, KernelRidge

rng = np.random.default_rng(0)
x = np.concatenate([rng.uniform(0, 2, 40), rng.uniform(4, 6, 20)])[:, None]
noise = 0.2
y = np.sin(2 * x[:, 0]) + noise * rng.normal(size=len(x))
grid = np.linspace(-0.5, 6.5, 300)[:, None]

curve = KernelRidge(Gaussian(0.7), alpha=0.05, uncertainty=True).fit(x, y)
mean, std = curve.predict(grid, return_std=True)
lower, upper = curve.predict_interval(grid, coverage=0.9)
print(f"noise of the process, s sqrt(alpha): {np.sqrt(0.05 * curve.amplitude_):.2f}; it was {noise}")

# %%
# Are the intervals honest?
# -------------------------
# Diabetes, in a hundred random halves: how many of the unseen patients lie within intervals that ask for 90%, how many
# within 1.64 standard deviations of the process, noise included.

X, target = load_diabetes(return_X_y=True)
alpha, coverage = 1.0, 0.9


def halves(seed):
    """Both halves, scaled by the first."""
    train, test, t, t_new = train_test_split(X, target, test_size=0.5, random_state=seed)
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test), t, t_new


def covered(seed):
    """Shares of unseen targets within both kinds of intervals."""
    train, test, t, t_new = halves(seed)
    model = KernelRidge(Gaussian(8.0), alpha=alpha, fit_intercept=True, uncertainty=True).fit(train, t)
    low, high = model.predict_interval(test, coverage=coverage)
    centre, deviation = model.predict(test, return_std=True)
    width = 1.645 * np.sqrt(deviation**2 + alpha * model.amplitude_)
    return np.mean((low <= t_new) & (t_new <= high)), np.mean(np.abs(t_new - centre) <= width)


with threadpool_limits(1):  # threads of small problems mostly wait for each other
    shares = np.array([covered(seed) for seed in range(100)])
names = ("jackknife+", "Gaussian process")
for name, share in zip(names, shares.T, strict=True):
    print(f"{name}: {share.mean():.1%} of unseen targets, from {share.min():.1%} to {share.max():.1%}")

train, test, t, t_new = halves(0)
model = KernelRidge(Gaussian(8.0), alpha=alpha, fit_intercept=True, uncertainty=True).fit(train, t)
low, high = model.predict_interval(test, coverage=coverage)
order = np.argsort(model.predict(test))
inside = (low <= t_new) & (t_new <= high)

# %%
# What one sees
# -------------
# Left: the blue band, two standard deviations of f, is narrow where there are points and wide where there are none.
# Intervals for targets, grey, have the width of the noise wherever there are points. They promise their coverage for
# inputs like those seen: in the gap, where there are none, they are narrower than what is not known.
# Middle: patients of an unseen half, in the order of the prediction, with their intervals. Right: the shares covered in
# a hundred halves. On average what is asked for is met; a single half varies, for it has 221 targets.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.4), layout="constrained", width_ratios=(1.3, 1.3, 1))
left.fill_between(grid[:, 0], lower, upper, color="lightgrey", label="90% interval for a target")
left.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, color="tab:blue", alpha=0.5, label="f ± 2 std")
left.plot(grid, np.sin(2 * grid), "k--", linewidth=1, label="without noise")
left.plot(x, y, "k.", label="points")
left.set(xlabel="x", ylabel="y", ylim=(-3, 3.8), title="a gap")
left.legend(fontsize="small", loc="upper center", ncols=2)

position = np.arange(len(order))
middle.vlines(position, low[order], high[order], color="lightgrey", linewidth=1.5, label="90% interval")
for mask, marker, colour, name in ((inside, ".", "black", "inside"), (~inside, "x", "tab:red", "outside")):
    shown = mask[order]
    middle.plot(position[shown], t_new[order][shown], marker, color=colour, label=name)
middle.set(xlabel="unseen patients, by prediction", ylabel="disease progression (score)", title="one half of diabetes")
middle.legend(fontsize="small", loc="upper left")

right.boxplot(shares, tick_labels=names, widths=0.5)
right.axhline(coverage, color="black", linestyle=":", label="asked for")
right.set(ylabel="share of unseen targets inside", title="a hundred halves")
right.legend(fontsize="small")
plt.show()
