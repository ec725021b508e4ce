"""What is done to the columns before any model sees them, fitted inside the training folds by scikit-learn's own means."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

from ._columns import as_objects, is_frame
from ._table import Table

RARE = 0.01
ENCODER_FOLDS = 3


def as_text(X: Any) -> np.ndarray:
    """Return a DataFrame or array of categories as an array of strings; missing ones are "missing"."""
    frame = is_frame(X)
    text = np.empty(X.shape, dtype=object)
    for j in range(X.shape[1]):
        values = as_objects(X.iloc[:, j] if frame else X[:, j])
        text[:, j] = ["missing" if value is None else str(value) for value in values]
    return text


def preparation(table: Table, seed: int) -> ColumnTransformer:
    """Return the unfitted transformer of a table: numeric columns first, then what the categories become.

    Numbers: the median where one is missing, then mean 0 and variance 1. Categories: one column a level, levels of less
    than 1% of the rows joined. More than 50 levels: the mean target of the level, cross-fitted, so that no row's own
    target enters its encoding.
    """
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    one_hot = OneHotEncoder(min_frequency=RARE, handle_unknown="infrequent_if_exist", sparse_output=False)
    kinds = {"regression": "continuous", "classification": "multiclass" if len(np.unique(table.y)) > 2 else "binary"}
    encoder = TargetEncoder(
        target_type=kinds[table.task], cv=ENCODER_FOLDS, shuffle=True, random_state=seed
    )
    steps = [
        ("numbers", numbers, table.columns.numeric),
        ("levels", make_pipeline(FunctionTransformer(as_text), one_hot), table.columns.levels),
        (
            "many levels",
            make_pipeline(FunctionTransformer(as_text), encoder, StandardScaler()),
            table.columns.many_levels,
        ),
    ]
    return ColumnTransformer([step for step in steps if step[2]], sparse_threshold=0)
