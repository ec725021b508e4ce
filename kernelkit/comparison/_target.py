"""What is to be known about a target before its scores are read: rare classes, long tails, copies that disagree."""

from __future__ import annotations

import numpy as np

from ._candidates import Candidate
from ._scores import SYMBOL
from ._table import Table

MOST_PAIRED = 30
RARE, DOMINANT = 0.05, 0.8
FAIR = 0.5  # of an even share: with many classes each is rare
REACHABLE = 0.98
TAIL, CARRIED = 0.01, 0.5
FEWEST_ROWS = 100  # before a hundredth of them is looked at


def too_many_classes(candidate: Candidate, classes: int) -> str | None:
    """Return why the model cannot be fitted to so many classes, or None: a support vector machine is one a pair."""
    if candidate.name != "svm" or classes <= MOST_PAIRED:
        return None
    return f"{classes * (classes - 1) // 2:,} pairs of classes"


def said_of_target(table: Table, copies: np.ndarray) -> list[str]:
    """Return sentences about the target; `copies` has a label for each row, equal where all columns are."""
    own = _classes(table) if table.task == "classification" else _tail(table)
    return [*own, *_bound(table, copies)]


def _classes(table: Table) -> list[str]:
    classes, counts = np.unique(table.y, return_counts=True)
    share = counts / len(table)
    said = []
    if share.max() > DOMINANT:
        said.append(f"always guessing {str(classes[share.argmax()])!r} has accuracy {share.max():.3f}")
    if share.min() < min(RARE, FAIR / len(classes)):
        said.append(f"the rarest class, {str(classes[share.argmin()])!r}, has {share.min():.1%} of the rows")
    return [f"{' and '.join(said)}: judge by balanced accuracy too"] if said else []


def _tail(table: Table) -> list[str]:
    y, n = table.y, len(table)
    deviation = np.sort((y - y.mean()) ** 2)[::-1]
    carried = float(deviation[: max(int(TAIL * n), 1)].sum() / deviation.sum())
    if n < FEWEST_ROWS or carried < CARRIED:
        return []
    advice = "consider its logarithm" if y.min() > 0 and y.mean() > np.median(y) else "look at these first"
    return [f"{TAIL:.0%} of the rows carry {carried:.0%} of what R² measures of {table.target}: {advice}"]


def _bound(table: Table, copies: np.ndarray) -> list[str]:
    """Say what score cannot be passed where rows that are alike have different targets."""
    counts = np.bincount(copies)
    if table.task == "regression":
        apart = table.y - (np.bincount(copies, table.y) / np.maximum(counts, 1))[copies]
        reachable = 1 - float(np.mean(apart**2) / np.var(table.y))
        differs = np.abs(apart) > 1e-9 * np.std(table.y)
    else:
        codes = np.unique(table.y, return_inverse=True)[1]
        pair, times = np.unique(np.column_stack([copies, codes]), axis=0, return_counts=True)
        most = np.zeros(len(counts), dtype=int)
        np.maximum.at(most, pair[:, 0], times)
        reachable = float(most.sum() / len(table))
        differs = (most < counts)[copies]
    if reachable > REACHABLE:
        return []
    return [
        f"{int(differs.sum()):,} rows have the same columns as a row with another {table.target}: "
        f"on these data no model passes {SYMBOL[table.task]} {reachable:.3f}"
    ]
