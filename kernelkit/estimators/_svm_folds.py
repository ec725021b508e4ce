"""One kernel matrix at a time, on which support vector machines are fitted to all folds at once."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import joblib
import numpy as np
from sklearn import config_context, get_config

from .._arrays import n_rows, take_rows
from .._validation import check_varies
from ..engine import MatrixOperator, check_memory, run, single_threaded_blas
from ..kernels import kernel_operator
from ..solvers import DualSolution, cache_bytes, check_finite, libsvm_part, smo, smo_matrix
from ._cv_results import FoldResults
from ._scoring import ModelScoring
from ._svm import check_semidefinite

FEWER = "search on fewer rows, with n_jobs=1, or map them with Nystroem and search a linear SVM"
FAILED = (ValueError, ArithmeticError)  # of data that a machine cannot be fitted to; others are mistakes


@dataclass(frozen=True)
class Problem:
    """Rows, or a kernel matrix that was given, with labels or targets, and weights; all checked."""

    X: Any
    y: np.ndarray
    w: np.ndarray | None
    precomputed: bool

    @property
    def rows(self) -> np.ndarray:
        """Positions of the rows of positive weight."""
        return np.arange(n_rows(self.X)) if self.w is None else np.flatnonzero(self.w)


@dataclass(frozen=True)
class Fold:
    """A split of n rows.

    Attributes
    ----------
    number : int
        Its position among the splits.
    weights : array of shape (n,)
        Those of the rows to train on, zero for all others.
    test : array or slice
        The rows to score.
    fault : str or None
        Why nothing can be learned from it.
    """

    number: int
    weights: np.ndarray
    test: Any
    fault: str | None

    @classmethod
    def of(cls, number: int, split: tuple[np.ndarray, np.ndarray], problem: Problem) -> Fold:
        """Return the fold of a split; a row that comes twice to train on counts twice."""
        train, test = split
        weights = np.bincount(train, minlength=n_rows(problem.X)).astype(np.float64)
        if problem.w is not None:
            weights *= problem.w
        consecutive = len(test) > 0 and np.array_equal(test, np.arange(test[0], test[0] + len(test)))
        # Of a slice the values can be read where they lie.
        place = slice(test[0], test[-1] + 1) if consecutive else test
        return cls(number, weights, place, _fault(problem, np.flatnonzero(weights)))


def _fault(problem: Problem, rows: np.ndarray) -> str | None:
    """Return why there is nothing to learn from some rows, if so."""
    if len(rows) < 2:
        return f"a support vector machine needs 2 rows of positive weight, got {len(rows)} to train on"
    try:
        if not problem.precomputed:
            check_varies(take_rows(problem.X, rows))
    except ValueError as error:
        return str(error)
    return None


@dataclass
class FoldSearch:
    """Fits and scores of the candidates of an estimator, and the fit of the best to all rows."""

    estimator: Any
    problem: Problem
    settings: list[dict[str, float]]
    folds: list[Fold]
    scoring: ModelScoring
    results: FoldResults
    config: dict[str, Any] = field(default_factory=get_config)  # threads start with scikit-learn's defaults
    held: tuple[Any, np.ndarray] | None = None

    def __post_init__(self) -> None:
        X, rows = self.problem.X, self.problem.rows
        if self.problem.precomputed:
            check_varies(X)
            check_semidefinite(X, rows)
        else:
            check_varies(X if len(rows) == n_rows(X) else take_rows(X, rows))
        self.models = [self.estimator._machine("precomputed", setting) for setting in self.settings]
        for model in self.models:
            model.n_features_in_ = n_rows(X)
        self.solver = self.models[0]._chosen_solver(len(rows))

    @property
    def _most(self) -> int | None:
        n_jobs = self.estimator.n_jobs
        return None if n_jobs is None else joblib.effective_n_jobs(n_jobs)

    def _matrix(self, kernel: Any) -> np.ndarray:
        """Return the kernel matrix of all rows, of which only the last is kept."""
        if self.held is None or self.held[0] is not kernel:
            self.held = None
            self._check_room()
            operator = kernel_operator(kernel, self.problem.X)
            smo = self.solver == "smo"
            K = smo_matrix(operator, self.estimator.tol) if smo else operator.astype(np.float64).matrix()
            check_finite(K)
            self.held = kernel, K
        return self.held[1]

    def _check_room(self) -> None:
        n = n_rows(self.problem.X)
        with single_threaded_blas() as threads:
            threads = min(threads, self._most or threads)
        copied = max(0 if isinstance(fold.test, slice) else len(fold.test) for fold in self.folds)
        each = cache_bytes(self.estimator.cache_size, n) + 8 * n * copied
        matrix = 0 if self.problem.precomputed else 8 * n * n
        what = f"the {n} x {n} kernel matrix of a search, with {threads} fits on it at a time,"
        check_memory(matrix + threads * each, what, FEWER)

    def score(self, k: int, kernel: Any) -> None:
        """Fit and score the k-th kernel with all settings on all folds."""
        try:
            K = self._matrix(kernel)
        except FAILED as error:
            self.results.errors += [f"{kernel!r}: {error}"] * (len(self.settings) * len(self.folds))
            return
        run(lambda job: self._chain(K, k, *job), product(self._chains(), self.folds), self._most)

    def _chains(self) -> list[list[int]]:
        """Return the settings in the order of their fits; those of one list start from each other's solutions."""
        order = sorted(range(len(self.settings)), key=lambda s: -self.settings[s]["C"])
        if (
            self.solver == "libsvm"
        ):  # starts anew: each fit is a job, and those of large C, which take longest, come first
            return [[s] for s in order]
        chains: dict[Any, list[int]] = {}
        for s in reversed(order):
            chains.setdefault(self.settings[s].get("epsilon"), []).append(s)
        return list(chains.values())

    def _chain(self, K: np.ndarray, k: int, chain: list[int], fold: Fold) -> None:
        """Fit and score settings on a fold, each from the solutions of the one before it."""
        start, solve = None, solver_on(self.solver, K, np.flatnonzero(fold.weights))
        with config_context(**self.config):
            for s in chain:
                try:
                    start = self._fit_and_score(K, (s, k, fold.number), fold, solve, start)
                except FAILED as error:
                    self.results.errors.append(str(error))

    def _fit_and_score(
        self, K: np.ndarray, place: tuple[int, int, int], fold: Fold, solve: Any, start: list[DualSolution] | None
    ) -> list[DualSolution]:
        if fold.fault is not None:
            raise ValueError(fold.fault)
        began = time.perf_counter()
        model = copy.copy(self.models[place[0]])
        problem = Problem(K, self.problem.y, fold.weights, precomputed=True)
        solutions = fit_part(model, problem, "precomputed", solve, start)
        fitted = time.perf_counter()
        self.results.fit_times[place] = fitted - began
        self.results.scores[place] = self.scoring(model, K[fold.test], fold.test)
        self.results.score_times[place] = time.perf_counter() - fitted
        return solutions

    def fit(self, kernel: Any, setting: dict[str, float]) -> Any:
        """Return the machine of a candidate, fitted to all rows."""
        model = self.estimator._machine(kernel, setting)
        fit_part(model, self.problem, kernel, solver_on(self.solver, self._matrix(kernel), self.problem.rows))
        return model


def solver_on(solver: str, K: np.ndarray, rows: np.ndarray) -> Callable[..., DualSolution]:
    """Return what solves problems on some rows of a kernel matrix, given targets and weights of all, for many settings.

    It takes ``(y, w, start, **settings)``, `start` being None or a solution for other settings to start from.
    """
    if solver == "libsvm":  # which starts anew, and finds values in the whole matrix
        return lambda y, w, start, **settings: libsvm_part(K, y, w, **settings)
    part = MatrixOperator(K) if len(rows) == len(K) else MatrixOperator(K).restricted(rows)

    def solve(y: np.ndarray, w: np.ndarray | None, start: DualSolution | None, **settings: Any) -> DualSolution:
        variables = None if start is None else start.variables(len(K))[:, rows]
        return smo(part, y[rows], None if w is None else w[rows], start=variables, **settings).at(rows)

    return solve


def fit_part(
    model: Any,
    problem: Problem,
    kernel: Any,
    solve: Callable[..., DualSolution],
    start: list[DualSolution] | None = None,
) -> list[DualSolution]:
    """Fit a machine to the rows of positive weight.

    Parameters
    ----------
    model : KernelSVC or KernelSVR
        Unfitted.
    problem : Problem
        Its rows are what the model keeps.
    kernel : Kernel or "precomputed"
        Resolved.
    solve : callable
        From `solver_on`.
    start : list of DualSolution, optional
        Solutions of a model of other settings on the same rows, to start from.

    Returns
    -------
    solutions : list of DualSolution
        Its own.
    """

    def solve_all(X: Any, targets: list[np.ndarray], w: np.ndarray | None) -> tuple[Any, list[DualSolution]]:
        settings = {"formulation": model.formulation, **model._check_settings()}
        starts = [None] * len(targets) if start is None else start
        return kernel, [solve(y, w, before, **settings) for y, before in zip(targets, starts, strict=True)]

    return model._learn(problem.X, problem.y, problem.w, solve_all)
