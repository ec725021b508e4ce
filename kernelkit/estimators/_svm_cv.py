"""Support vector machines that choose their kernel and penalties by cross-validation."""

from __future__ import annotations

from typing import Any, Self

from .._validation import check_row_weights
from ._svm_classifiers import KernelSVC, SupportVectorClassifier
from ._svm_regressors import KernelSVR, SupportVectorRegressor
from ._svm_search import SupportVectorSearch


class KernelSVCCV(SupportVectorSearch, SupportVectorClassifier):
    """Support vector classification with its kernel and C chosen by cross-validation.

    The scores are those of GridSearchCV over KernelSVC. The matrix of each kernel is evaluated once, and held one at a
    time: all values of C and all folds read it where it lies, on threads, and predictions on the rows left out are
    products with its rows.

    Parameters
    ----------
    kernel : kernel or list of kernels, optional
        Candidates; each as for KernelSVC. Parameters that depend on the data are resolved once, on all rows.
    Cs : array-like of positive floats
        Penalties to choose from.
    param_grid : dict or list of dicts, optional
        Kernel parameters to choose from, named as in a grid search over KernelSVC: ``{"kernel__sigma": [0.5, 1.0]}``;
        an entry "kernel" replaces `kernel`.
    scoring : str or callable, optional
        A scorer of scikit-learn; None is the accuracy. It is called with a fitted ``KernelSVC("precomputed")``, its
        kernel values at the rows left out and their labels, from several threads unless ``n_jobs=1``.
    cv : None, int, splitter or iterable of (train, test)
        A number of folds, stratified by label; None is 5.
    class_weight, multi_class, decision_function_shape, break_ties
        As for KernelSVC.
    refit : bool
        Whether to fit the best candidate to all rows; without it there is no `predict`.
    n_jobs : int, optional
        Most fits at a time, on threads; None and -1 are as many as BLAS is allowed.
    solver, shrinking, tol, cache_size, max_iter
        As for KernelSVC; there is a cache for each fit at work.
    verbose : bool
        Whether to tell on standard error what each kernel scored.

    Attributes
    ----------
    cv_results_ : dict
        As GridSearchCV's, except that ``"params"`` has the kernels with their parameters set; C varies slowest. Fit
        times are the solver's, without the kernel matrix. Candidates that failed in a split have NaN there.
    best_params_ : dict
        "kernel" and "C", ready for ``KernelSVC(**best_params_)``.
    best_score_ : float
        Mean score over the splits; higher is better.
    best_index_ : int
        Its position in ``cv_results_``: the first of those with rank 1.
    C_ : float
        The chosen penalty.
    n_splits_ : int
        Number of splits.
    classes_, class_weight_, kernel_, support_, support_vectors_, n_support_, dual_coef_, intercept_
        As for KernelSVC.
    n_iter_, fit_status_, shape_fit_, solver_, n_features_in_, feature_names_in_
        As for KernelSVC.

    Notes
    -----
    In memory: 8 n^2 bytes, and for each fit at a time its cache and the kernel values at the rows left out.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import Gaussian, KernelSVCCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = KernelSVCCV(Gaussian(), Cs=[1, 10], param_grid={"kernel__sigma": [0.1, 1.0]}).fit(X, y)
    >>> search.best_params_
    {'kernel': Gaussian(), 'C': 1.0}
    >>> round(search.best_score_, 2)
    0.98
    """

    elsewhere = "penalties are listed in Cs"
    machine = KernelSVC
    lists = {"Cs": "C"}

    def __init__(
        self,
        kernel: Any = None,
        *,
        Cs: Any = (0.1, 1.0, 10.0),
        param_grid: Any = None,
        scoring: Any = None,
        cv: Any = 5,
        class_weight: Any = None,
        multi_class: str = "ovo",
        decision_function_shape: str = "ovr",
        break_ties: bool = False,
        refit: bool = True,
        n_jobs: int | None = None,
        solver: str = "auto",
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 100,
        max_iter: int = -1,
        verbose: bool = False,
    ):
        super().__init__(kernel, solver, shrinking, tol, cache_size, max_iter, verbose)
        self.Cs = Cs
        self.param_grid = param_grid
        self.scoring = scoring
        self.cv = cv
        self.class_weight = class_weight
        self.multi_class = multi_class
        self.decision_function_shape = decision_function_shape
        self.break_ties = break_ties
        self.refit = refit
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose the kernel and C, and fit them to all rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,)
            Labels: numbers or strings.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0 that multiply C, and weigh the scores where the scorer takes weights.
        **params : dict
            What the scorer and the splitter ask for, with metadata routing enabled.

        Raises
        ------
        ValueError
            If the input or a parameter is not as it should be, or every candidate failed in some split.
        MemoryError
            If a kernel matrix does not fit into memory.
        """
        self._forget()
        X = self._training_rows(X)
        self._search(X, self._check_labels(y, X), check_row_weights(sample_weight, X), params)
        return self


class KernelSVRCV(SupportVectorSearch, SupportVectorRegressor):
    """Support vector regression with its kernel, C and epsilon chosen by cross-validation.

    The scores are those of GridSearchCV over KernelSVR; see KernelSVCCV for how.

    Parameters
    ----------
    kernel : kernel or list of kernels, optional
        As for KernelSVCCV.
    Cs : array-like of positive floats
        Penalties to choose from.
    epsilons : array-like of floats
        Half widths of the tube to choose from, >= 0, in the units of y.
    param_grid, cv, refit, n_jobs, solver, shrinking, tol, cache_size, max_iter, verbose
        As for KernelSVCCV; folds are not stratified.
    scoring : str or callable, optional
        As for KernelSVCCV; None is R^2.

    Attributes
    ----------
    C_, epsilon_ : float
        What was chosen.
    best_params_ : dict
        "kernel", "C" and "epsilon", ready for ``KernelSVR(**best_params_)``.
    cv_results_, best_score_, best_index_, n_splits_
        As for KernelSVCCV; C varies slowest, then epsilon.
    dual_coef_, intercept_, n_support_, n_iter_, kernel_, support_, support_vectors_, fit_status_, shape_fit_, solver_
        As for KernelSVR.
    n_features_in_, feature_names_in_
        As for KernelSVR.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import KernelSVRCV, Laplacian, Matern
    >>> X = np.linspace(0, 6, 50)[:, None]
    >>> search = KernelSVRCV([Laplacian(), Matern(nu=2.5)], epsilons=[0.01, 0.1]).fit(X, np.sin(X[:, 0]))
    >>> search.best_params_
    {'kernel': Matern(nu=2.5), 'C': 1.0, 'epsilon': 0.01}
    """

    elsewhere = "penalties are listed in Cs, tubes in epsilons"
    machine = KernelSVR
    lists = {"Cs": "C", "epsilons": "epsilon"}

    def __init__(
        self,
        kernel: Any = None,
        *,
        Cs: Any = (0.1, 1.0, 10.0),
        epsilons: Any = (0.1,),
        param_grid: Any = None,
        scoring: Any = None,
        cv: Any = 5,
        refit: bool = True,
        n_jobs: int | None = None,
        solver: str = "auto",
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 100,
        max_iter: int = -1,
        verbose: bool = False,
    ):
        super().__init__(kernel, solver, shrinking, tol, cache_size, max_iter, verbose)
        self.Cs = Cs
        self.epsilons = epsilons
        self.param_grid = param_grid
        self.scoring = scoring
        self.cv = cv
        self.refit = refit
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose the kernel, C and epsilon, and fit them to all rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,)
            Target.
        sample_weight : float or array-like of shape (n,), optional
            As for KernelSVCCV.
        **params : dict
            What the scorer and the splitter ask for, with metadata routing enabled.

        Raises
        ------
        ValueError
            If the input or a parameter is not as it should be, or every candidate failed in some split.
        MemoryError
            If a kernel matrix does not fit into memory.
        """
        self._forget()
        X = self._training_rows(X)
        self._search(X, self._check_target(y, X), check_row_weights(sample_weight, X), params)
        return self
