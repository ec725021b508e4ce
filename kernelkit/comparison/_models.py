"""From a candidate and a setting to an estimator on prepared columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ..estimators import KernelRidge, KernelRidgeClassifier, KernelSVC, KernelSVR
from ..kernels import Columns, Kernel, Linear
from ._candidates import Candidate

# Without it one fit with a large C on noisy data can take longer than everything else together.
SVM_STEPS = 200_000


def kernel_at(candidate: Candidate, X: np.ndarray, n_numeric: int, i: int) -> Kernel:
    """Return the candidate's kernel with the i-th value of its first axis: a multiple of what it is on the rows `X`."""
    if candidate.kernel is None:
        raise ValueError(f"{candidate.name} has no kernel")
    columns = X[:, :n_numeric] if candidate.numeric_only else X
    if isinstance(candidate.kernel, tuple):
        return candidate.kernel[i].resolve(columns)
    axis, kernel = candidate.axes[0], candidate.kernel.resolve(columns)
    path = axis.path or axis.name
    return kernel.set_params(**{path: kernel.get_params()[path] * axis.values[i]})


def _with_categories(kernel: Kernel, n_numeric: int, width: int) -> Kernel:
    """Return the kernel that has the categories' columns linearly beside `kernel` on the numeric ones."""
    if n_numeric == width:
        return kernel
    numeric, others = list(range(n_numeric)), list(range(n_numeric, width))
    return Columns(kernel, numeric) + Columns(Linear(), others)


def kernels(candidate: Candidate, X: np.ndarray, n_numeric: int) -> list[Kernel]:
    """Return the kernels of a candidate that has them, one for each value of its first axis."""
    found = [kernel_at(candidate, X, n_numeric, i) for i in range(len(candidate.axes[0].values))]
    return [_with_categories(k, n_numeric, X.shape[1]) for k in found] if candidate.numeric_only else found


def lifting(candidate: Candidate, X: np.ndarray, n_numeric: int, i: int, seed: int = 0) -> BaseEstimator:
    """Return the unfitted map to explicit features; categories pass through an exact one as they are."""
    assert candidate.lift is not None
    if n_numeric == 0 and candidate.numeric_only:
        return FunctionTransformer()
    kernel = None if candidate.kernel is None else kernel_at(candidate, X, n_numeric, i)
    lift = candidate.lift.make(kernel, candidate.axes[0].values[i], len(X), seed)
    if n_numeric == X.shape[1] or not candidate.numeric_only:
        return lift
    return ColumnTransformer([("numbers", lift, slice(0, n_numeric))], remainder="passthrough", sparse_threshold=0)


def build(candidate: Candidate, X: np.ndarray, n_numeric: int, setting: tuple[int, int], task: str, seed: int) -> Any:
    """Return the unfitted estimator of one setting (i, j), its relative values resolved on the rows `X`."""
    i, j = setting
    second = candidate.axes[1].values[j]
    if candidate.make is not None:
        return candidate.make(task, candidate.axes[0].values[i], second, seed)
    if candidate.family == "machine":
        return machine(task, kernel_at(candidate, X, n_numeric, i), second)
    if candidate.family == "kernel":
        ridge = KernelRidgeClassifier if task == "classification" else KernelRidge
        return ridge(kernels(candidate, X, n_numeric)[i], alpha=second, fit_intercept=True)
    linear = RidgeClassifier if task == "classification" else Ridge
    return Pipeline(
        [("lifting", lifting(candidate, X, n_numeric, i, seed)), ("ridge", linear(alpha=second, solver="cholesky"))]
    )


def machine(task: str, kernel: Kernel, C: float) -> BaseEstimator:
    """Return a support vector machine; the regressor's tube is 0.1 standard deviations of the target wide."""
    if task == "classification":
        return KernelSVC(kernel, C=C, max_iter=SVM_STEPS)
    return TransformedTargetRegressor(KernelSVR(kernel, C=C, max_iter=SVM_STEPS), transformer=StandardScaler())
