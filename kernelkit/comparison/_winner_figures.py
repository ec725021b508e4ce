"""Figures of the recommended model on the held-out rows: residuals, or which classes it takes for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._run import Comparison
from ._svg import literal, new_figure

MOST_POINTS = 800
MOST_CLASSES = 15
LONGEST_NAME = 14


def residuals(found: Comparison) -> Any:
    """Draw predicted against true values, and what is left over against predicted ones; return the figure."""
    held = found.held_out
    shown = np.unique(np.linspace(0, len(held.y) - 1, MOST_POINTS).astype(int))
    y, predicted = held.y[shown], held.predicted[shown]
    figure = new_figure(5.6)
    above, below = figure.subplots(2)
    dots = {"s": 9, "color": "#0b3c6f", "alpha": 0.6, "linewidth": 0}
    ends = [min(y.min(), predicted.min()), max(y.max(), predicted.max())]
    above.plot(ends, ends, color="black", linewidth=0.8, linestyle="--")
    above.scatter(predicted, y, **dots)
    above.set(xlabel="predicted", ylabel="true")
    below.axhline(0, color="black", linewidth=0.8, linestyle="--")
    below.scatter(predicted, y - predicted, **dots)
    below.set(xlabel="predicted", ylabel="true − predicted")
    return figure


def confusion(found: Comparison) -> Any:
    """Draw how many held-out rows of each true class were predicted as which; return the figure."""
    names, counts = confusion_counts(found.held_out.y, found.held_out.predicted)
    size = len(names)
    figure = new_figure(min(4.8, 0.34 * size + 1.8))
    ax = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.pcolormesh(shares, cmap="Greys", vmin=0, vmax=1.4, edgecolors="0.7", linewidth=0.4)
    for i, j in np.argwhere(counts > 0):
        ax.text(
            j + 0.5,
            i + 0.5,
            f"{counts[i, j]:,}",
            ha="center",
            va="center",
            color="white" if shares[i, j] > 0.7 else "black",
            fontsize=8.5 if size <= 8 else 6.5,
            fontweight="bold" if i == j else "normal",
        )
    ticks = np.arange(size) + 0.5
    ax.set(xlabel="predicted", ylabel="true", ylim=(size, 0), aspect="equal")
    ax.set_yticks(ticks, names)
    ax.set_xticks(ticks, names, rotation=0 if size <= 4 else 90)
    ax.grid(False)
    ax.tick_params(length=0)
    return figure


def confusion_counts(y: np.ndarray, predicted: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return class names and counts, true by predicted; of many classes those with most mistakes, the rest joined."""
    classes, codes = np.unique(np.concatenate([y, predicted]), return_inverse=True)
    true, taken = codes[: len(y)], codes[len(y) :]
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (true, taken), 1)
    names = [_short(str(name)) for name in classes]
    if len(classes) <= MOST_CLASSES:
        return names, counts
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    worst = np.sort(np.argsort(-mistakes, kind="stable")[: MOST_CLASSES - 1])
    place = np.full(len(classes), MOST_CLASSES - 1)
    place[worst] = np.arange(len(worst))
    joined = np.zeros((MOST_CLASSES, MOST_CLASSES), dtype=int)
    np.add.at(joined, (place[true], place[taken]), 1)
    return [*(names[k] for k in worst), f"({len(classes) - len(worst)} others)"], joined


def _short(name: str) -> str:
    half = LONGEST_NAME // 2
    name = name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"
    return literal(name)
