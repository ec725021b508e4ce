"""What is done to the columns before any model sees them; fitted inside the training folds."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

from ._columns import as_floats, as_objects, holds_numbers, is_frame
from ._table import Table

RARE = 0.01
ENCODER_FOLDS = 3


def as_numbers(X: Any) -> np.ndarray:
    """Return a DataFrame or array as float64; what is no finite number becomes NaN."""
    if isinstance(X, np.ndarray) and holds_numbers(X):
        numbers = X.astype(np.float64)
    else:
        numbers = np.column_stack([_numbers(values) for values in _columns(X)])
    return np.where(np.isinf(numbers), np.nan, numbers)


def _numbers(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64) if holds_numbers(values) else as_floats(as_objects(values))


def as_text(X: Any) -> np.ndarray:
    """Return a DataFrame or array of categories as an array of strings; missing ones are "missing"."""
    text = np.empty(X.shape, dtype=object)
    for j, values in enumerate(_columns(X)):
        text[:, j] = ["missing" if value is None else str(value) for value in as_objects(values)]
    return text


def _columns(X: Any) -> list[Any]:
    return [X.iloc[:, j] if is_frame(X) else X[:, j] for j in range(X.shape[1])]


def preparation(table: Table, seed: int) -> ColumnTransformer:
    """Return the unfitted transformer of a table: numeric columns first, then what the categories become.

    Numbers: the median where one is missing, then mean 0 and variance 1. Categories: one column a level, levels of less
    than 1% of the rows joined. More than 50 levels: the mean target of the level, cross-fitted, so that no row's own
    target enters its encoding.
    """
    numbers = (
        FunctionTransformer(as_numbers),
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
    )
    one_hot = OneHotEncoder(min_frequency=RARE, handle_unknown="infrequent_if_exist", sparse_output=False)
    many = "multiclass" if len(np.unique(table.y)) > 2 else "binary"
    encoder = _target_encoder("continuous" if table.task == "regression" else many, seed)
    text, columns = FunctionTransformer(as_text), table.columns
    steps = [
        ("numbers", make_pipeline(*numbers), columns.numeric),
        ("levels", make_pipeline(text, one_hot), columns.levels),
        ("many levels", make_pipeline(text, encoder, StandardScaler()), columns.many_levels),
    ]
    return ColumnTransformer([step for step in steps if step[2]], sparse_threshold=0)


def _target_encoder(kind: str, seed: int) -> TargetEncoder:
    if TargetEncoder().get_params().get("random_state", "") is None:
        return TargetEncoder(target_type=kind, cv=ENCODER_FOLDS, random_state=seed)
    # From scikit-learn 1.9 on, the splitter itself is wanted.
    return TargetEncoder(target_type=kind, cv=KFold(ENCODER_FOLDS, shuffle=True, random_state=seed))
