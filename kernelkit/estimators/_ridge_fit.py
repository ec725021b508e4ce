"""What kernel ridge regression and classification share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._arrays import cast, is_floating, is_foreign, live_together, n_rows, namespace, take_rows
from .._validation import check_choice
from ..features import FeatureOperator, FiniteMap
from ..kernels import Kernel
from ..solvers import Outcome, solve_many
from ._base import TrainedOnRows
from ._callbacks import CallbackSupportMixin, fit_task
from ._landmark_problem import LandmarkProblem
from ._many_rows import (
    DENSE_ROWS,
    Settings,
    check_precision,
    fit_in_one_pass,
    fit_on_landmarks,
    iterative_solver,
    warn_unless_converged,
)
from ._primal_problem import PrimalProblem, has_few_features
from ._problem import RidgeProblem, check_alphas, ridge_problem
from ._progress import progress
from ._shared import same_parameters
from ._stream import Fitted

SOLVERS = ("auto", "cholesky", "eigen", "cg", "nystroem", "primal")


class OfRows:
    """What stands in for `dual_coef_` until a model has it: one fitted in the space of features never does."""

    def __get__(self, model: Any, owner: type) -> Any:
        if hasattr(model, "coef_"):
            raise AttributeError("a model of solver='primal' keeps coef_, of features, and no dual_coef_, of rows")
        raise AttributeError(f"{owner.__name__!r} object has no attribute 'dual_coef_'")


class RidgeSolution(TrainedOnRows):
    """Coefficients of the training rows, of landmarks or of features, and what they predict."""

    fit_intercept: bool
    dual_coef_: Any = OfRows()
    _features: FiniteMap | None = None  # what `coef_` belongs to, where there is no `dual_coef_`

    def _keep(
        self,
        kernel: Any,
        rows: Any,
        coef: np.ndarray,
        intercept: np.ndarray,
        dtype: Any,
        single: bool,
        features: FiniteMap | None = None,
    ) -> None:
        """Keep coefficients of rows, of landmarks or of features, and nothing of earlier fits.

        For "precomputed" they are those of the rows of the matrix.
        """
        self.kernel_, self._features = kernel, features
        self.X_fit_ = rows if isinstance(kernel, Kernel) else None
        coef, intercept = cast(coef, dtype), cast(intercept, dtype)
        coef = coef[:, 0] if single else coef
        for earlier in ("dual_coef_", "coef_", "amplitude_", "_posterior", "_stream", "_landmark_choice"):
            self.__dict__.pop(earlier, None)
        if features is None:
            self.dual_coef_ = coef
        else:
            self.coef_ = coef.T
        self.intercept_ = (float(intercept[0]) if single else intercept) if self.fit_intercept else 0.0

    def _values(self, X: Any) -> Any:
        """Return K c + b, or phi(x) v + b, for new rows, shape (m,) or (m, t)."""
        operator: Any
        if self._features is None:
            operator, coef = self._against_training(X), self.dual_coef_
        else:
            X = self._rows_like([self.kernel_], X, reset=False)
            operator, coef = FeatureOperator(self._features, X, self.coef_.dtype), self.coef_.T
        return cast(operator @ coef + self.intercept_, operator.dtype)


@contextmanager
def other_solvers_named(solver: str) -> Iterator[None]:
    """Say of a MemoryError of a solver that holds the matrix which ones do not."""
    try:
        yield
    except MemoryError as error:
        if solver == "cg":
            raise
        raise MemoryError(
            f"{error}; or take solver='cg', which solves the same problem without holding the matrix, or "
            "solver='nystroem', which restricts it to landmarks"
        ) from error


class RidgeFit(CallbackSupportMixin, RidgeSolution):
    """The fit for given alpha that the regressor and the classifier share."""

    alpha: Any
    solver: str
    warm_start: bool
    verbose: Any

    @property
    def _not_for_devices(self) -> str | None:
        if self.solver == "primal":
            return "take solver='cholesky', 'eigen', 'cg' or 'nystroem'"
        return "take uncertainty=False" if getattr(self, "uncertainty", False) else None

    def _fit_columns(self, X: Any, Y: np.ndarray, w: np.ndarray | None, single: bool) -> None:
        alphas = check_alphas(self.alpha, Y.shape[1])
        settings = Settings.of(self)
        check_choice("solver", self.solver, SOLVERS)
        check_precision(settings.precision, X)
        kernel = self._resolved(self._as_kernel(self.kernel), X, w)
        solver = self._chosen_solver(kernel, X)
        with fit_task(self, settings.most_steps(solver) * len(np.unique(alphas))) as after_step:
            settings = replace(settings, after_step=after_step)
            outcomes = self._outcomes(solver, kernel, X, Y, w, alphas, settings, single)
        if any(outcome.method == "eigen" for outcome in outcomes):
            solver = "eigen"
        iterated = solver in ("cg", "nystroem")
        self.solver_ = solver
        self.n_iter_ = max(1, *(outcome.steps for outcome in outcomes)) if iterated else 1
        residuals = [outcome.residual for outcome in outcomes if outcome.residual is not None]
        self.residual_ = max(residuals) if iterated and residuals else None
        warn_unless_converged(outcomes, settings)

    def _outcomes(self, solver: str, *problem: Any) -> tuple[Outcome, ...]:
        if solver == "nystroem":
            return self._fit_on_landmarks(*problem)
        if solver == "primal":
            return self._fit_on_features(*problem)
        with other_solvers_named(solver):
            return self._fit_exactly(solver, *problem)

    def _chosen_solver(self, kernel: Any, X: Any) -> str:
        if self.solver != "auto":
            return str(self.solver)
        if n_rows(X) <= DENSE_ROWS:
            return "cholesky"
        return "primal" if not is_foreign(X) and has_few_features(kernel, X) else "cg"

    def _fit_exactly(
        self,
        solver: str,
        kernel: Any,
        X: Any,
        Y: np.ndarray,
        w: np.ndarray | None,
        alphas: np.ndarray,
        settings: Settings,
        single: bool,
    ) -> tuple[Outcome, ...]:
        problem = ridge_problem(kernel, X, Y, w)
        n = n_rows(problem.rows)
        hint = "; solver='nystroem' would restrict it to landmarks" if solver == "cg" else ""
        label = f"solver={solver!r}: the exact problem of {n} rows{hint}"
        with progress(settings.verbose, label, settings.after_step) as watch:
            iterative = None
            if solver == "cg":
                iterative = iterative_solver(problem, settings, watch)
            coef, intercept, outcomes = solve_many(
                problem.operator,
                problem.Y,
                alphas,
                scale=problem.scale,
                intercept=self.fit_intercept,
                solver=solver,
                mixed=not getattr(kernel, "costly", False),
                iterative=iterative,
                start=self._kept_coefficients(problem) if iterative else None,
            )
        self._keep(kernel, X, problem.scatter(coef), intercept, coef.dtype, single)
        return outcomes

    def _kept_coefficients(self, problem: RidgeProblem) -> np.ndarray | None:
        """Return the coefficients of an earlier fit to the same rows, if these are to start from."""
        coef = getattr(self, "dual_coef_", None)
        shape = (problem.n, problem.Y.shape[1])
        if not self.warm_start or coef is None or not live_together(coef, problem.Y):
            return None
        if coef.shape[0] != problem.n or int(np.prod(coef.shape)) != problem.n * problem.Y.shape[1]:
            return None
        return take_rows(namespace(coef).reshape(coef, shape), problem.rows)

    def _fit_on_landmarks(
        self,
        kernel: Any,
        X: Any,
        Y: np.ndarray,
        w: np.ndarray | None,
        alphas: np.ndarray,
        settings: Settings,
        single: bool,
    ) -> tuple[Outcome, ...]:
        choice = {"n_landmarks": settings.n_landmarks, "landmarks": copy(settings.landmarks)}
        kept = self.warm_start and same_parameters(choice, getattr(self, "_landmark_choice", None))
        Z, start = self._kept_landmarks(X, Y) if kept else (None, None)
        problem = LandmarkProblem.of(kernel, X, Y, w, settings, Z)
        outcomes = self._keep_solution(fit_on_landmarks(problem, alphas, settings, start), single)
        self._landmark_choice = choice
        return outcomes

    def _fit_on_features(
        self,
        kernel: Any,
        X: Any,
        Y: np.ndarray,
        w: np.ndarray | None,
        alphas: np.ndarray,
        settings: Settings,
        single: bool,
    ) -> tuple[Outcome, ...]:
        return self._keep_solution(fit_in_one_pass(PrimalProblem.of(kernel, X, Y, w), alphas, settings), single)

    def _keep_solution(self, fitted: Fitted, single: bool) -> tuple[Outcome, ...]:
        """Keep coefficients and landmarks in the type that they were found in: predictions are made in it too."""
        problem, coef = fitted.problem, fitted.coef
        rows = features = None
        if isinstance(problem, PrimalProblem):
            features = problem.features
        else:
            Z, coef = problem.landmarks, problem.scatter(coef)
            rows = cast(Z, fitted.dtype) if is_floating(Z) else Z
        self._keep(problem.kernel, rows, coef, fitted.intercept, fitted.dtype, single, features)
        return fitted.outcomes

    def _kept_landmarks(self, X: Any, Y: np.ndarray) -> tuple[Any, np.ndarray | None]:
        """Return the landmarks of an earlier fit that rows like these may keep, and their coefficients if they may."""
        Z = getattr(self, "X_fit_", None)
        if Z is None or np.shape(Z)[1:] != np.shape(X)[1:] or sp.issparse(Z) != sp.issparse(X):
            return None, None
        if not live_together(Z, X):
            return None, None
        Z = cast(Z, X.dtype) if is_floating(X) and is_floating(Z) else Z
        coef = namespace(self.dual_coef_).reshape(self.dual_coef_, (self.dual_coef_.shape[0], -1))
        return Z, coef if coef.shape[1] == Y.shape[1] else None
