"""Novelty detection by a one-class support vector machine."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import OutlierMixin

from .._arrays import n_rows
from .._validation import check_number, check_row_weights
from ..kernels import by_blocks
from ._svm import SupportVectorMachine


class KernelOneClassSVM(OutlierMixin, SupportVectorMachine):
    """One-class support vector machine: where most of the rows are.

    Minimises |f|^2 / 2 - r nu sum_i w_i + sum_i w_i max(0, r - f(x_i)) over f and the offset r. At most a share nu of
    the training rows, by weight, have f(x) < r, and at least that share are support vectors.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        As for KernelSVC.
    nu : float
        Between 0 and 1; at 1 the offset would be open.
    solver, shrinking, tol, cache_size, max_iter, verbose
        As for KernelSVC.

    Attributes
    ----------
    offset_ : float
        The offset r: `decision_function` is `score_samples` minus it.
    dual_coef_ : array of shape (1, s)
        Coefficients of the support vectors.
    intercept_ : array of shape (1,)
        -r.
    kernel_, support_, support_vectors_, n_support_, n_iter_, fit_status_, shape_fit_, solver_
        As for KernelSVR.
    n_features_in_, feature_names_in_
        As for KernelSVR.

    References
    ----------
    Schoelkopf, Platt, Shawe-Taylor, Smola and Williamson (2001), Estimating the support of a high-dimensional
    distribution, eq. 3.4.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import KernelOneClassSVM
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> model = KernelOneClassSVM(nu=0.1).fit(X)
    >>> model.predict([[0.0, 0.0], [9.0, 9.0]])
    array([ 1, -1])
    """

    formulation = "one_class"
    terms = ("nu",)
    regularisation = "nu"

    def __init__(
        self,
        kernel: Any = None,
        *,
        nu: float = 0.5,
        solver: str = "auto",
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 1000,
        max_iter: int = -1,
        verbose: bool = False,
    ):
        super().__init__(kernel, solver, shrinking, tol, cache_size, max_iter, verbose)
        self.nu = nu

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : None
            Not used.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0; a row of weight zero is as if it were not there.

        Raises
        ------
        ValueError
            If the input is not finite, the sizes do not match, or a parameter is out of its range.
        MemoryError
            If the kernel matrix does not fit into memory.
        """
        check_number("nu", self.nu, above=0, below=1)
        X = self._training_rows(X)
        kernel, (solution,) = self._solve(X, [np.ones(n_rows(X))], check_row_weights(sample_weight, X))
        self.n_iter_, self.offset_ = int(solution.n_iter[0]), -float(solution.intercept[0])
        self._keep(X, kernel, solution)
        return self

    @by_blocks
    def decision_function(self, X: Any) -> np.ndarray:
        """Return f(x) - r, shape (m,): negative for outliers.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        """
        return self._values(X)[:, 0]

    @by_blocks
    def score_samples(self, X: Any) -> np.ndarray:
        """Return f(x), shape (m,): the larger, the more a row is like the training rows.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        """
        return self.decision_function(X) + self.offset_

    @by_blocks
    def predict(self, X: Any) -> np.ndarray:
        """Return 1 for inliers and -1 for outliers, shape (m,).

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        """
        return np.where(self.decision_function(X) > 0, 1, -1)
