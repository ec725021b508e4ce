"""What the data themselves warn of: columns that give the target away, an order of the rows, columns said twice."""

from __future__ import annotations

import numpy as np
from scipy import stats
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from ._columns import as_floats, as_words, column, few, is_frame, is_missing
from ._splits import Splitter
from ._table import Table
from ._target import said_of_target

SUSPECT = "suspect: "
MOST_ROWS = 5000
LEAKING_R2, LEAKING_ACCURACY = 0.98, 0.99  # of one column alone
TOO_EASY = 0.95  # share of one class: there a column that predicts nothing is nearly as good
WORTH_A_TREE = 0.9  # agreement of neighbours in a column's order
LEAVES = 32
EXACT = 1e-9  # share of the variance: what is smaller is rounding
SAME = 0.9999
MOST_COMPARED = 2000  # columns: all pairs of these are looked at
FEWEST_ODD = 20  # rows that are not like most, before two columns are said to be the same
MOST_LEVELS = 50  # of columns that are compared by where they change: those with no value twice would all be equal
ALIKE = 0.5
SORTED = 0.01  # share of steps the other way in a file that is sorted by the target, or made of a few that are
MOSTLY_MISSING = 0.5
NAMED = 4  # columns in a sentence


def suspects(table: Table, splitter: Splitter) -> list[str]:
    """Return what is to be said about the data, a sentence each; those that begin with `SUSPECT` doubt the scores.

    Columns are looked at on at most 5000 rows, the same ones every time; nothing here changes what is done.
    """
    rows = np.arange(len(table))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(len(rows), MOST_ROWS, replace=False))
    columns, y = _columns(table, rows), table.y[rows]
    leaks = [*_leaks(table, columns, y), *_exact_sum(table, columns, y)]
    order = _order(table) if table.time is None and table.groups is None else []
    return [*leaks, *order, *said_of_target(table, splitter.copies), *_said_twice(columns), *_mostly_missing(columns)]


def _columns(table: Table, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the used columns as numbers, by the names that reports use; missing is NaN."""
    X = table.take(rows)
    return {
        str(name) if is_frame(X) else f"column {name}": _as_numbers(column(X, name), name in table.columns.numeric)
        for name in table.columns.all
    }


def _as_numbers(values: np.ndarray, numeric: bool) -> np.ndarray:
    if numeric:
        return as_floats(values)
    missing = is_missing(values)
    codes = np.full(len(values), np.nan)
    codes[~missing] = first_seen(as_words(values[~missing]))
    return codes


def first_seen(values: np.ndarray) -> np.ndarray:
    """Return a number for each value, by when it first occurs: two columns that differ in words only become equal.

    >>> first_seen(["b", "a", "b"]).tolist() == first_seen([1, 2, 1]).tolist()
    True
    """
    _, first, codes = np.unique(values, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]


def _leaks(table: Table, columns: dict[str, np.ndarray], y: np.ndarray) -> list[str]:
    """Name the columns that alone say nearly all about the target."""
    if len(columns) == 1:
        return []  # then this is what is asked
    told = _told_of_number if table.task == "regression" else _told_of_class
    if table.task == "classification" and np.unique(y, return_counts=True)[1].max() > TOO_EASY * len(y):
        return []
    found = [f"{name} ({how})" for name, values in columns.items() if (how := told(_filled(values), y))]
    if not found:
        return []
    return [
        f"{SUSPECT}{few(found, NAMED)} alone almost {'predicts' if len(found) == 1 else 'predict'} {table.target}: "
        f"leave out what is not known before {table.target} is"
    ]


def _filled(values: np.ndarray) -> np.ndarray:
    """Return values with all missing ones as one value below the others."""
    return np.where(np.isnan(values), np.nanmin(values) - 1, values) if np.isnan(values).any() else values


def _told_of_number(values: np.ndarray, y: np.ndarray) -> str | None:
    if np.ptp(values) == 0 or np.ptp(y) == 0:
        return None
    if 1 - abs(np.corrcoef(values, y)[0, 1]) < EXACT:
        return "the same, up to scale"
    if len(np.unique(values)) > len(np.unique(y)) / 2 and abs(stats.spearmanr(values, y)[0]) > SAME:
        return "in the same order"
    y = y[_random_among_equals(values)]
    around = (y[:-4] + y[1:-3] + y[3:-1] + y[4:]) / 4  # predicts each row from two neighbours on either side
    r2 = 1 - np.mean((y[2:-2] - around) ** 2) / np.var(y)
    return f"R² {r2:.3f}" if r2 > LEAKING_R2 else None


def _random_among_equals(values: np.ndarray) -> np.ndarray:
    """Return an order by values that says nothing about rows of equal value."""
    return np.lexsort((np.random.default_rng(0).random(len(values)), values))


def _told_of_class(values: np.ndarray, y: np.ndarray) -> str | None:
    if np.array_equal(first_seen(values), first_seen(y)):
        return "the same in other words"
    ordered = y[_random_among_equals(values)]
    if np.mean(ordered[1:] == ordered[:-1]) < WORTH_A_TREE:
        return None
    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=0)
    folds = KFold(5, shuffle=True, random_state=0)
    accuracy = np.mean(cross_val_predict(tree, values[:, None], y, cv=folds) == y)
    return f"accuracy {accuracy:.3f}" if accuracy > LEAKING_ACCURACY else None


def _exact_sum(table: Table, columns: dict[str, np.ndarray], y: np.ndarray) -> list[str]:
    """Name the numeric columns that the target is a weighted sum of, without any error."""
    names = [name for name, values in columns.items() if not np.isnan(values).any() and np.ptp(values) > 0]
    if table.task != "regression" or len(names) < 2 or 2 * len(names) > len(y):
        return []
    X = np.column_stack([stats.zscore(columns[name]) for name in names])
    weights = np.linalg.lstsq(X, y - y.mean(), rcond=None)[0]
    if np.var(y - y.mean() - X @ weights) > EXACT * np.var(y):
        return []
    needed = [name for name, weight in zip(names, weights, strict=True) if abs(weight) > 1e-3 * np.std(y)]
    if len(needed) == 1:
        return []
    sum_of = f"{table.target} is an exact sum of {few(needed, NAMED)}"
    return [f"{SUSPECT}{sum_of}: if it was computed from them, leave them out"]


def _order(table: Table) -> list[str]:
    """Doubt random folds where neighbours in the file are alike, unless the file is sorted by the target."""
    y = table.y
    if table.task == "regression":
        rank, steps = stats.rankdata(y), np.diff(y)
        if min(np.mean(steps < 0), np.mean(steps > 0)) < SORTED:
            return []
        alike = float(np.corrcoef(rank[1:], rank[:-1])[0, 1])
        what = f"targets of neighbouring rows are alike (rank correlation {alike:.2f})"
    else:
        share = np.unique(y, return_counts=True)[1] / len(y)
        changes = int(np.sum(y[1:] != y[:-1]))
        if changes < len(share):
            return []
        alike = 1 - changes / (len(y) - 1) / (1 - float(np.sum(share**2)))
        what = f"neighbouring rows are often of one class (kappa {alike:.2f})"
    if alike < max(ALIKE, 4 / np.sqrt(len(y))):
        return []
    return [
        f"{SUSPECT}{what}: if rows are in the order of time, or neighbours belong together, random folds flatter "
        "every model; name --time-column or --groups"
    ]


def _said_twice(columns: dict[str, np.ndarray]) -> list[str]:
    """Name the columns that hold the same as an earlier one, in other units or other words."""
    names = [name for name, values in columns.items() if _is_varied(values)][:MOST_COMPARED]
    if len(names) < 2:
        return []
    X = np.column_stack([np.where(np.isnan(columns[name]), np.nanmean(columns[name]), columns[name]) for name in names])
    alike = np.tril(np.abs(np.corrcoef(X, rowvar=False)) > SAME, -1)
    seen: dict[bytes, str] = {}
    pairs = []
    for j, name in enumerate(names):
        codes = first_seen(X[:, j])
        key = codes.tobytes() if codes.max() < MOST_LEVELS else name.encode()
        other = names[int(alike[j].argmax())] if alike[j].any() else seen.get(key)
        seen.setdefault(key, name)
        pairs += [f"{name} and {other}"] if other else []
    return [f"these say the same, so that one of each is enough: {few(pairs, NAMED)}"] if pairs else []


def _is_varied(values: np.ndarray) -> bool:
    """Return whether a column is more than a value with a few exceptions, and not different in every row."""
    present = values[~np.isnan(values)]
    counts = np.unique(present, return_counts=True)[1]
    return len(counts) > 1 and len(present) - counts.max() >= FEWEST_ODD


def _mostly_missing(columns: dict[str, np.ndarray]) -> list[str]:
    share = {name: float(np.isnan(values).mean()) for name, values in columns.items()}
    found = [f"{name} ({gone:.0%})" for name, gone in share.items() if gone > MOSTLY_MISSING]
    if not found:
        return []
    return [f"mostly missing: {few(found, NAMED)}; whether a value is there may say more: add that as a column"]
