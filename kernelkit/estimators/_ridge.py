"""Kernel ridge regression."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from .._arrays import n_rows
from .._validation import check_choice, check_number, check_weights
from ..engine import KernelOperator
from ..kernels import Kernel
from ..solvers import solve_many
from ._base import TrainedOnRows
from ._posterior import Posterior
from ._problem import RidgeProblem, check_alphas, check_targets, ridge_problem

SOLVERS = ("auto", "cholesky", "eigen")


class RidgeSolution(TrainedOnRows):
    """Coefficients on the training rows, and what they predict."""

    fit_intercept: bool

    def _keep(
        self, kernel: Any, X: Any, problem: RidgeProblem, coef: np.ndarray, intercept: np.ndarray, single: bool
    ) -> None:
        self.kernel_ = kernel
        self.X_fit_ = X if isinstance(kernel, Kernel) else None
        coef = problem.scatter(coef).astype(problem.operator.dtype, copy=False)
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

    def _fit_columns(self, X: Any, Y: np.ndarray, w: np.ndarray | None, single: bool) -> None:
        alphas = check_alphas(self.alpha, Y.shape[1])
        solver = check_choice("solver", self.solver, SOLVERS)
        kernel = self._resolved(self._as_kernel(self.kernel), X, w)
        problem = ridge_problem(kernel, X, Y, w)
        solver = "cholesky" if solver == "auto" else solver
        coef, intercept, outcomes = solve_many(
            problem.operator,
            problem.Y,
            alphas,
            scale=problem.scale,
            intercept=self.fit_intercept,
            solver=solver,
            mixed=not getattr(kernel, "costly", False),
        )
        self.solver_ = "eigen" if any(outcome.method == "eigen" for outcome in outcomes) else "cholesky"
        self._keep(kernel, X, problem, coef, intercept, single)


class KernelRidge(MultiOutputMixin, RegressorMixin, RidgeFit):
    """Kernel ridge regression.

    Minimises sum_i w_i (y_i - f(x_i) - b)^2 + alpha |f|^2 over f = sum_i c_i k(., x_i), so that
    (K + alpha W^-1) c = y - b. `alpha` is not multiplied by n, and the intercept b is not penalised.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        None is ``Gaussian(sigma="scale")``; see ``kernelkit.kernels.as_kernel`` for the others. "precomputed" takes
        kernel matrices in place of X.
    alpha : float or array of shape (t,)
        Ridge, at least 0; one for each target if an array. Zero interpolates, with least |f| where K is singular.
    fit_intercept : bool
        Whether to fit b; without it the model is 0 far from the data.
    solver : {"auto", "cholesky", "eigen"}
        All solve the same problem. "cholesky" factors in float32 and refines to a float64 residual of 1e-12 where that
        is safe, and factors in float64 otherwise; "eigen" takes an eigendecomposition, which is slower. "auto" is
        "cholesky".
    uncertainty : bool
        Keep a float64 factor of K, which `predict` with ``return_std`` and `predict_interval` need.

    Attributes
    ----------
    kernel_ : Kernel or "precomputed"
        The kernel with numbers for parameters.
    dual_coef_ : array of shape (n,) or (n, t)
        The coefficients c.
    intercept_ : float or array of shape (t,)
        The intercept b; 0.0 without one.
    X_fit_ : array, sparse matrix or table of shape (n, d), or None
        The training rows; None for kernel="precomputed".
    solver_ : {"cholesky", "eigen"}
        The solver that was used; "eigen" also where alpha = 0 met a singular K.
    amplitude_ : float or array of shape (t,)
        If fitted with ``uncertainty``: s^2 = y'c / n, or / (n - 1) with an intercept.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    References
    ----------
    Saunders, Gammerman and Vovk (1998), Ridge regression learning algorithm in dual variables, eq. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import KernelRidge
    >>> from kernelkit.kernels import Gaussian
    >>> X = np.linspace(0, 6, 50)[:, None]
    >>> model = KernelRidge(Gaussian(sigma=1.0), alpha=1e-3).fit(X, np.sin(X[:, 0]))
    >>> model.predict([[1.0]]).round(2)
    array([0.84])
    """

    _posterior: Posterior | None

    def __init__(
        self,
        kernel: Any = None,
        *,
        alpha: Any = 1.0,
        fit_intercept: bool = False,
        solver: str = "auto",
        uncertainty: bool = False,
    ):
        self.kernel = kernel
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.uncertainty = uncertainty

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,) or (n, t)
            Targets.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0 of the squared errors; a row of weight zero is as if it were not there.

        Raises
        ------
        ValueError
            If the input is not finite, the sizes do not match, or a parameter is out of its range.
        MemoryError
            If no solver of this problem fits into memory.
        """
        X = self._training_rows(X)
        Y, single = check_targets(y, X)
        w = check_weights(sample_weight, n_rows(X))
        if self.uncertainty:
            return self._fit_with_uncertainty(X, Y, w, single)
        self._fit_columns(X, Y, w, single)
        self._posterior = None
        self.__dict__.pop("amplitude_", None)
        return self

    def _fit_with_uncertainty(self, X: Any, Y: np.ndarray, w: np.ndarray | None, single: bool) -> Self:
        alphas = check_alphas(self.alpha, Y.shape[1])
        if check_choice("solver", self.solver, SOLVERS) == "eigen":
            raise ValueError("uncertainty=True needs solver='auto' or 'cholesky', whose factor it keeps, got 'eigen'")
        if not (alphas > 0).all():
            raise ValueError(f"uncertainty=True needs alpha > 0, got alpha={self.alpha!r}")
        kernel = self._resolved(self._as_kernel(self.kernel), X, w)
        if isinstance(kernel, Kernel) and not kernel.positive_definite:
            warnings.warn(
                f"kernel={kernel!r} need not be positive semi-definite, and then no covariance: check what it returns",
                UserWarning,
                stacklevel=3,
            )
        problem = ridge_problem(kernel, X, Y, w)
        posterior = Posterior.fit(problem, alphas, self.fit_intercept)
        self._posterior, self.solver_ = posterior, "cholesky"
        self.amplitude_ = float(posterior.amplitude[0]) if single else posterior.amplitude
        self._keep(kernel, X, problem, posterior.coef, posterior.bias, single)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict, holding tiles of the kernel matrix only.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        return_std : bool
            Return also the standard deviation of f(x), without noise, of the Gaussian process with prior covariance
            s^2 k and noise variance s^2 alpha / w_i, s^2 being ``amplitude_``; needs ``uncertainty=True``.

        Returns
        -------
        prediction : array of shape (m,) or (m, t)
            In the units of y.
        std : array of the same shape
            Only with return_std.

        References
        ----------
        Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, eq. 2.26; section 2.7 with an intercept.
        """
        check_is_fitted(self)
        if not return_std:
            return self._values(X)
        posterior = self._kept_posterior("return_std=True")
        if self._precomputed:
            raise ValueError("return_std=True needs k(x, x), which kernel='precomputed' does not give")
        X = self._rows_like([self.kernel_], X, reset=False)
        operator = KernelOperator(self.kernel_, X, self.X_fit_)
        diagonal = np.asarray(self.kernel_.diag(X), dtype=np.float64)
        shape, dtype = (operator.shape[0], *self.dual_coef_.shape[1:]), self.dual_coef_.dtype
        mean, std = posterior.mean_and_std(operator, diagonal)
        return mean.reshape(shape).astype(dtype, copy=False), std.reshape(shape).astype(dtype, copy=False)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Return jackknife+ prediction intervals for y, from closed-form leave-one-out fits.

        On exchangeable rows a new target falls inside with probability at least 2 coverage - 1, that is 0.8 for
        coverage=0.9, and about `coverage` in practice. The guarantee asks for kernel parameters given as numbers, unit
        weights, and no tuning on the same rows. With fewer than coverage / (1 - coverage) rows the ends are infinite.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, d)
            Rows.
        coverage : float
            Between 0 and 1.

        Returns
        -------
        lower, upper : arrays of shape (m,) or (m, t)
            Ends of the intervals, in the units of y.

        References
        ----------
        Barber, Candes, Ramdas and Tibshirani (2021), Predictive inference with the jackknife+, theorem 1.
        """
        check_is_fitted(self)
        posterior = self._kept_posterior("predict_interval")
        check_number("coverage", coverage, above=0, below=1)
        operator = self._against_training(X)
        shape = (operator.shape[0], *self.dual_coef_.shape[1:])
        lower, upper = posterior.intervals(operator, coverage)
        return lower.reshape(shape), upper.reshape(shape)

    def _kept_posterior(self, what: str) -> Posterior:
        if self._posterior is None:
            raise ValueError(f"{what} needs a model fitted with uncertainty=True")
        return self._posterior
