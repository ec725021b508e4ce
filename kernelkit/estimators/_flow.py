"""Kernel regression trained by gradient flow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._arrays import take_rows
from .._validation import as_floats, check_choice, check_number, check_row_weights
from ..engine import MatrixOperator
from ..kernels import Kernel, by_blocks, kernel_operator
from ..solvers import GradientFlow, staged_products
from ._base import TrainedOnRows
from ._problem import RidgeProblem, check_targets, ridge_problem

EARLY_STOPPING = (False, True, "validation", "gcv")


class KernelGradientFlow(MultiOutputMixin, RegressorMixin, TrainedOnRows):
    """Kernel regression trained by gradient flow, or gradient descent, for a finite time.

    The squared error 1/2 sum_i w_i (f(x_i) - y_i)^2, a sum and not a mean, flows down its gradient,
    df_t/dt = -K(., X) W (f_t(X) - y). From f_0 this gives, in closed form,

        f_t(x) = f_0(x) + K(x, X) K^-1 (I - exp(-K t)) (y - f_0(X))

    for W = I; weights scale rows by their square roots. This is the mean of infinitely wide networks trained for time t
    if the kernel is their neural tangent kernel. A mode of K with eigenvalue lambda is learned to 1 - exp(-lambda t).

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        None is ``Gaussian(sigma="scale")``; see ``kernelkit.kernels.as_kernel`` for the others. "precomputed" takes
        kernel matrices in place of X.
    time : float
        Training time, at least 0, in units of 1 / lambda; about 1 / alpha of kernel ridge. Infinity is least squares of
        minimum norm: eigenvalues up to n eps lambda_max, with the eps of X's type, then count as zero. With early
        stopping, the longest time.
    learning_rate : float, optional
        Size of the steps of gradient descent, below 2 / lambda_max; there are round(time / learning_rate) of them. None
        is the flow, its limit for small steps.
    init : callable, optional
        The function f_0 at time zero: it takes X as it is passed to `fit` and `predict` and returns an array of shape
        (m,) or (m, t), as y has. The ``predict`` of a fitted model is one. None is zero.
    early_stopping : bool or {"validation", "gcv"}
        How to choose a time up to `time`. "validation", or True, takes the smallest squared error on rows held out at
        random, and trains on all rows for that time. "gcv" takes the smallest generalised cross-validation score, an
        approximation of the held-out error that holds out nothing: n RSS / (n - df)^2, df = sum_j (1 - exp(-lambda_j
        t)), among times with n - df at least 5, or n / 4 if that is less: later scores are chance. Ridge's shortcut
        e_i / (1 - H_ii) is not the leave-one-out error of a flow, and not offered.
    validation_fraction : float
        Share of the rows held out, between 0 and 1; only for "validation".
    random_state : int, RandomState or None
        Chooses these rows.

    Attributes
    ----------
    kernel_ : Kernel or "precomputed"
        The kernel with numbers for parameters.
    dual_coef_ : array of shape (n,) or (n, t)
        Coefficients c of f_t - f_0 = sum_i c_i k(., x_i).
    X_fit_ : array, sparse matrix or table of shape (n, d), or None
        The training rows; None for kernel="precomputed".
    time_ : float
        The training time; with a learning rate, a multiple of it.
    n_steps_ : int or None
        Steps of gradient descent, infinity for an infinite time; None for the flow.
    eigenvalues_ : array of shape (k,)
        Eigenvalues of the kernel matrix of the k rows whose weight is not zero, descending. With weights the matrix is
        W^1/2 K W^1/2.
    eigenvectors_ : array of shape (k, k)
        Its eigenvectors, in columns.
    times_, errors_ : arrays of shape (T,)
        With early stopping: the times compared, ascending, and their scores, which estimate the mean squared error
        (weighted, mean over targets; infinite where "gcv" cannot tell). The first of the smallest wins.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    Notes
    -----
    The fit takes O(n^3) operations and holds 3 n^2 float64 numbers; the fitted model keeps the n^2 of the eigenvectors.

    References
    ----------
    Yao, Rosasco and Caponnetto (2007), On early stopping in gradient descent learning, section 2.
    Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein and Pennington (2019), Wide neural networks of any depth evolve
    as linear models under gradient descent, section 2.
    Golub, Heath and Wahba (1979), Generalized cross-validation as a method for choosing a good ridge parameter.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import Gaussian, KernelGradientFlow
    >>> X = np.linspace(0, 6, 50)[:, None]
    >>> model = KernelGradientFlow(Gaussian(sigma=1.0), time=1e3).fit(X, np.sin(X[:, 0]))
    >>> model.predict([[1.0]]).round(2)
    array([0.84])
    >>> [round(float(f[0]), 2) for f in model.staged_predict([[1.0]], times=[0, 0.01, 0.1, 1])]
    [0.0, 0.11, 0.62, 0.8]
    """

    regularisation = None
    first_number = "time"

    _flow: GradientFlow
    _has_weight: np.ndarray

    def __init__(
        self,
        kernel: Any = None,
        *,
        time: float = 1.0,
        learning_rate: float | None = None,
        init: Any = None,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        random_state: Any = None,
    ):
        self.kernel = kernel
        self.time = time
        self.learning_rate = learning_rate
        self.init = init
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,) or (n, t)
            Targets.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0 of the squared errors; a row of weight zero is as if it were not there. For a given time whole
            weights are repetitions of rows; early stopping weights errors too, but splits and counts rows.

        Raises
        ------
        ValueError
            If the input is not finite, the sizes do not match, a parameter is out of its range, or the kernel matrix
            has negative eigenvalues.
        MemoryError
            If the eigendecomposition does not fit into memory.
        """
        self._check_settings()
        given, X = X, self._training_rows(X)
        Y, single = check_targets(y, X)
        w = check_row_weights(sample_weight, X)
        Y = Y - self._start(given, Y.shape[:1] if single else Y.shape).reshape(Y.shape)
        kernel = self._resolved(self._as_kernel(self.kernel), X, w)
        held_out = self._held_out_errors(kernel, X, Y, w) if self.early_stopping in (True, "validation") else None
        problem, flow = self._decomposed(kernel, X, Y, w)
        time = self._stop(flow, held_out)
        self.time_ = float(flow.reached(time))
        self.n_steps_ = None if self.learning_rate is None else _as_count(float(flow.counts(time)))
        self.kernel_, self.X_fit_ = kernel, X if isinstance(kernel, Kernel) else None
        self.eigenvalues_ = flow.spectrum.values[::-1].copy()
        self._flow, self._has_weight = flow, np.ones(len(Y), dtype=bool) if w is None else w > 0
        coef = self._coefficients(np.array([time]))[:, 0].astype(problem.operator.dtype)
        self.dual_coef_ = coef[:, 0] if single else coef
        return self

    def _check_settings(self) -> None:
        check_number("time", self.time, at_least=0, finite=False)
        if self.learning_rate is not None:
            check_number("learning_rate", self.learning_rate, above=0)
        check_choice("early_stopping", self.early_stopping, EARLY_STOPPING)
        check_number("validation_fraction", self.validation_fraction, above=0, below=1)
        if self.init is not None and not callable(self.init):
            hint = "; did you mean its predict?" if hasattr(self.init, "predict") else ""
            raise TypeError(f"init must be a function of X or None, got {self.init!r}{hint}")

    def _start(self, X: Any, shape: tuple[int, ...]) -> np.ndarray:
        """Return f_0(X)."""
        if self.init is None:
            return np.zeros(shape)
        values = check_array(self.init(X), ensure_2d=False, dtype=np.float64, input_name="init(X)")
        if values.shape != shape:
            raise ValueError(f"init(X) must have shape {shape}, as y has, got {values.shape}")
        return values

    def _decomposed(
        self, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None
    ) -> tuple[RidgeProblem, GradientFlow]:
        problem = ridge_problem(kernel, X, Y, w)
        flow = GradientFlow.from_operator(
            problem.operator, problem.Y, scale=problem.scale, learning_rate=self.learning_rate
        )
        return problem, flow

    def _held_out_errors(
        self, kernel: Any, X: Any, Y: np.ndarray, w: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return times, and the mean squared errors on rows held out."""
        weights = np.ones(len(Y)) if w is None else w
        held = self._chosen(np.flatnonzero(weights))
        others = weights.copy()
        others[held] = 0
        problem, flow = self._decomposed(kernel, X, Y, others)
        times = flow.candidates(self.time)
        if isinstance(kernel, Kernel):
            cross = kernel_operator(kernel, take_rows(X, held), take_rows(X, problem.rows))
        else:
            cross = MatrixOperator(X[np.ix_(held, problem.rows)])
        errors = [
            np.average(np.square(Y[held] - values).mean(axis=1), weights=weights[held])
            for values in staged_products(cross, flow.coefficients, times)
        ]
        return times, np.array(errors)

    def _chosen(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows to hold out."""
        if math.ceil(self.validation_fraction * len(rows)) >= len(rows):
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of n_samples={len(rows)} leaves no row to train on"
            )
        return train_test_split(rows, test_size=self.validation_fraction, random_state=self.random_state)[1]

    def _stop(self, flow: GradientFlow, errors: tuple[np.ndarray, np.ndarray] | None) -> float:
        """Return the time to train for, keeping what it was compared with."""
        if self.early_stopping == "gcv":
            times = flow.candidates(self.time)
            errors = times, flow.gcv(times)
        if errors is None:
            for name in ("times_", "errors_"):
                self.__dict__.pop(name, None)  # of an earlier fit
            return self.time
        self.times_, self.errors_ = errors
        return float(self.times_[self.errors_.argmin()])

    def _coefficients(self, times: np.ndarray) -> np.ndarray:
        """Return c for all n rows, shape (n, len(times), t): zero where the weight is."""
        coef = self._flow.coefficients(times)
        full = np.zeros((len(self._has_weight), *coef.shape[1:]))
        full[self._has_weight] = coef
        return full

    @property
    def eigenvectors_(self) -> np.ndarray:
        """Eigenvectors of the kernel matrix, in columns, in the order of ``eigenvalues_``."""
        check_is_fitted(self)
        return self._flow.spectrum.vectors[:, ::-1]

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
        change = self._against_training(X) @ self.dual_coef_
        return (change + self._start(X, change.shape)).astype(self.dual_coef_.dtype, copy=False)

    def staged_predict(self, X: Any, times: Any) -> Iterator[np.ndarray]:
        """Yield the predictions at each of `times`, as if trained for that long; nothing is fitted again.

        The kernel is evaluated once for every 64 times and targets, in tiles.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        times : array-like of floats
            At least 0, in any order; infinity is allowed.

        Yields
        ------
        prediction : array of shape (m,) or (m, t)
            In the units of y.
        """
        operator, times = self._against_training(X), _check_times(times)
        shape = (operator.shape[0], *self.dual_coef_.shape[1:])
        start = self._start(X, shape)
        changes = staged_products(operator, self._coefficients, times)
        return ((start + change.reshape(shape)).astype(self.dual_coef_.dtype, copy=False) for change in changes)

    def mode_residuals(self, times: Any) -> np.ndarray:
        """Return what each mode has left to learn at each of `times`: V'u(t), u(t) = W^1/2 (f_t(X) - y).

        By the flow V'u(t) = exp(-lambda t) V'u(0), V being ``eigenvectors_`` and lambda ``eigenvalues_``.

        Parameters
        ----------
        times : array-like of floats
            At least 0, in any order; infinity is allowed.

        Returns
        -------
        residuals : array of shape (len(times), k) or (len(times), k, t)
            In float64, modes in the order of ``eigenvalues_``.
        """
        check_is_fitted(self)
        residuals = -self._flow.residuals(_check_times(times))[:, ::-1]
        return residuals[:, :, 0] if self.dual_coef_.ndim == 1 else residuals


def _check_times(times: Any) -> np.ndarray:
    times = as_floats("times", times)
    if times.ndim != 1 or not (times >= 0).all():
        raise ValueError(f"times must be numbers >= 0 in one dimension, got {times}")
    return times


def _as_count(steps: float) -> float:
    return int(steps) if math.isfinite(steps) else steps
