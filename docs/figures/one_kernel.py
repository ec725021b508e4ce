"""Draw the pictures of the front page: one kernel in three estimators. Needs matplotlib (``pip install ".[plot]"``)."""

from pathlib import Path

import numpy as np
from sklearn.datasets import make_circles, make_moons

from kernelkit import Gaussian, KernelPCA, KernelRidge, KernelSVC
from kernelkit.inspection import DecisionRegionDisplay

BLUE, ORANGE = "C0", "C1"


def ridge(ax, kernel):
    """Draw a curve through noise, with an interval."""
    rng = np.random.default_rng(3)
    X = np.sort(rng.uniform(0, 6, 40))[:, None]
    y = np.sin(2 * X[:, 0]) * np.exp(-X[:, 0] / 4) + 0.15 * rng.normal(size=40)
    grid = np.linspace(-0.2, 6.2, 200)[:, None]
    model = KernelRidge(kernel, alpha=0.1, uncertainty=True).fit(X, y)
    middle, (low, high) = model.predict(grid), model.predict_interval(grid, coverage=0.9)
    ax.fill_between(grid[:, 0], low, high, color=BLUE, alpha=0.15, lw=0)
    ax.plot(grid[:, 0], middle, color=BLUE, lw=2.5)
    ax.plot(X[:, 0], y, "o", color="0.25", ms=5)


def machine(ax, kernel):
    """Draw the regions of two classes."""
    X, y = make_moons(120, noise=0.18, random_state=0)
    DecisionRegionDisplay.from_estimator(KernelSVC(kernel, C=10).fit(X, y), X, y, ax=ax)
    legend = ax.get_legend()
    if legend:
        legend.remove()


def components(ax, kernel):
    """Draw two circles, which the first components part."""
    X, y = make_circles(240, factor=0.3, noise=0.06, random_state=0)
    scores = KernelPCA(kernel, n_components=2).fit_transform(X)
    for value, colour in enumerate([BLUE, ORANGE]):
        ax.plot(*scores[y == value].T, "o", color=colour, ms=4.5, alpha=0.8, mec="none")


if __name__ == "__main__":
    from matplotlib.figure import Figure

    for draw in (ridge, machine, components):
        figure = Figure(figsize=(4.4, 3.3), layout="constrained", dpi=150)
        ax = figure.subplots()
        draw(ax, Gaussian(sigma=0.5))
        ax.set(xticks=[], yticks=[], xlabel="", ylabel="", title="")
        figure.savefig(Path(__file__).parent / f"one_kernel_{draw.__name__}.png")
