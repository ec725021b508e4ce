"""Kernel ridge classification."""

from __future__ import annotations

from typing import Any, Self

from ._callbacks import with_callbacks
from ._classes import Codes
from ._ridge_fit import RidgeFit


class KernelRidgeClassifier(Codes, RidgeFit):
    """Kernel ridge regression on codes of +1 and -1.

    Minimises sum_i w_i |y_i - f(x_i) - b|^2 + alpha |f|^2 with one column of codes for two classes and one for each
    class (or label, for multilabel targets) otherwise; predicts the class of the largest column.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        As for KernelRidge.
    alpha : float or array of shape (t,)
        Ridge, at least 0; not multiplied by n.
    fit_intercept : bool
        Whether to fit an intercept, which is not penalised.
    solver, n_landmarks, landmarks, preconditioner_rank, precision, tol, max_iter, warm_start, verbose, random_state
        As for KernelRidge.
    class_weight : dict, "balanced" or None
        Weights of the classes, multiplied with the weights of the rows.

    Attributes
    ----------
    classes_ : array
        The labels, sorted.
    kernel_, dual_coef_, coef_, intercept_, X_fit_, solver_, n_iter_, residual_, n_features_in_, feature_names_in_
        As for KernelRidge.

    References
    ----------
    Rifkin, Yeo and Poggio (2003), Regularized least-squares classification, eq. 2.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import KernelRidgeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> round(KernelRidgeClassifier(alpha=0.1).fit(X, y).score(X, y), 2)
    0.99
    """

    def __init__(
        self,
        kernel: Any = None,
        *,
        alpha: Any = 1.0,
        fit_intercept: bool = False,
        solver: str = "auto",
        n_landmarks: int | None = None,
        landmarks: Any = "uniform",
        preconditioner_rank: int | None = None,
        precision: str = "auto",
        tol: float = 1e-6,
        max_iter: int | None = None,
        warm_start: bool = False,
        verbose: bool = False,
        random_state: Any = None,
        class_weight: Any = None,
    ):
        self.kernel = kernel
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.n_landmarks = n_landmarks
        self.landmarks = landmarks
        self.preconditioner_rank = preconditioner_rank
        self.precision = precision
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self.class_weight = class_weight

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,), or (n, t) of indicators
            Labels.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0; a row of weight zero is as if it were not there.
        """
        X = self._training_rows(X)
        _, codes, w = self._encode(y, X, sample_weight)
        self._fit_columns(X, codes, w, single=codes.shape[1] == 1)
        return self
