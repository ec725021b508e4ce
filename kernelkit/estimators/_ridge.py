"""Kernel ridge regression."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._arrays import is_foreign, n_rows, whereabouts
from .._validation import check_choice, check_number, check_weights, following
from ..engine import KernelOperator, with_positive_weights
from ..kernels import Kernel, all_or_nothing, by_blocks
from ._callbacks import fit_task, with_callbacks
from ._landmark_problem import LandmarkProblem
from ._many_rows import Settings, check_first_block, check_positive
from ._posterior import Posterior
from ._primal_problem import PrimalProblem
from ._problem import check_alphas, check_targets, check_weights_of, ridge_problem
from ._ridge_fit import SOLVERS, RidgeFit
from ._shared import Shared
from ._stream import Stream


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
    solver : {"auto", "cholesky", "eigen", "cg", "primal", "nystroem"}
        All but the last solve the same problem. "cholesky" factors in float32 and refines to a float64 residual of
        1e-12 where that is safe, and factors in float64 otherwise; "eigen" takes an eigendecomposition: slower. "cg"
        holds no matrix: conjugate gradients on tiles, with a preconditioner of some columns. "primal" is for kernels
        with p explicit features, k(x, y) = phi(x).phi(y) (Linear, FeatureKernel, and all that
        ``kernelkit.features.explicit`` lifts): f = phi.v from p x p normal equations, in one pass over blocks of rows.
        "nystroem" restricts f to landmarks, f = sum_j c_j k(., z_j), and is an approximation, never chosen by "auto":
        that is "cholesky" up to 20000 rows, above it "primal" for Linear or a FeatureKernel of at most 5000 features,
        and "cg" for all others.
    n_landmarks : int, optional
        For "nystroem": how many; None is 1000, or n if that is less, or as many as are given.
    landmarks : {"uniform", "rpcholesky", "leverage", "kmeans", "farthest"} or array-like of shape (p, d)
        For "nystroem": how they are chosen, see ``kernelkit.features.choose_landmarks``, or the landmarks themselves.
        Up to 1000 of them one pass over the rows gives the normal equations; more, less those that others span up to
        rounding, are fitted by conjugate gradients.
    preconditioner_rank : int, optional
        For "cg": columns of the preconditioner, which holds n of each; None is 1000, or n if that is less.
    precision : {"auto", "float64", "float32"}
        For "nystroem" the type of the tiles, for "primal" that of the features, and of what is kept of the solution.
        "auto" is that of X; "nystroem" takes float64 for float32 rows where float32 would drown the solution in its
        rounding. All others ignore it.
    tol : float
        For "cg" the relative residual |b - A x| / |b| to stop at, for "nystroem" its preconditioned relative.
    max_iter : int, optional
        Most steps; None is 1000 for "cg" and 100 for "nystroem".
    warm_start : bool
        Start the iterations from the coefficients of an earlier fit; "nystroem" then keeps its landmarks, unless
        `n_landmarks` or `landmarks` were changed. An interrupt from the keyboard then ends the iterations for all
        alphas and keeps what was reached, with a warning; without it the model stays as it was.
    verbose : bool
        Say on standard error which solver was chosen, and the residual of each step. Callbacks of scikit-learn (from
        1.9 on, ``set_callbacks``), such as its progress bar, are told of each step of "cg" and "nystroem".
    random_state : int, RandomState or None
        Chooses landmarks and the columns of the preconditioner.
    uncertainty : bool
        Keep a float64 factor of K, which `predict` with ``return_std`` and `predict_interval` need.

    Attributes
    ----------
    kernel_ : Kernel or "precomputed"
        The kernel with numbers for parameters.
    dual_coef_ : array of shape (n,) or (n, t)
        The coefficients c; p of them for "nystroem". There are none of rows for "primal". float64 for "cg"; predictions
        have the type of `X_fit_`.
    coef_ : array of shape (p,) or (t, p)
        Only for "primal": the coefficients v of the features, f(x) = phi(x).v.
    intercept_ : float or array of shape (t,)
        The intercept b; 0.0 without one.
    X_fit_ : array, sparse matrix or table of shape (n, d), or None
        The training rows, or the landmarks for "nystroem", in the type of its tiles; None for kernel="precomputed" and
        for "primal".
    solver_ : {"cholesky", "eigen", "cg", "primal", "nystroem"}
        The solver that was used; "eigen" also where alpha = 0 met a singular K.
    n_iter_ : int
        Steps of the iterations, of the slowest alpha; 1 where nothing is iterated.
    residual_ : float or None
        The largest relative residual, computed from the solution; None where nothing was iterated.
    amplitude_ : float or array of shape (t,)
        If fitted with ``uncertainty``: s^2 = y'c / n, or / (n - 1) with an intercept.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    References
    ----------
    Saunders, Gammerman and Vovk (1998), Ridge regression learning algorithm in dual variables, eq. 9; Diaz, Epperly,
    Frangella, Tropp and Webber (2023) for "cg"; Rudi, Carratino and Rosasco (2017), FALKON, for "nystroem".

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

    _posterior: Posterior | None = None
    _stream: Stream | None = None

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
        uncertainty: bool = False,
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
        self.uncertainty = uncertainty

    @property
    def _not_for_dask(self) -> str | None:
        return None if self.solver == "nystroem" and not self.uncertainty else "solver='nystroem', uncertainty=False"

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed". For "nystroem" a Dask array or
            table too: its blocks stay where they are, and are read in every pass.
        y : array-like of shape (n,) or (n, t)
            Targets; with a Dask array `X`, one too or not.
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
        X, Y, w = with_positive_weights(X, Y, check_weights_of(sample_weight, X))
        if self.uncertainty:
            return self._fit_with_uncertainty(X, Y, w, single)
        self._fit_columns(X, Y, w, single)
        return self

    @available_if(lambda model: model.solver in ("nystroem", "primal"))
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Take in one more block of rows, for "nystroem" and "primal": exact, whatever the order of the blocks.

        The first block gives the landmarks, unless these are given, and all of the kernel that depends on data, such as
        a transformer that is not fitted yet: it needs n_landmarks rows, 1000 if that is None. Sums of r^2 + r t numbers
        are kept, r at most the number of landmarks, or that of the features. `alpha` and `fit_intercept` may change
        between blocks, and nothing else. After `fit`, which keeps none, it begins anew.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (h, d)
            Rows.
        y : array-like of shape (h,) or (h, t)
            Targets.
        sample_weight : float or array-like of shape (h,), optional
            Weights >= 0 of the squared errors.

        Raises
        ------
        ValueError
            If the block is not finite, or does not go with those before it; the model stays what it was.
        """
        try:
            return self._add_block(X, y, sample_weight)
        except ValueError as error:
            raise ValueError(f"{self._stream.next_block if self._stream else 'block 1'}: {error}") from error

    @all_or_nothing
    def _add_block(self, X: Any, y: Any, sample_weight: Any) -> Self:
        stream = self._stream
        if is_foreign(X):
            raise TypeError(
                f"partial_fit takes NumPy arrays, got X of {whereabouts(X)}: take fit, or move X to the host"
            )
        if self._precomputed or self.uncertainty:
            raise ValueError("partial_fit needs rows instead of kernel='precomputed', and uncertainty=False")
        kernels = [self.kernel_] if stream else self._kernels()
        X = self._rows_like(kernels, X, reset=stream is None)
        Y, single = check_targets(y, X)
        w = check_weights(following(sample_weight, X), n_rows(X), may_be_zero=stream is not None)
        settings, alphas = Settings.of(self), check_alphas(self.alpha, Y.shape[1])
        if self.solver == "nystroem":
            check_positive(alphas)
        shared = Shared.of(self, Y.shape[1:] if not single else ())
        if stream is None:
            check_first_block(settings, self.solver, n_rows(X) if w is None else int(np.count_nonzero(w)))
        else:
            assert stream.shared is not None
            stream.shared.check_same(shared)
            if w is not None and not w.any():
                return self
        kernel = self.kernel_ if stream else self._resolved(kernels[0], X, w)
        problem = self._problem_of_block(kernel, X, Y, w, settings, stream and stream.kept)
        stream = stream.add(problem) if stream else Stream.begin(problem, settings.precision, shared)
        self._keep_solution(stream.ridge(problem, alphas, self.fit_intercept), single)
        self._stream, self.solver_, self.n_iter_, self.residual_ = stream, self.solver, 1, None
        return self

    def _problem_of_block(
        self, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None, settings: Settings, kept: Any
    ) -> PrimalProblem | LandmarkProblem:
        if self.solver == "primal":
            return PrimalProblem.of(kernel, X, Y, w, kept)
        return LandmarkProblem.of(kernel, X, Y, w, settings, kept)

    def _fit_with_uncertainty(self, X: Any, Y: np.ndarray, w: np.ndarray | None, single: bool) -> Self:
        alphas = check_alphas(self.alpha, Y.shape[1])
        if check_choice("solver", self.solver, SOLVERS) not in ("auto", "cholesky"):
            wanted = "uncertainty=True needs solver='auto' or 'cholesky', whose factor it keeps"
            raise ValueError(f"{wanted}, got {self.solver!r}")
        if not (alphas > 0).all():
            raise ValueError(f"uncertainty=True needs alpha > 0, got alpha={self.alpha!r}")
        kernel = self._resolved(self._as_kernel(self.kernel), X, w)
        if isinstance(kernel, Kernel) and not kernel.positive_definite:
            warnings.warn(
                f"kernel={kernel!r} need not be positive semi-definite, and then no covariance: check what it returns",
                UserWarning,
                stacklevel=5,  # past fit and what surrounds it
            )
        problem = ridge_problem(kernel, X, Y, w)
        with fit_task(self, 0):
            posterior = Posterior.fit(problem, alphas, self.fit_intercept)
        coef = problem.scatter(posterior.coef)
        self._keep(kernel, X, coef, posterior.bias, problem.operator.dtype, single)
        self._posterior, self.solver_, self.n_iter_, self.residual_ = posterior, "cholesky", 1, None
        self.amplitude_ = float(posterior.amplitude[0]) if single else posterior.amplitude
        return self

    @by_blocks
    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict, holding tiles of the kernel matrix, or a block of features, only.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        return_std : bool
            Return also the standard deviation of f(x), without noise, of the Gaussian process with prior covariance
            s^2 k and noise variance s^2 alpha / w_i, s^2 being ``amplitude_``; needs ``uncertainty=True``.

        Returns
        -------
        prediction : array of shape (m,) or (m, t)
            In the units of y. A Dask array, of which nothing is computed yet, if X is one.
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
