"""Who is trained on and who is tested on: hold-out, folds, copies kept together, forward in time."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ._columns import as_floats, as_words, column, count_of
from ._errors import InputError
from ._table import Table

Split = tuple[np.ndarray, np.ndarray]
HOLD_OUT = 5  # one part in five
LARGEST_COPY = 0.05
MANY = 0.5  # of all rows repeating others: few distinct values, if the targets of these differ
TIME_BLOCKS = 20  # of held-out rows, taken as independent of each other


class Splitter:
    """Splits rows of a table: at random by group and class, or forward in time.

    Parameters
    ----------
    table : Table
        Its groups are kept in one part each, and so are rows whose columns are all equal.
    seed : int
        The same seed gives the same splits.

    Attributes
    ----------
    copies : array of shape (n,)
        A label for each row, equal where all columns are.
    """

    def __init__(self, table: Table, seed: int):
        n = len(table)
        self.seed = seed
        self.time = table.time
        self.groups = np.arange(n) if table.groups is None else table.groups
        self.strata = np.unique(table.y, return_inverse=True)[1] if table.task == "classification" else np.zeros(n, int)
        if table.time is not None and table.groups is not None:
            raise InputError("groups and a time column cannot be combined: choose one")
        self._keep_copies_together(table)

    def _keep_copies_together(self, table: Table) -> None:
        self.copies = copies = copy_labels(table)
        counts = np.bincount(copies)
        repeated = int((counts - 1).sum())
        if repeated == 0:
            return
        said = (
            f"{repeated:,} rows repeat another row's columns" if repeated > 1 else "1 row repeats another row's columns"
        )
        if self.time is not None:
            table.notices.append(f"{said}; forward splits do not keep them together")
        elif counts.max() > LARGEST_COPY * len(table) or (repeated > MANY * len(table) and _disagree(table, copies)):
            table.notices.append(f"{said}: few distinct values rather than copies, so they are split like any others")
        else:
            table.notices.append(f"{said}; copies are kept in one fold")
            self.groups = joined(self.groups, copies)

    def split(self, rows: np.ndarray, k: int, repeat: int = 0) -> list[Split]:
        """Return `k` pairs of positions in `rows`, train and test; another repeat is another shuffle."""
        if self.time is not None:
            return forward_folds(self.time[rows], k)
        fold = assign_folds(self.strata[rows], self.groups[rows], k, (self.seed, repeat))
        return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]

    def hold_out(self, n: int) -> Split:
        """Return the rows to develop on and the rows held out: a fifth of the groups, or the last fifth in time."""
        rows = np.arange(n)
        if self.time is None:
            return self.split(rows, HOLD_OUT)[0]
        threshold = np.quantile(self.time, 1 - 1 / HOLD_OUT, method="higher")
        if threshold == self.time.min():
            raise InputError("the time column has too few distinct values to hold out its end")
        return np.flatnonzero(self.time < threshold), np.flatnonzero(self.time >= threshold)

    def clusters(self, rows: np.ndarray) -> np.ndarray:
        """Return labels of `rows` that may depend on each other: those of one group, or close in time."""
        if self.time is None:
            return self.groups[rows]
        return np.argsort(np.argsort(self.time[rows], kind="stable")) * TIME_BLOCKS // len(rows)

    def sample(self, rows: np.ndarray, size: int, fewest: int) -> np.ndarray:
        """Return about `size` of `rows`: whole groups, classes in proportion, at least `fewest` rows of each class."""
        if size >= len(rows):
            return rows
        rng = np.random.default_rng(self.seed)
        key = np.empty(len(rows))
        for stratum in np.unique(self.strata[rows]):
            inside = np.flatnonzero(self.strata[rows] == stratum)
            rank = rng.permutation(len(inside))
            key[inside] = np.where(rank < fewest, -1.0, rank / len(inside))
        group = np.unique(self.groups[rows], return_inverse=True)[1]
        first = np.full(group.max() + 1, np.inf)
        np.minimum.at(first, group, key)
        order = np.lexsort((group, first[group]))
        return np.sort(rows[order[:size]])


def assign_folds(strata: np.ndarray, groups: np.ndarray, k: int, seed: int | tuple[int, ...]) -> np.ndarray:
    """Return the fold of each row: groups whole, classes spread evenly, sizes even, at random otherwise.

    Large groups come first; each goes where its class is rarest so far, then where there are fewest rows.
    """
    rng = np.random.default_rng(seed)
    _, first, group, size = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((rng.random(len(size)), -size))
    counts = np.zeros((int(strata.max()) + 1, k))
    total = np.zeros(k)
    chosen = np.empty(len(size), dtype=int)
    ties = rng.random((len(size), k))
    for g in order:
        of_class = counts[strata[first[g]]]
        fold = int(np.argmin(of_class * (len(strata) + 1) + total + ties[g]))
        chosen[g] = fold
        of_class[fold] += size[g]
        total[fold] += size[g]
    return chosen[group]


def forward_folds(time: np.ndarray, k: int) -> list[Split]:
    """Return `k` splits that train on the past of what they test on; equal times stay on one side.

    Raises
    ------
    InputError
        If there are too few distinct times.
    """
    cuts = np.unique(np.quantile(time, np.arange(1, k + 1) / (k + 1), method="higher"))
    cuts = cuts[cuts > time.min()]
    if len(cuts) < k:
        raise InputError(f"the time column has too few distinct values for {k} forward folds")
    ends = [*cuts[1:], np.inf]
    return [
        (np.flatnonzero(time < start), np.flatnonzero((time >= start) & (time < end)))
        for start, end in zip(cuts, ends, strict=True)
    ]


def copy_labels(table: Table) -> np.ndarray:
    """Return a label for each row, the same for rows whose used columns are all equal."""
    labels = np.zeros(len(table), dtype=np.int64)
    for name in table.columns.all:
        values = column(table.X, name)
        if values.dtype == object:
            values = as_words(values)
        codes = np.unique(values, return_inverse=True)[1]
        labels = np.unique(labels * (codes.max() + 1) + codes, return_inverse=True)[1]
    return labels


def _disagree(table: Table, copies: np.ndarray) -> bool:
    """Return whether rows whose columns are equal mostly have different targets."""
    y = np.unique(table.y, return_inverse=True)[1]
    return len(np.unique(np.column_stack([copies, y]), axis=0)) > (copies.max() + 1 + len(y)) / 2


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the finest groups that keep together what either grouping keeps together."""
    a = np.unique(first, return_inverse=True)[1]
    b = np.unique(second, return_inverse=True)[1]
    nodes = a.max() + 1 + b.max() + 1
    links = coo_array((np.ones(len(a)), (a, a.max() + 1 + b)), shape=(nodes, nodes))
    return connected_components(links, directed=False)[1][a]


def check_folds(table: Table, splitter: Splitter, cv: int) -> None:
    """Raise InputError unless there are rows, groups and members of each class for all folds."""
    if isinstance(cv, bool) or not isinstance(cv, (int, np.integer)) or cv < 2:
        raise InputError(f"cv must be a whole number of at least 2, got {cv!r}")
    fewest = 5 * cv
    if len(table) < fewest:
        raise InputError(
            f"{count_of(len(table), 'row')} with a target: {cv} folds and a hold-out need at least {fewest}"
        )
    groups = len(np.unique(splitter.groups))
    if table.time is None and groups < 2 * cv:
        raise InputError(f"only {groups} groups: {cv} folds and a hold-out need at least {2 * cv}")
    if table.task == "classification":
        _check_classes(table, cv)


def fewest_of_a_class(cv: int) -> int:
    """Return how many rows of each class it takes for every training fold to have some."""
    return max(cv + 2, 8)


def _check_classes(table: Table, cv: int) -> None:
    classes, counts = np.unique(table.y, return_counts=True)
    rarest, fewest = counts.argmin(), fewest_of_a_class(cv)
    if counts[rarest] >= fewest:
        return
    if len(classes) > 20 and not np.isnan(as_floats(classes.astype(object))).any():
        advice = "is it a number to predict? then use --task regression"
    else:
        advice = "join or remove rare classes, or lower --cv"
    rows = count_of(int(counts[rarest]), "row")
    raise InputError(
        f"class {str(classes[rarest])!r} has {rows}, fewer than {cv} folds and a hold-out need ({fewest}); {advice}"
    )
