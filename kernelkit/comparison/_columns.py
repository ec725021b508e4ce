"""Which columns of a table can be used, and as what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import InputError

MANY_LEVELS = 50
DATE = "a date (add what matters of it as numbers, such as month, weekday or days since; or use it as --time-column)"
FEW_WORDS = 0.1
SOME_NUMBERS = 0.05
_DATE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})([ T]\d{1,2}:\d{2}.*)?")
_IDENTIFIER = re.compile(r"(^|[_\s])(id|uuid|guid|index|rowid|key)$", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """The used columns by kind, as ColumnTransformer wants them: names of a DataFrame, positions in an array."""

    numeric: list[Any]
    levels: list[Any]
    many_levels: list[Any]

    def __len__(self) -> int:
        return len(self.all)

    @property
    def kinds(self) -> dict[str, list[Any]]:
        """The columns by what reports call their kind, without the kinds that there are none of."""
        named = {"numeric": self.numeric, "categorical": self.levels, "target-encoded": self.many_levels}
        return {kind: names for kind, names in named.items() if names}

    @property
    def all(self) -> list[Any]:
        """All of them, numeric ones first."""
        return [*self.numeric, *self.levels, *self.many_levels]


def is_frame(X: Any) -> bool:
    """Return whether `X` is a pandas DataFrame."""
    return hasattr(X, "iloc") and hasattr(X, "columns")


def column(X: Any, name: Any) -> np.ndarray:
    """Return one column of a DataFrame or array, as `plain` does; a few words among numbers count as missing."""
    return plain(X[name] if is_frame(X) else X[:, name], words=FEW_WORDS)


def plain(values: Any, words: float = 0.0) -> np.ndarray:
    """Return values as float64 (missing and infinite: NaN), dates (missing: NaT) or objects (missing: None).

    Objects become numbers if all of them can, but for a share of `words`.
    """
    if getattr(values.dtype, "kind", "") == "M":
        zone = getattr(values.dtype, "tz", None)
        return np.asarray(values.dt.tz_convert(None) if zone is not None else values).astype("datetime64[ns]")
    if holds_numbers(values):
        return _finite(np.asarray(values, dtype=np.float64))
    objects = as_objects(values)
    present = objects[~is_missing(objects)]
    if str(values.dtype) == "category" or any(isinstance(value, (bool, np.bool_)) for value in present):
        return objects
    if no_single_value(present) is not None:
        return objects
    numbers = as_floats(objects)
    lost = np.isnan(as_floats(present)).sum()
    return _finite(numbers) if len(present) == 0 or lost <= words * len(present) else objects


def holds_numbers(values: Any) -> bool:
    """Return whether an array, or a pandas column, holds NumPy's numbers and nothing else."""
    return isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf"


def as_objects(values: Any) -> np.ndarray:
    """Return values as an array of objects, missing ones as None."""
    if hasattr(values, "isna"):
        missing = values.isna().to_numpy()
        values = values.astype(object).to_numpy(copy=True)
    else:
        values = np.asarray(values).astype(object)
        missing = np.array([value is None or value != value for value in values], dtype=bool)
    values[missing] = None
    return values


def as_floats(values: np.ndarray) -> np.ndarray:
    """Return objects as float64; what is no number becomes NaN."""
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return np.array([_float(value) for value in values], dtype=np.float64)


def as_words(objects: np.ndarray) -> np.ndarray:
    """Return objects as an array of strings, whatever they are."""
    return np.array([str(value) for value in objects], dtype=str)


def no_single_value(objects: np.ndarray) -> str | None:
    """Return the kind of the first entry that holds several values, such as "list"; None where there is none."""
    held = next((value for value in objects if isinstance(value, (list, tuple, dict, set, np.ndarray))), None)
    return None if held is None else "array" if isinstance(held, np.ndarray) else type(held).__name__


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(values), np.nan, values)


def count_of(count: int, what: str) -> str:
    """Return a number of things in words, such as "1 row" or "2,000 rows"."""
    return f"{count:,} {what}" + "s" * (count != 1)


def is_missing(values: np.ndarray) -> np.ndarray:
    """Return which entries of what `plain` returned are missing."""
    if values.dtype == object:
        return np.array([value is None for value in values], dtype=bool)
    return np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)


def sort_columns(X: Any, names: list[Any], notices: list[str]) -> Columns:
    """Sort the columns by kind and leave out what cannot be used, saying so in `notices`.

    Identifiers are looked for among named columns only: whoever passes a bare array has chosen its columns.

    Raises
    ------
    InputError
        If no column is left.
    """
    kept: dict[str, list[Any]] = {"numeric": [], "levels": [], "many_levels": []}
    dropped: dict[str, list[str]] = {}
    for name in names:
        values = column(X, name)
        kind = _kind(values, name, identifiers=is_frame(X) and len(names) > 1)
        if kind == "numeric":
            _note_what_is_lost(X, name, values, notices)
        if kind in ("levels", "many_levels"):
            _note_mixture(name if is_frame(X) else f"column {name}", values, notices)
        if kind in kept:
            kept[kind].append(name)
        else:
            dropped.setdefault(kind, []).append(name if is_frame(X) else f"column {name}")
    notices += [f"left out, {reason}: {few(which, 6)}" for reason, which in dropped.items()]
    columns = Columns(**kept)
    if len(columns) == 0:
        raise InputError(
            "no column can be used: " + "; ".join(f"{reason}: {few(which, 6)}" for reason, which in dropped.items())
            if dropped
            else "there is no column besides the target"
        )
    return columns


def _note_what_is_lost(X: Any, name: Any, values: np.ndarray, notices: list[str]) -> None:
    given, missing = (X[name] if is_frame(X) else X[:, name]), is_missing(values)
    if not missing.any():
        return
    lost = as_objects(given[missing])
    lost = lost[~is_missing(lost)]
    if len(lost):
        what = f"{count_of(len(lost), 'value')} of {name if is_frame(X) else f'column {name}'}"
        notices.append(f"{what} taken as missing: not a finite number (such as {lost[0]})")


def _note_mixture(name: Any, values: np.ndarray, notices: list[str]) -> None:
    present = values[~is_missing(values)]
    words = np.isnan(as_floats(present))
    if any(isinstance(value, (bool, np.bool_)) for value in present) or words.all():
        return
    if SOME_NUMBERS < np.mean(~words) < 1:
        notices.append(
            f"{name} mixes numbers and words ({np.mean(words):.0%}, such as {present[words][0]!r}): taken as categories"
        )


def few(names: Sequence[Any], most: int) -> str:
    """Return names in a row, and how many more there are where there are too many to name.

    >>> few(["a", "b", "c", "d"], most=3)
    'a, b, c and 1 more'
    """
    shown = ", ".join(map(str, names[:most]))
    return shown + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _kind(values: np.ndarray, name: Any, identifiers: bool) -> str:
    if values.dtype.kind == "M":
        return DATE
    present = values[~is_missing(values)]
    if len(present) == 0:
        return "nothing but missing values"
    if values.dtype == object:
        held = no_single_value(present)
        if held is not None:
            return f"holds {held}s (one number or word a cell is needed)"
        if all(hasattr(value, "isoformat") for value in present):
            return DATE
        present = as_words(present)
        if all(_DATE.fullmatch(word) for word in present):
            return DATE
    distinct = np.unique(present)
    if len(distinct) == 1 and len(present) == len(values):
        return "constant"
    if identifiers and len(present) >= 20 and _is_identifier(present, distinct, str(name)):
        return "looks like an identifier"
    if values.dtype != object:
        return "numeric"
    return "levels" if len(distinct) <= MANY_LEVELS else "many_levels"


def _is_identifier(present: np.ndarray, distinct: np.ndarray, name: str) -> bool:
    if present.dtype.kind != "f":
        return len(distinct) > 0.95 * len(present)
    if len(distinct) < len(present) or (present != np.round(present)).any():
        return False
    return bool(np.ptp(present) == len(present) - 1) or bool(_IDENTIFIER.search(name))
