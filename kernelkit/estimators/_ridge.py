"""Kernel ridge regression."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin

from .._arrays import n_rows
from .._validation import check_choice, check_weights
from ..kernels import as_kernel
from ..solvers import solve_many
from ._base import KernelEstimator
from ._posterior import Posterior
from ._problem import check_alphas, check_targets, ridge_problem

SOLVERS = ("auto", "cholesky", "eigen")


class _RidgeSolution(KernelEstimator):
    """Coefficients on the training rows, and what they predict."""

    def _decide(self, X: Any) -> np.ndarray:
        """Return K c + b for new rows, shape (m,) or (m, t)."""
        operator = self._against_training(X)
        return (operator @ self.dual_coef_ + self.intercept_).astype(self.dual_coef_.dtype, copy=False)

    def _keep(self, dual_coef: np.ndarray, intercept: np.ndarray, single: bool) -> None:
        self.dual_coef_ = dual_coef[:, 0] if single else dual_coef
        self.intercept_ = (float(intercept[0]) if single else intercept) if self.fit_intercept else 0.0


class _KernelRidge(_RidgeSolution):
    """The fit that the regressor and the classifier share."""

    def __init__(
        self,
        kernel: Any = None,
        *,
        alpha: Any = 1.0,
        fit_intercept: bool = False,
        solver: str = "auto",
    ):
        self.kernel = kernel
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver

    def _fit_columns(self, X: Any, Y: np.ndarray, w: np.ndarray | None, single: bool) -> None:
        alphas = check_alphas(self.alpha, Y.shape[1])
        solver = check_choice("solver", self.solver, SOLVERS)
