"""Support vector regression."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import column_or_1d

from .._validation import check_row_weights
from ..kernels import by_blocks
from ..solvers import DualSolution
from ._problem import check_targets
from ._svm import Solve, SupportVectorMachine


class SupportVectorRegressor(RegressorMixin, SupportVectorMachine):
    """One machine for one target."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,)
            Target.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0 that multiply C; a row of weight zero is as if it were not there.

        Raises
        ------
        ValueError
            If the input is not finite, the sizes do not match, or a parameter is out of its range.
        MemoryError
            If the kernel matrix does not fit into memory.
        """
        X = self._training_rows(X)
        solutions = self._learn(X, self._check_target(y, X), check_row_weights(sample_weight, X), self._solve)
        self._solutions = solutions if self.warm_start else None
        return self

    def _check_target(self, y: Any, X: Any) -> np.ndarray:
        """Return one number for each row."""
        Y, single = check_targets(y, X)
        return np.ascontiguousarray(Y[:, 0] if single else column_or_1d(Y, warn=True))

    def _learn(self, X: Any, y: np.ndarray, w: np.ndarray | None, solve: Solve) -> list[DualSolution]:
        """Fit to rows that are checked, by what solves the problem."""
        kernel, solutions = solve(X, [y], w)
        self.n_iter_ = int(solutions[0].n_iter[0])
        self._keep(X, kernel, solutions[0])
        return solutions

    @by_blocks
    def predict(self, X: Any) -> np.ndarray:
        """Predict, holding tiles of the kernel matrix only.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".

        Returns
        -------
        prediction : array of shape (m,)
            In the units of y.
        """
        return self._values(X)[:, 0]


class KernelSVR(SupportVectorRegressor):
    """Support vector regression with a tube of given width.

    Minimises |f|^2 / 2 + C sum_i w_i max(0, |y_i - f(x_i) - b| - epsilon); the intercept b is not penalised. Prediction
    evaluates the kernel against the support vectors alone.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        As for KernelSVC.
    C : float
        Penalty of the errors, > 0; not divided by n.
    epsilon : float
        Half the width of the tube in which errors do not count, >= 0, in the units of y.
    solver, shrinking, tol, cache_size, max_iter, warm_start, verbose
        As for KernelSVC.

    Attributes
    ----------
    dual_coef_ : array of shape (1, s)
        Coefficients of the support vectors.
    intercept_ : array of shape (1,)
        The intercept b.
    n_support_ : array of shape (1,)
        Number of support vectors.
    n_iter_ : int
        Iterations.
    kernel_, support_, support_vectors_, fit_status_, shape_fit_, solver_, n_features_in_, feature_names_in_
        As for KernelSVC.

    References
    ----------
    Smola and Schoelkopf (2004), A tutorial on support vector regression, section 1.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import KernelSVR
    >>> X = np.linspace(0, 6, 50)[:, None]
    >>> model = KernelSVR(C=100, epsilon=0.01).fit(X, np.sin(X[:, 0]))
    >>> model.predict([[1.0]]).round(1)
    array([0.8])
    """

    formulation = "epsilon_svr"
    terms = ("C", "epsilon")

    def __init__(
        self,
        kernel: Any = None,
        *,
        C: float = 1.0,
        epsilon: float = 0.1,
        solver: str = "auto",
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 1000,
        max_iter: int = -1,
        warm_start: bool = False,
        verbose: bool = False,
    ):
        super().__init__(kernel, solver, shrinking, tol, cache_size, max_iter, verbose)
        self.warm_start = warm_start
        self.C = C
        self.epsilon = epsilon


class KernelNuSVR(SupportVectorRegressor):
    """Support vector regression with a bound on the fractions of errors and support vectors.

    Minimises |f|^2 / 2 + C sum_i w_i (nu e + max(0, |y_i - f(x_i) - b| - e)) over f, b and the tube's half width e. At
    most a share nu of the rows, by weight, are outside the tube, and at least that share are support vectors.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        As for KernelSVC.
    nu : float
        In (0, 1].
    C : float
        Penalty of the errors, > 0; not divided by n.
    solver, shrinking, tol, cache_size, max_iter, verbose
        As for KernelSVC.

    Attributes
    ----------
    kernel_, support_, support_vectors_, n_support_, dual_coef_, intercept_, n_iter_, fit_status_, shape_fit_, solver_
        As for KernelSVR.
    n_features_in_, feature_names_in_
        As for KernelSVR.

    References
    ----------
    Schoelkopf, Smola, Williamson and Bartlett (2000), New support vector algorithms, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import KernelNuSVR
    >>> X = np.linspace(0, 6, 50)[:, None]
    >>> model = KernelNuSVR(C=100, nu=0.3).fit(X, np.sin(X[:, 0]))
    >>> model.predict([[1.0]]).round(1)
    array([0.8])
    """

    formulation = "nu_svr"
    terms = ("nu", "C")

    def __init__(
        self,
        kernel: Any = None,
        *,
        nu: float = 0.5,
        C: float = 1.0,
        solver: str = "auto",
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 1000,
        max_iter: int = -1,
        verbose: bool = False,
    ):
        super().__init__(kernel, solver, shrinking, tol, cache_size, max_iter, verbose)
        self.nu = nu
        self.C = C
