"""What all support vector machines have in common: a dual solution, and values from the support vectors alone."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_is_fitted

from .._arrays import n_rows, take_rows
from .._validation import check_choice, check_number, check_varies
from ..engine import KernelOperator, MatrixOperator
from ..kernels import Kernel, KernelEstimator, Linear, kernel_operator
from ..solvers import DualSolution, libsvm, smo
from ._problem import square_part

# What turns rows, a list of class numbers or targets, and weights into the resolved kernel and a solution for each.
Solve = Callable[[Any, list[np.ndarray], np.ndarray | None], tuple[Any, list[DualSolution]]]
SOLVERS = ("auto", "smo", "libsvm")
SMO_FORMULATIONS = ("c_svc", "epsilon_svr")
SMO_ROWS = 1000  # from which "auto" takes "smo", whose compiled loops take half a second to load
LIMITS: dict[str, dict[str, Any]] = {
    "C": {"above": 0, "finite": False},
    "nu": {"above": 0, "at_most": 1},
    "epsilon": {"at_least": 0},
}
DENSE_BYTES = 2**27
SAMPLE = 300  # rows of a kernel matrix that was given whose eigenvalues are looked at


def check_semidefinite(K: np.ndarray, rows: np.ndarray) -> None:
    """Raise ValueError if a part of a given kernel matrix, at some of `rows`, has a clearly negative eigenvalue."""
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(int)]
    part = K[np.ix_(some, some)].astype(np.float64)
    values = np.linalg.eigvalsh((part + part.T) / 2)
    if values[0] < -1e-5 * max(values[-1], 0):
        raise ValueError(
            f"X must be a positive semi-definite kernel matrix, got one with an eigenvalue of {values[0]:.3g} or less; "
            f"add at least {-values[0]:.3g} to its diagonal, or set its negative eigenvalues to zero"
        )


def _dense_if_small(kernel: Any, X: Any) -> Any:
    """Return sparse rows as dense ones where that takes little memory: their products are several times faster."""
    simple = isinstance(kernel, Kernel) and kernel.requires_vector_input and not kernel.costly
    small = simple and sp.issparse(X) and X.shape[0] * X.shape[1] * X.dtype.itemsize <= DENSE_BYTES
    return X.toarray() if small else X


class SupportVectorMachine(KernelEstimator):
    """A machine whose values are sum_i c_i k(., x_i) + b over its support vectors x_i."""

    formulation: ClassVar[str]
    terms: ClassVar[tuple[str, ...]]
    regularisation = "C"
    warm_start: bool = False
    _solutions: list[DualSolution] | None = None  # of the last fit, where a later one may start from them

    def __init__(
        self, kernel: Any, solver: str, shrinking: bool, tol: float, cache_size: float, max_iter: int, verbose: bool
    ):
        self.kernel = kernel
        self.solver = solver
        self.shrinking = shrinking
        self.tol = tol
        self.cache_size = cache_size
        self.max_iter = max_iter
        self.verbose = verbose

    def _check_settings(self) -> dict[str, Any]:
        """Return what the solver takes, checked."""
        check_choice("solver", self.solver, SOLVERS)
        check_choice("shrinking", self.shrinking, (True, False))
        check_choice("warm_start", self.warm_start, (True, False))
        check_number("tol", self.tol, above=0)
        check_number("cache_size", self.cache_size, above=0)
        check_number("max_iter", self.max_iter, at_least=-1, integer=True)
        for name in self.terms:
            check_number(name, getattr(self, name), **LIMITS[name])
        names = ("shrinking", "tol", "cache_size", "max_iter", "verbose", *self.terms)
        return {name: getattr(self, name) for name in names}

    def _solve(self, X: Any, targets: list[np.ndarray], w: np.ndarray | None) -> tuple[Any, list[DualSolution]]:
        """Return the resolved kernel, and solutions on the rows of positive weight, at their positions in `X`."""
        settings = self._check_settings()
        kernel = self._resolved(self._as_kernel(self.kernel), X, w)
        n_given = n_rows(X)
        rows = np.arange(n_given) if w is None else np.flatnonzero(w)
        if len(rows) < 2:
            raise ValueError("a support vector machine needs 2 rows of positive weight, got 1 sample")
        if len(rows) < n_given:
            X = take_rows(X, rows) if isinstance(kernel, Kernel) else square_part(X, rows)
        check_varies(X)
        if not isinstance(kernel, Kernel):
            check_semidefinite(X, np.arange(len(X)))
        weights = None if w is None else w[rows]
        operator = kernel_operator(kernel, _dense_if_small(kernel, X))
        each: dict[str, Any] = {"w": weights, "formulation": self.formulation, **settings}
        if self._chosen_solver(len(rows)) == "smo":
            starts = self._starts(n_given, len(targets))
            starts = [None if start is None else start[:, rows] for start in starts]
            solutions = [smo(operator, y[rows], start=at, **each) for y, at in zip(targets, starts, strict=True)]
        else:
            if len(targets) > 1:  # evaluated once for all
                operator = MatrixOperator(operator.astype(np.float64).matrix())
            solutions = [libsvm(operator, y[rows], **each) for y in targets]
        return kernel, [solution.at(rows) for solution in solutions]

    def _chosen_solver(self, n: int) -> str:
        wanted = self.solver == "smo" or self.warm_start
        if wanted and self.formulation not in SMO_FORMULATIONS:
            raise ValueError(f"solver='smo' is for KernelSVC and KernelSVR, {type(self).__name__} needs 'libsvm'")
        if self.solver == "libsvm":
            if self.warm_start:
                raise ValueError("warm_start=True needs solver='smo' or 'auto', got solver='libsvm'")
            return "libsvm"
        possible = self.formulation in SMO_FORMULATIONS and find_spec("numba") is not None
        if wanted and not possible:
            raise ImportError("solver='smo' and warm_start=True need numba: python -m pip install 'kernelkit[fast]'")
        return "smo" if possible and (wanted or n >= SMO_ROWS) else "libsvm"

    def _starts(self, n: int, n_targets: int) -> list[np.ndarray | None]:
        """Return dual variables of an earlier fit on as many rows; None where there was none."""
        before = self._solutions if self.warm_start else None
        if before is None or self.shape_fit_[0] != n or len(before) != n_targets:
            return [None] * n_targets
        return [solution.variables(n) for solution in before]

    def _keep(self, X: Any, kernel: Any, solution: DualSolution) -> None:
        dtype = np.float32 if getattr(X, "dtype", None) == np.float32 else np.float64
        self.kernel_ = kernel
        self.solver_ = solution.solver
        self.shape_fit_ = getattr(X, "shape", (n_rows(X),))
        self.support_ = solution.support
        self.support_vectors_ = take_rows(X, solution.support) if isinstance(kernel, Kernel) else np.empty((0, 0))
        self.dual_coef_ = solution.coef.astype(dtype, copy=False)
        self.intercept_ = solution.intercept.astype(dtype, copy=False)
        self.n_support_ = solution.n_support
        self.fit_status_ = int(not solution.converged)

    def _coefficients(self) -> np.ndarray:
        """Return one row of coefficients of the support vectors for each function that is fitted."""
        return self.dual_coef_

    def _values(self, X: Any) -> np.ndarray:
        """Return the fitted functions at new rows, shape (m, functions), holding tiles only."""
        check_is_fitted(self)
        X = self._rows_like([self.kernel_], X, reset=False)
        coef = self._coefficients().T
        if not len(coef):
            return np.repeat(self.intercept_[None], n_rows(X), axis=0)
        if isinstance(self.kernel_, Kernel):
            values = KernelOperator(self.kernel_, X, self.support_vectors_) @ coef
        else:
            scattered = np.zeros((self.shape_fit_[0], coef.shape[1]), dtype=coef.dtype)
            scattered[self.support_] = coef
            values = MatrixOperator(X) @ scattered
        return (values + self.intercept_).astype(coef.dtype, copy=False)

    @property
    def coef_(self) -> Any:
        """Weights of the features, shape (functions, d); for the kernel Linear only."""
        if not isinstance(getattr(self, "kernel_", None), Linear):
            raise AttributeError(f"coef_ is there after a fit with kernel=Linear(), got kernel={self.kernel!r}")
        coef = self._coefficients() @ self.support_vectors_
        (coef if isinstance(coef, np.ndarray) else coef.data).flags.writeable = False
        return coef
