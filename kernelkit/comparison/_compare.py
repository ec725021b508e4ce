"""The main job as one call."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

from ._budget import Budget
from ._candidates import choose
from ._errors import InputError
from ._own_kernels import own_candidates
from ._progress import progress as show_progress
from ._result import ComparisonResult
from ._run import run
from ._table import make_table

MAX_ROWS = 4000
BUDGET = 300.0


def compare(
    X: Any,
    y: Any,
    *,
    task: str = "auto",
    candidates: str | Iterable[str] | None = None,
    kernels: dict[str, Any] | None = None,
    cv: int = 5,
    seed: int = 0,
    groups: Any = None,
    time: Any = None,
    budget: float = BUDGET,
    max_rows: int = MAX_ROWS,
    progress: bool = False,
    name: str = "table",
    notices: Iterable[str] = (),
) -> ComparisonResult:
    """Compare kernels with explicit lifting, and both with a linear model, on a table.

    Every candidate gets the same rows, folds and preparation of the columns, and is tuned inside the training folds
    only; all but your own kernels have the same number of settings. A fifth of the rows is held out before
    anything, and scored once.

    Parameters
    ----------
    X : DataFrame or array of shape (n, d)
        Numbers and categories; missing values are allowed.
    y : array of shape (n,) or str
        The target, or the name of its column in `X`.
    task : {"auto", "regression", "classification"}
        "auto" goes by the target's values; the report says why.
    candidates : iterable of str or str, optional
        Names, in a string separated by commas; all by default. The linear model is always among them.
    kernels : dict from str to kernel or list of kernels, optional
        Kernels of your own by name, compared as kernel ridges on the prepared columns (numbers with mean 0 and variance
        1, then the columns of the categories); of a list the best is chosen inside the training folds, as alpha is.
    cv : int
        Number of folds, at least 2.
    seed : int
        All splits and random models follow from it.
    groups : array of shape (n,) or str, optional
        Rows of one group stay in one fold.
    time : array of shape (n,) or str, optional
        Train on the past of what is tested on.
    budget : float
        Seconds for everything; rows and candidates are cut to keep it, and the report says so.
    max_rows : int
        Most rows, besides the held-out ones, that all candidates are compared on.
    progress : bool
        Show progress, where stderr is a terminal and rich is installed.
    name : str
        What the report calls the table.
    notices : iterable of str
        Remarks on the data to repeat in the report.

    Returns
    -------
    result : ComparisonResult
        Printed, it is the report.

    Raises
    ------
    InputError
        A ValueError that says in one line why these data cannot be compared on.

    References
    ----------
    C. Nadeau and Y. Bengio (2003), Inference for the generalization error, Machine Learning 52, section 4.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> result = compare(*load_iris(return_X_y=True), candidates="linear,poly2-lifted,poly2-kernel")
    >>> result.recommended
    'poly2-lifted'
    """
    clock = Budget(_positive("budget", budget))
    max_rows, seed = _whole("max_rows", max_rows, 20), _whole("seed", seed, 0)
    notices = list(notices)
    chosen = choose(candidates, notices) + own_candidates(kernels)
    table = make_table(X, y, task=task, groups=groups, time=time, name=name, notices=notices)
    with show_progress(progress) as report:
        return ComparisonResult(run(table, chosen, cv, seed, max_rows, clock, report))


def _positive(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < float(value) < math.inf:
        raise InputError(f"{what} must be a number above 0, got {value!r}")
    return float(value)


def _whole(what: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise InputError(f"{what} must be a whole number of at least {least}, got {value!r}")
    return int(value)
