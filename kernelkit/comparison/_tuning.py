"""Choose a candidate's setting on training rows alone: one score for each setting, by the same inner folds for all."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import LabelBinarizer

from ..engine import check_memory, run
from ..estimators import KernelRidgeClassifierCV, KernelRidgeCV
from ._candidates import ALPHAS, Candidate
from ._models import build, kernels, lifting
from ._splits import Split

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
    table = _TUNERS[candidate.family](candidate, rows)
    i, j = np.unravel_index(int(np.argmax(table)), table.shape)
    return int(i), int(j)


def _tune_kernel(candidate: Candidate, rows: TrainingRows) -> np.ndarray:
    return _kernel_ridge_scores(kernels(candidate, rows.X, rows.n_numeric), rows.X, rows)


def _kernel_ridge_scores(choices: list[Any], X: np.ndarray, rows: TrainingRows) -> np.ndarray:
    search = KernelRidgeClassifierCV if rows.task == "classification" else KernelRidgeCV
    model = search(choices, alphas=ALPHAS, cv=rows.inner, fit_intercept=True, scoring=TUNED_BY[rows.task])
    model.fit(X, rows.y)
    return np.asarray(model.cv_results_["mean_test_score"]).reshape(len(choices), len(ALPHAS))


def _tune_lifted(candidate: Candidate, rows: TrainingRows) -> np.ndarray:
    found = []
    for i in range(len(candidate.axes[0].values)):
        lift = lifting(candidate, rows.X, rows.n_numeric, i)
        n = len(rows.X)
        features = candidate.n_features(rows.n_numeric, rows.X.shape[1] - rows.n_numeric) or 0
        check_memory(3 * 8 * n * features + 24 * min(n, features) ** 2, f"lifting {n} rows to {features} features", "")
        found.append(ridge_scores(lift.fit_transform(rows.X), rows))
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
    first, second = (range(len(axis.values)) for axis in candidate.axes)
    jobs = [(i, j, k) for i in first for j in second for k in range(len(rows.inner))]
    found = np.empty((len(first), len(second), len(rows.inner)))

    def score(job: tuple[int, int, int]) -> None:
        i, j, k = job
        train, test = rows.inner[k]
        model = build(candidate, rows.X, rows.n_numeric, (i, j), rows.task, rows.seed)
        predicted = model.fit(rows.X[train], rows.y[train]).predict(rows.X[test])
        if rows.task == "classification":
            found[job] = np.mean(predicted == rows.y[test])
        else:
            found[job] = -np.mean((predicted - rows.y[test]) ** 2)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a setting that does not converge loses by its score
        run(score, jobs)
    return found.mean(axis=2)


_TUNERS = {"kernel": _tune_kernel, "lifted": _tune_lifted, "yardstick": _tune_yardstick}
