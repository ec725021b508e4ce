"""What kernel ridge regression and classification share."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import n_rows
from .._validation import check_choice
from ..kernels import Kernel
from ..solvers import Outcome, solve_many
from ._base import TrainedOnRows
from ._landmark_problem import LandmarkProblem
from ._many_rows import DENSE_ROWS, Settings, fit_on_landmarks, iterative_solver, warn_unless_converged
from ._problem import RidgeProblem, check_alphas, ridge_problem
from ._progress import progress

SOLVERS = ("auto", "cholesky", "eigen", "cg", "nystroem")


class RidgeSolution(TrainedOnRows):
    """Coefficients on the training rows, and what they predict."""

    fit_intercept: bool

    def _keep(self, kernel: Any, rows: Any, coef: np.ndarray, intercept: np.ndarray, dtype: Any, single: bool) -> None:
        """Keep coefficients of rows, or of landmarks; of the rows of the matrix for "precomputed"."""
        self.kernel_ = kernel
        self.X_fit_ = rows if isinstance(kernel, Kernel) else None
        coef, intercept = coef.astype(dtype, copy=False), intercept.astype(dtype, copy=False)
        self.dual_coef_ = coef[:, 0] if single else coef
        self.intercept_ = (float(intercept[0]) if single else intercept) if self.fit_intercept else 0.0

    def _values(self, X: Any) -> np.ndarray:
        """Return K c + b for new rows, shape (m,) or (m, t)."""
        values = self._against_training(X) @ self.dual_coef_ + self.intercept_
        return values.astype(self.dual_coef_.dtype, copy=False)


class RidgeFit(RidgeSolution):
    """The fit for given alpha that the regressor and the classifier share."""

    alpha: Any
    solver: str
    warm_start: bool
    verbose: Any

    def _fit_columns(self, X: Any, Y: np.ndarray, w: np.ndarray | None, single: bool) -> None:
        alphas = check_alphas(self.alpha, Y.shape[1])
        settings = Settings.of(self)
        solver = self._chosen_solver(n_rows(X))
        kernel = self._resolved(self._as_kernel(self.kernel), X, w)
        if solver == "nystroem":
            outcomes = self._fit_on_landmarks(kernel, X, Y, w, alphas, settings, single)
        else:
            outcomes = self._fit_exactly(kernel, X, Y, w, alphas, settings, single, solver)
        if any(outcome.method == "eigen" for outcome in outcomes):
            solver = "eigen"
        iterated = solver in ("cg", "nystroem")
        self.solver_ = solver
        self.n_iter_ = max(1, *(outcome.steps for outcome in outcomes)) if iterated else 1
        residuals = [outcome.residual for outcome in outcomes if outcome.residual is not None]
        self.residual_ = max(residuals) if iterated and residuals else None
        warn_unless_converged(outcomes, settings)

    def _chosen_solver(self, n: int) -> str:
        solver = check_choice("solver", self.solver, SOLVERS)
        if solver != "auto":
            return solver
        return "cholesky" if n <= DENSE_ROWS else "cg"

    def _fit_exactly(
        self,
        kernel: Any,
        X: Any,
        Y: np.ndarray,
        w: np.ndarray | None,
        alphas: np.ndarray,
        settings: Settings,
        single: bool,
        solver: str,
    ) -> tuple[Outcome, ...]:
        problem = ridge_problem(kernel, X, Y, w)
        n = len(problem.rows)
        hint = "; solver='nystroem' would restrict it to landmarks" if solver == "cg" else ""
        with progress(self.verbose, f"solver={solver!r}: the exact problem of {n} rows{hint}") as watch:
            iterative = None
            if solver == "cg":
                iterative = iterative_solver(problem, settings, watch, self._kept_coefficients(problem))
            coef, intercept, outcomes = solve_many(
                problem.operator,
                problem.Y,
                alphas,
                scale=problem.scale,
                intercept=self.fit_intercept,
                solver=solver,
                mixed=not getattr(kernel, "costly", False),
                iterative=iterative,
            )
        self._keep(kernel, X, problem.scatter(coef), intercept, problem.operator.dtype, single)
        return outcomes

    def _kept_coefficients(self, problem: RidgeProblem) -> np.ndarray | None:
        """Return the coefficients of an earlier fit to the same rows, if these are to start from."""
        coef = getattr(self, "dual_coef_", None)
        if not self.warm_start or coef is None or len(coef) != problem.n or coef.size != problem.n * problem.Y.shape[1]:
            return None
        return coef.reshape(len(coef), -1)[problem.rows]

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
        Z, start = self._kept_landmarks(X, Y) if self.warm_start else (None, None)
        problem = LandmarkProblem.of(kernel, X, Y, w, settings, Z)
        problem, coef, intercept, outcomes = fit_on_landmarks(problem, alphas, settings, start)
        self._keep(kernel, problem.landmarks, problem.scatter(coef), intercept, problem.operator.dtype, single)
        return outcomes

    def _kept_landmarks(self, X: Any, Y: np.ndarray) -> tuple[Any, np.ndarray | None]:
        """Return the landmarks of an earlier fit that rows like these may keep, and their coefficients if they may."""
        Z = getattr(self, "X_fit_", None)
        if getattr(self, "solver_", None) != "nystroem" or Z is None or np.shape(Z)[1:] != np.shape(X)[1:]:
            return None, None
        coef = self.dual_coef_.reshape(len(self.dual_coef_), -1)
        return Z, coef if coef.shape[1] == Y.shape[1] else None
