"""A user's rows and target, checked, cleaned and described."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._arrays import is_foreign, whereabouts
from ._columns import Columns, as_words, count_of, is_frame, is_missing, no_single_value, plain, sort_columns
from ._errors import InputError, unknown

CLASSES = 10
FEWEST_ROWS = 20


@dataclass
class Table:
    """The rows that are compared on: X as the user gave it, without rows that have no target."""

    X: Any
    y: np.ndarray
    columns: Columns
    name: str
    target: str
    task: str
    reason: str
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    notices: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: np.ndarray) -> Any:
        """Return some rows of X."""
        return self.X.iloc[rows] if is_frame(self.X) else self.X[rows]


def make_table(
    X: Any,
    y: Any,
    *,
    task: str = "auto",
    groups: Any = None,
    time: Any = None,
    name: str = "table",
    notices: list[str] | None = None,
) -> Table:
    """Check the user's data and return them as a `Table`.

    Parameters
    ----------
    X : DataFrame or array of shape (n, d)
        The columns; missing values may be NaN or None.
    y : array of shape (n,) or str
        The target, or the name of its column in `X`.
    task : {"auto", "regression", "classification"}
        "auto" goes by the target's values.
    groups, time : array of shape (n,) or str, optional
        Or the name of a column of `X`, which then is no feature.
    name : str
        What the table is called in reports.
    notices : list of str, optional
        What is already known to the reader's disadvantage.
    """
    notices = list(notices or ())
    X = _rows_and_columns(X)
    sides = {"target": y, "groups": groups, "time column": time}
    _check_different(sides)
    given = {what: _side(X, what, value) for what, value in sides.items() if value is not None}
    present = _rows_present(given, notices)
    _check_rows(int(present.sum()), y)
    taken = {value for value in sides.values() if isinstance(value, str)}
    names = [c for c in X.columns if c not in taken] if is_frame(X) else list(range(X.shape[1]))
    columns = sort_columns(X, names, notices)
    target = y if isinstance(y, str) else "y"
    values = given["target"][present]
    task, reason = detect_task(values, target, task)
    table = Table(X, _as_target(values, target, task), columns, name, target, task, reason, notices=notices)
    table.X = table.take(np.flatnonzero(present))
    _check_target(table)
    if groups is not None:
        notices.append(f"rows of the same group ({_named(groups)}) stay in one fold")
        table.groups = np.unique(given["groups"][present].astype(str), return_inverse=True)[1]
    if time is not None:
        notices.append(f"rows are split by time ({_named(time)}), which is no feature")
        table.time = _as_time(given["time column"][present], time)
    return table


def _named(side: Any) -> str:
    return side if isinstance(side, str) else "given apart"


def _check_different(sides: dict[str, Any]) -> None:
    named = [(what, value) for what, value in sides.items() if isinstance(value, str)]
    for what, value in named[1:]:
        if value == named[0][1]:
            raise InputError(f"{named[0][0]} and {what} are the same column, {value!r}")


def _check_rows(count: int, y: Any) -> None:
    target = repr(y) if isinstance(y, str) else "y"
    if count == 0:
        raise InputError(f"no row has a value of the target {target}")
    if count < FEWEST_ROWS:
        raise InputError(f"{count_of(count, 'row')} with a target: at least {FEWEST_ROWS} are needed")


def _rows_and_columns(X: Any) -> Any:
    if sp.issparse(X):
        raise InputError("X is sparse: pass X.toarray()")
    if is_frame(X):
        strange = next((c for c in X.columns if not isinstance(c, str)), None)
        if strange is not None:
            raise InputError(f"column names must be strings, got {strange!r}: set X.columns = X.columns.map(str)")
        repeated = X.columns[X.columns.duplicated()].tolist()
        if repeated:
            raise InputError(f"column names must differ: {repeated[0]!r} occurs more than once")
        return X
    if is_foreign(X):
        raise InputError(f"X must be a NumPy array or a table, got an array of {whereabouts(X)}: move it to the host")
    X = np.asarray(X)
    if X.ndim != 2:
        raise InputError(f"X must have two dimensions, rows and columns; got shape {X.shape}")
    return X


def _side(X: Any, what: str, value: Any) -> np.ndarray:
    if isinstance(value, str):
        if not is_frame(X):
            raise InputError(f"{what} {value!r} is a column's name, but X has no names: pass the values")
        if value not in X.columns:
            raise unknown("column", value, X.columns)
        return plain(X[value])
    values: Any = value if hasattr(value, "isna") else np.asarray(value)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values.iloc[:, 0] if is_frame(values) else values[:, 0]
    if values.ndim != 1:
        raise InputError(f"{what} must be one column; got shape {values.shape}")
    if len(values) != len(X):
        raise InputError(f"{what} has {len(values)} values and X has {len(X)} rows")
    return plain(values)


def _rows_present(given: dict[str, np.ndarray], notices: list[str]) -> np.ndarray:
    present = np.ones(len(given["target"]), dtype=bool)
    for what, values in given.items():
        missing = is_missing(values)
        if missing.any():
            notices.append(f"{count_of(int(missing.sum()), 'row')} left out: no {what}")
            present &= ~missing
    return present


def detect_task(values: np.ndarray, target: str, task: str = "auto") -> tuple[str, str]:
    """Return "regression" or "classification", and why in words that name the overriding flag."""
    if task in ("regression", "classification"):
        return task, "as asked"
    if task != "auto":
        raise unknown("task", task, ("auto", "regression", "classification"))
    if values.dtype.kind in "OM":
        return "classification", f"{target!r} holds labels (override: --task regression)"
    distinct = np.unique(values)
    if len(distinct) <= CLASSES and (distinct == np.round(distinct)).all():
        return (
            "classification",
            f"{target!r} is a whole number with {len(distinct)} values (override: --task regression)",
        )
    return "regression", f"{target!r} is a number with {len(distinct):,} values (override: --task classification)"


def _as_target(values: np.ndarray, target: str, task: str) -> np.ndarray:
    held = no_single_value(values) if values.dtype == object else None
    if held is not None:
        raise InputError(f"the target {target!r} holds {held}s: one number or label a row is needed")
    if values.dtype.kind == "M":
        raise InputError(f"the target {target!r} is a date: turn it into a number, such as days since a day")
    if task == "classification":
        whole = values.dtype == np.float64 and (values == np.round(values)).all()
        truth = all(isinstance(value, (bool, np.bool_)) for value in values)
        if values.dtype == object and all(isinstance(value, (int, np.integer)) for value in values) and not truth:
            return values.astype(np.int64)
        if values.dtype == object and not truth:
            return as_words(values)
        return values.astype(np.int64 if whole else bool if truth else str)  # scikit-learn refuses other numbers
    if values.dtype != np.float64:
        raise InputError(
            f"the target {target!r} is not numeric ({str(values[0])!r}, ...): regression needs numbers; "
            "use --task classification"
        )
    return values


def _check_target(table: Table) -> None:
    if (table.y == table.y[0]).all():
        raise InputError(f"the target {table.target!r} is constant: every value is {table.y[0]}")


def _as_time(values: np.ndarray, time: Any) -> np.ndarray:
    if values.dtype != object:
        return values.astype(np.float64)
    try:
        import pandas as pd

        return pd.to_datetime(values.astype(str), format="mixed").to_numpy().astype(np.float64)
    except (ImportError, ValueError):
        name = repr(time) if isinstance(time, str) else "time"
        raise InputError(f"the time column {name} holds neither numbers nor dates ({values[0]!r}, ...)") from None
