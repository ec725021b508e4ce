"""Kernel ridge that chooses its kernel and alpha by closed-form cross-validation."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin

from .._validation import check_row_weights
from ..kernels import by_blocks
from ._classes import Codes
from ._problem import check_targets
from ._search import RidgeSearch


class KernelRidgeCV(MultiOutputMixin, RegressorMixin, RidgeSearch):
    """Kernel ridge regression with its kernel and alpha chosen by cross-validation in closed form.

    One eigendecomposition for each kernel gives the leave-one-out errors of all alphas and all targets,
    e_i = c_i / (M^-1)_ii with M = K + alpha W^-1; folds F likewise, e_F = ((M^-1)_FF)^-1 c_F. No model is fitted twice.

    Parameters
    ----------
    kernel : kernel or list of kernels, optional
        Candidates; each as for KernelRidge. Parameters that depend on the data are resolved once, on all rows.
    alphas : array-like of positive floats
        Ridges to choose from.
    param_grid : dict or list of dicts, optional
        Kernel parameters to choose from, named as in a grid search over KernelRidge: ``{"kernel__sigma": [0.5, 1.0]}``;
        an entry "kernel" replaces `kernel`.
    scoring : str or callable, optional
        A scorer of scikit-learn, asked for predictions; None is minus the mean squared error, weighted.
    cv : None, "gcv", int, splitter or iterable of (train, test)
        None is leave-one-out; "gcv" generalised cross-validation, its rotation-invariant relative. Folds whose training
        rows are all other rows are in closed form too; other splits are refitted on the same kernel matrix.
    fit_intercept : bool
        Whether to fit an intercept, which is not penalised.
    alpha_per_target : bool
        Choose alpha for each target by itself; for cv=None and "gcv" without `scoring`.
    n_landmarks, landmarks, random_state
        Restrict f to landmarks, as ``KernelRidge(solver="nystroem")`` does: then two passes over the rows, of n p^2
        multiplications each, take the place of the eigendecomposition, and cv is None or "gcv". None, with the name of
        a strategy, is no landmarks.

    Attributes
    ----------
    alpha_ : float or array of shape (t,)
        The chosen ridge.
    kernel_ : Kernel or "precomputed"
        The chosen kernel with numbers for parameters.
    best_score_ : float or array of shape (t,)
        Higher is better.
    best_params_ : dict
        "kernel" and "alpha", ready for ``KernelRidge(**best_params_)``.
    best_index_ : int or array of shape (t,)
        Their position in ``cv_results_``.
    cv_results_ : dict
        "params", "mean_test_score" and "rank_test_score"; with folds also "std_test_score" and "split0_test_score", ...
    loo_predictions_ : array of shape (n,) or (n, t)
        With cv=None: for each row, what the chosen model predicts if fitted without it.
    dual_coef_, intercept_, X_fit_, n_features_in_, feature_names_in_
        As for KernelRidge.

    References
    ----------
    Allen (1974), The relationship between variable selection and data augmentation and a method for prediction.
    Golub, Heath and Wahba (1979), Generalized cross-validation, eq. 1.4.
    Rifkin and Lippert (2007), Notes on regularized least squares, sections 3 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import KernelRidgeCV
    >>> from kernelkit.kernels import Gaussian, Laplacian
    >>> X = np.linspace(0, 6, 50)[:, None]
    >>> model = KernelRidgeCV([Gaussian(), Laplacian()], alphas=[1e-3, 1e-1]).fit(X, np.sin(X[:, 0]))
    >>> model.best_params_
    {'kernel': Gaussian(), 'alpha': 0.001}
    """

    def __init__(
        self,
        kernel: Any = None,
        *,
        alphas: Any = (0.1, 1.0, 10.0),
        param_grid: Any = None,
        scoring: Any = None,
        cv: Any = None,
        fit_intercept: bool = False,
        alpha_per_target: bool = False,
        n_landmarks: int | None = None,
        landmarks: Any = "uniform",
        random_state: Any = None,
    ):
        self.kernel = kernel
        self.alphas = alphas
        self.param_grid = param_grid
        self.scoring = scoring
        self.cv = cv
        self.fit_intercept = fit_intercept
        self.alpha_per_target = alpha_per_target
        self.n_landmarks = n_landmarks
        self.landmarks = landmarks
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose the kernel and alpha, and fit them on all rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,) or (n, t)
            Targets.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0 of the squared errors, in the fits and in the scores.
        **params : dict
            What the scorer and the splitter ask for, with metadata routing enabled.
        """
        X = self._training_rows(X)
        Y, single = check_targets(y, X)
        self._search(X, Y, Y[:, 0] if single else Y, check_row_weights(sample_weight, X), single, params)
        return self

    @by_blocks
    def predict(self, X: Any) -> np.ndarray:
        """Predict, holding tiles of the kernel matrix only.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".

        Returns
        -------
        prediction : array of shape (m,) or (m, t)
            In the units of y.
        """
        return self._values(X)


class KernelRidgeClassifierCV(Codes, RidgeSearch):
    """Kernel ridge classification with its kernel and alpha chosen by cross-validation in closed form.

    Without `scoring` the choice is by the squared errors of the +-1 codes.

    Parameters
    ----------
    kernel, alphas, param_grid, cv, fit_intercept
        As for KernelRidgeCV.
    scoring : str or callable, optional
        A scorer of scikit-learn, asked for labels or decision values; None is minus the mean squared error of codes.
    class_weight : dict, "balanced" or None
        Weights of the classes, multiplied with the weights of the rows.
    n_landmarks, landmarks, random_state
        As for KernelRidgeCV.

    Attributes
    ----------
    classes_ : array
        The labels, sorted.
    loo_predictions_ : array of shape (n,) or (n, t)
        With cv=None: the leave-one-out decision values.
    alpha_, kernel_, best_score_, best_params_, best_index_, cv_results_
        As for KernelRidgeCV.
    dual_coef_, intercept_, X_fit_, n_features_in_, feature_names_in_
        As for KernelRidge.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import KernelRidgeClassifierCV
    >>> X, y = load_iris(return_X_y=True)
    >>> KernelRidgeClassifierCV(alphas=[0.01, 0.1, 1.0], scoring="accuracy").fit(X, y).alpha_
    0.1
    """

    alpha_per_target = False

    def __init__(
        self,
        kernel: Any = None,
        *,
        alphas: Any = (0.1, 1.0, 10.0),
        param_grid: Any = None,
        scoring: Any = None,
        cv: Any = None,
        fit_intercept: bool = False,
        class_weight: Any = None,
        n_landmarks: int | None = None,
        landmarks: Any = "uniform",
        random_state: Any = None,
    ):
        self.kernel = kernel
        self.alphas = alphas
        self.param_grid = param_grid
        self.scoring = scoring
        self.cv = cv
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.n_landmarks = n_landmarks
        self.landmarks = landmarks
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose the kernel and alpha, and fit them on all rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,), or (n, t) of indicators
            Labels.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0, in the fits and in the scores.
        **params : dict
            What the scorer and the splitter ask for, with metadata routing enabled.
        """
        X = self._training_rows(X)
        labels, codes, w = self._encode(y, X, sample_weight)
        self._search(X, codes, labels, w, codes.shape[1] == 1, params)
        return self
