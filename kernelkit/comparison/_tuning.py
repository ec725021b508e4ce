"""Choose a candidate's setting on training rows alone: one score for each setting, by the same inner folds for all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgWarning
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.preprocessing import LabelBinarizer, scale

from ..engine import available_bytes, check_memory, run, single_threaded_blas
from ..estimators import KernelRidgeClassifierCV, KernelRidgeCV, KernelSVCCV, KernelSVRCV
from ._candidates import ALPHAS, Candidate
from ._models import build, kernels, lifting
from ._splits import Split

TUNING_STEPS = 20_000
TUNED_BY = {"regression": None, "classification": "accuracy"}  # None: the mean squared error


@dataclass(frozen=True)
class TrainingRows:
    """Prepared training rows of one fold, and the inner folds all candidates are tuned by."""

    X: np.ndarray
    y: np.ndarray
    inner: list[Split]
    n_numeric: int
    task: str
    seed: int


def tune(candidate: Candidate, rows: TrainingRows) -> tuple[int, int]:
    """Return the setting (i, j) with the best mean inner score; the smoothest of equals."""
    table = np.nan_to_num(_TUNERS[candidate.family](candidate, rows), nan=-np.inf)
    if not np.isfinite(table).any():
        raise ValueError("no setting could be fitted")
    i, j = np.unravel_index(int(np.argmax(table)), table.shape)
    return int(i), int(j)


def _tune_kernel(candidate: Candidate, rows: TrainingRows) -> np.ndarray:
    # LAPACK in SciPy holds the interpreter, so that our threads would wait for each other; its own gain a third, and
    # lose several times that on a machine that does something else too.
    with single_threaded_blas():
        search = KernelRidgeClassifierCV if rows.task == "classification" else KernelRidgeCV
        scoring, choices = TUNED_BY[rows.task], kernels(candidate, rows.X, rows.n_numeric)
        model = search(choices, alphas=ALPHAS, cv=rows.inner, fit_intercept=True, scoring=scoring)
        with _quietly():
            model.fit(rows.X, rows.y)
    return model.cv_results_["mean_test_score"].reshape(len(choices), len(ALPHAS))


def _tune_machine(candidate: Candidate, rows: TrainingRows) -> np.ndarray:
    choices, Cs = kernels(candidate, rows.X, rows.n_numeric), candidate.axes[1].values
    settings: dict[str, Any] = {"Cs": Cs, "cv": rows.inner, "refit": False, "max_iter": TUNING_STEPS}
    search: Any = KernelSVCCV(choices, **settings)
    y = rows.y
    if rows.task == "regression":
        search, y = KernelSVRCV(choices, **settings), scale(rows.y)
    with _quietly():
        search.fit(rows.X, y)
    return search.cv_results_["mean_test_score"].reshape(len(Cs), len(choices)).T


@contextmanager
def _quietly() -> Iterator[None]:
    """Let a setting that does not converge, or cannot be fitted, lose by its score without a word."""
    with warnings.catch_warnings():
        for category in (ConvergenceWarning, FitFailedWarning, LinAlgWarning):
            warnings.simplefilter("ignore", category)
        yield


def _tune_lifted(candidate: Candidate, rows: TrainingRows) -> np.ndarray:
    n = len(rows.y)
    p = candidate.n_features(rows.n_numeric, rows.X.shape[1] - rows.n_numeric) or 0
    needed = 8 * (3 * n * p + 4 * min(n, p) ** 2)
    check_memory(needed, f"lifting {n:,} rows to {p:,} features", "the kernel needs no features")

    def scores(i: int) -> np.ndarray:
        return ridge_scores(lifting(candidate, rows.X, rows.n_numeric, i, rows.seed).fit_transform(rows.X), rows)

    with single_threaded_blas():
        return _for_each(scores, len(candidate.axes[0].values), needed)


def _for_each(scores: Callable[[int], np.ndarray], count: int, needed: int) -> np.ndarray:
    """Return ``scores(i)`` for each i, on threads of their own where the memory for all is there, stacked."""
    found: list[Any] = [None] * count

    def one(i: int) -> None:
        found[i] = scores(i)

    available = available_bytes()
    if available is None or count * needed < available / 2:
        run(one, range(count))
    else:
        for i in range(count):
            one(i)
    return np.array(found)


def ridge_scores(features: np.ndarray, rows: TrainingRows) -> np.ndarray:
    """Return the mean inner score of a primal ridge for each alpha, shape (a,)."""
    codes, score = _targets(rows)
    return np.mean(
        [
            [score(test, predicted) for predicted in ridge_path(features[train], codes[train], features[test], ALPHAS)]
            for train, test in rows.inner
        ],
        axis=0,
    )


def ridge_path(train: np.ndarray, Y: np.ndarray, test: np.ndarray, alphas: tuple[float, ...]) -> list[np.ndarray]:
    """Return what a ridge with an unpenalised intercept predicts, for each alpha: arrays of shape (m, t).

    One eigendecomposition of the smaller of the two Gram matrices serves all alphas.
    """
    centre, mean = train.mean(axis=0), Y.mean(axis=0)
    A, B, R = train - centre, test - centre, Y - mean
    if A.shape[1] <= A.shape[0]:
        gram, right, side = A.T @ A, A.T @ R, B
    else:
        gram, right, side = A @ A.T, R, B @ A.T
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0)[:, None]
    left, right = side @ vectors, vectors.T @ right
    return [left @ (right / (values + alpha)) + mean for alpha in alphas]


def _targets(rows: TrainingRows) -> tuple[np.ndarray, Callable[[np.ndarray, np.ndarray], float]]:
    """Return the targets as columns, and how predictions for some rows are scored."""
    if rows.task == "regression":
        y = rows.y[:, None]
        return y, lambda test, predicted: -float(np.mean((y[test] - predicted) ** 2))
    codes = LabelBinarizer(pos_label=1, neg_label=-1).fit_transform(rows.y).astype(float)
    truth = _labels(codes)
    return codes, lambda test, predicted: float(np.mean(truth[test] == _labels(predicted)))


def _labels(decision: np.ndarray) -> np.ndarray:
    return decision[:, 0] > 0 if decision.shape[1] == 1 else decision.argmax(axis=1)


def _tune_yardstick(candidate: Candidate, rows: TrainingRows) -> np.ndarray:
    """Return mean inner scores; one fit at a time: forests start threads that filter warnings for themselves."""
    shape = [len(axis.values) for axis in candidate.axes]
    found = np.empty((*shape, len(rows.inner)))
    for i, j, k in np.ndindex(*found.shape):
        train, test = rows.inner[k]
        model = build(candidate, rows.X, rows.n_numeric, (i, j), rows.task, rows.seed)
        model.set_params(**candidate.while_tuning)
        predicted = model.fit(rows.X[train], rows.y[train]).predict(rows.X[test])
        if rows.task == "classification":
            found[i, j, k] = np.mean(predicted == rows.y[test])
        else:
            found[i, j, k] = -np.mean((predicted - rows.y[test]) ** 2)
    return found.mean(axis=2)


_TUNERS = {
    "kernel": _tune_kernel,
    "machine": _tune_machine,
    "lifted": _tune_lifted,
    "approximate": _tune_lifted,
    "yardstick": _tune_yardstick,
}
