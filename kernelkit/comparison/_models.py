"""From a candidate and a setting to an estimator on prepared columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures

from ..estimators import KernelRidge, KernelRidgeClassifier
from ..features import explicit
from ..kernels import Columns, Kernel, Linear
from ._candidates import Candidate


def kernel_at(candidate: Candidate, X: np.ndarray, n_numeric: int, i: int) -> Kernel:
    """Return the candidate's kernel with the i-th value of its first axis: a multiple of what it is on the rows `X`."""
    if candidate.kernel is None:
        raise ValueError(f"{candidate.name} has no kernel")
    axis = candidate.axes[0]
    kernel = candidate.kernel.resolve(X[:, :n_numeric] if candidate.numeric_only else X)
    return kernel.set_params(**{axis.name: getattr(kernel, axis.name) * axis.values[i]})


def _with_categories(kernel: Kernel, n_numeric: int, width: int) -> Kernel:
    """Return the kernel that has the categories' columns linearly beside `kernel` on the numeric ones."""
    if n_numeric == width:
        return kernel
    numeric, others = list(range(n_numeric)), list(range(n_numeric, width))
    return Columns(kernel, numeric) + Columns(Linear(), others)


def kernels(candidate: Candidate, X: np.ndarray, n_numeric: int) -> list[Kernel]:
    """Return the kernels of a kernel candidate, one for each value of its first axis."""
    found = [kernel_at(candidate, X, n_numeric, i) for i in range(len(candidate.axes[0].values))]
    return [_with_categories(k, n_numeric, X.shape[1]) for k in found] if candidate.numeric_only else found


def times(X: np.ndarray, factor: float) -> np.ndarray:
    """Return the columns on another scale."""
    return X * factor


def lifting(candidate: Candidate, X: np.ndarray, n_numeric: int, i: int, seed: int = 0) -> BaseEstimator:
    """Return the unfitted map to explicit features; categories pass through an exact one as they are."""
    if n_numeric == 0 and candidate.numeric_only:
        return FunctionTransformer()
    kernel: Any = kernel_at(candidate, X, n_numeric, i)
    if candidate.approximate is not None:
        return candidate.approximate(kernel, len(X), seed)
    if candidate.interactions:
        scale = FunctionTransformer(times, kw_args={"factor": math.sqrt(kernel.gamma)})
        lift = make_pipeline(scale, PolynomialFeatures(2, interaction_only=True, include_bias=False))
    else:
        lift = explicit(kernel)
    if n_numeric == X.shape[1]:
        return lift
    return ColumnTransformer([("numbers", lift, slice(0, n_numeric))], remainder="passthrough", sparse_threshold=0)


def build(candidate: Candidate, X: np.ndarray, n_numeric: int, setting: tuple[int, int], task: str, seed: int) -> Any:
    """Return the unfitted estimator of one setting (i, j), its relative values resolved on the rows `X`."""
    i, j = setting
    second = candidate.axes[1].values[j]
    if candidate.make is not None:
        first = candidate.axes[0].values[i]
        if candidate.kernel is not None:
            first = kernel_at(candidate, X, n_numeric, i).sigma
        return candidate.make(task, first, second, seed)
    if candidate.family == "kernel":
        ridge = KernelRidgeClassifier if task == "classification" else KernelRidge
        return ridge(kernels(candidate, X, n_numeric)[i], alpha=second, fit_intercept=True)
    linear = RidgeClassifier if task == "classification" else Ridge
    ridge = linear(alpha=second, solver="cholesky")
    return Pipeline([("lifting", lifting(candidate, X, n_numeric, i, seed)), ("ridge", ridge)])
