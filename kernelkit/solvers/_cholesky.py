"""The direct solution of (S K S + alpha I) X = B: its arithmetic, and the only home of the jitter policy."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, LinAlgWarning, eigh, get_lapack_funcs

from ._factor import CholeskyFactor, LentMatrix
from ._iterations import Ending, conjugate_gradients
from ._spectral import Spectrum, check_finite, not_positive_definite

MIXED_FROM = 5000  # rows below which the iterations take as long as the float64 factor that they save
MIXED_RANGE = (1e-30, 1e30)  # what float32 holds with room for sums
TOLERANCE = 1e-12
MAX_STEPS = 8
EPS32 = float(np.finfo(np.float32).eps)


class SingularError(LinAlgError):
    """alpha = 0 and a matrix that has no inverse in this arithmetic."""


@dataclass(frozen=True)
class Outcome:
    """How a system was solved.

    Attributes
    ----------
    alpha : float
        The ridge it was solved for.
    method : {"float32", "mixed", "float64", "eigen", "cg", "primal", "nystroem"}
        Cholesky in one precision, a float32 factor with float64 conjugate gradients, an eigendecomposition, conjugate
        gradients on the exact problem, its normal equations in explicit features, or ridge on landmarks.
    steps : int
        Conjugate gradient steps.
    jitter : float
        What was added to the diagonal beyond alpha.
    residual : float or None
        Relative residual of an iterative solution, the largest of its targets.
    ending : Ending
        Why its iterations ended.
    converged : bool
        Whether they reached the tolerance, and the residual is about that, or as near as float32 comes.
    """

    alpha: float
    method: str
    steps: int = 0
    jitter: float = 0.0
    residual: float | None = None
    ending: Ending = Ending.TOLERANCE
    converged: bool = True

    @classmethod
    def iterated(cls, alpha: float, method: str, steps: int, residual: float, ending: Ending, enough: float) -> Outcome:
        """Return that of iterations; `enough` is the residual that rounding may leave of one below the tolerance."""
        converged = ending is Ending.TOLERANCE and residual <= enough
        return cls(alpha, method, steps, residual=residual, ending=ending, converged=converged)


def solve(
    operator: Any, B: np.ndarray, alpha: float, *, scale: np.ndarray | None = None, mixed: bool = True
) -> np.ndarray:
    """Solve (S K S + alpha I) X = B for X, S = diag(scale).

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, symmetric, shape (n, n).
    B : array of shape (n,) or (n, t)
        Right-hand sides.
    alpha : float
        Ridge, >= 0. With alpha = 0 and a singular matrix X is the least-squares solution of smallest norm.
    scale : array of shape (n,), optional
        Square roots of the sample weights, > 0; None means one.
    mixed : bool
        Whether large systems may be solved with a float32 factor and products with the float64 K, 4 to 8 of them, to a
        residual of 1e-12. Saves half the memory, and time where a kernel value costs no more than a few nanoseconds.

    Returns
    -------
    X : array of the shape of `B`
        In the dtype of the operator.

    Raises
    ------
    LinAlgError
        If S K S + alpha I is not positive definite, alpha > 0 and jitter of the size of rounding does not make it so.
    MemoryError
        If the matrix does not fit into the memory available.

    Warns
    -----
    LinAlgWarning
        If jitter was added, or a singular matrix met alpha = 0.

    References
    ----------
    Higham (2002), chapter 10 (Cholesky); Carson and Higham (2018) (factors in low precision).

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.engine import MatrixOperator
    >>> solve(MatrixOperator(np.array([[2.0, 1.0], [1.0, 2.0]])), np.array([4.0, 4.0]), alpha=1.0)
    array([1., 1.])
    """
    columns = B.reshape(len(B), -1)
    solver = DirectSolver(operator, scale, mixed)
    try:
        X, _ = solver.solve(columns, alpha)
    except SingularError as error:
        warn_singular(error)
        X = solver.spectrum(intercept=False).solve_scaled(columns, np.zeros(columns.shape[1]))
    return X.astype(operator.dtype, copy=False).reshape(B.shape)


def factor(operator: Any, alpha: float, *, scale: np.ndarray | None = None) -> CholeskyFactor:
    """Return the float64 Cholesky factor of S K S + alpha I; see `solve` for the parameters.

    Raises
    ------
    LinAlgError
        As `solve` does, and for alpha = 0 if the matrix is singular.
    """
    return DirectSolver(operator, scale).factor(alpha)


class DirectSolver:
    """Solve (S K S + alpha I) X = B for one alpha after another; see `solve` for the parameters.

    The kernel is evaluated at most once in each precision: for several alphas, begin with the largest.
    """

    def __init__(self, operator: Any, scale: np.ndarray | None = None, mixed: bool = True):
        diagonal = np.asarray(operator.diag(), dtype=np.float64)
        self._operator = operator
        self._scale = scale
        self._mixed = mixed
        self._eps = float(np.finfo(operator.dtype).eps)
        self._single: LentMatrix | None = None
        self._double: LentMatrix | None = None
        self._n = len(diagonal)
        self._largest = float(np.abs(diagonal if scale is None else diagonal * scale**2).max())

    def solve(self, B: np.ndarray, alpha: float) -> tuple[np.ndarray, Outcome]:
        """Return X, shape (n, t), and how it was found; raise SingularError instead of a rank-deficient answer."""
        if self._float32_suffices(alpha):
            lower = self._single_factor(alpha)
            if lower is not None:
                return lower.solve(B), Outcome(alpha, "float32")
        elif self._mixed_pays(alpha, B.shape[1]):
            X, steps = self._solve_mixed(np.asarray(B, dtype=np.float64), alpha)
            if X is not None:
                return X, Outcome(alpha, "mixed", steps)
        lower = self.factor(alpha)
        return lower.solve(B), Outcome(alpha, "float64", jitter=lower.jitter)

    def factor(self, alpha: float) -> CholeskyFactor:
        """Return the float64 factor, jittered where that is needed."""
        matrix = self._double_matrix()
        if alpha == 0:
            return self._regular_factor(matrix)
        lower = matrix.factor(alpha)
        if lower is None:
            check_finite(matrix.matrix())
            lower = self._jittered_factor(matrix, alpha)
        return lower

    def spectrum(self, intercept: bool) -> Spectrum:
        """Return the eigendecomposition, made in the memory of the float64 matrix; nothing can be solved after it."""
        matrix = self._double_matrix().matrix()
        self._double = None
        return Spectrum.from_matrix(matrix, self._scale, intercept, self._eps)

    def _float32_suffices(self, alpha: float) -> bool:
        return self._operator.dtype == np.float32 and alpha > 0 and alpha >= 1e5 * EPS32 * self._largest

    def _mixed_pays(self, alpha: float, n_columns: int) -> bool:
        low, high = MIXED_RANGE
        return (
            self._mixed
            and self._double is None
            and self._n >= max(MIXED_FROM, 64 * n_columns)  # a step costs 2 n^2 t, a factor n^3 / 3
            and alpha >= max(self._n * EPS32 * self._largest, low)
            and self._largest <= high
        )

    def _single_factor(self, alpha: float) -> CholeskyFactor | None:
        if self._single is None:
            with np.errstate(over="ignore", invalid="ignore"):  # values beyond float32 end as a failed factor
                self._single = LentMatrix(self._operator.astype(np.float32), self._scale)
        return self._single.factor(alpha)

    def _double_matrix(self) -> LentMatrix:
        self._single = None  # the two are never held together
        if self._double is None:
            self._double = LentMatrix(self._operator.astype(np.float64), self._scale)
        return self._double

    def _solve_mixed(self, B: np.ndarray, alpha: float) -> tuple[np.ndarray | None, int]:
        """Solve by conjugate gradients on float64 tiles, with a float32 factor as preconditioner."""
        lower = self._single_factor(alpha)
        if lower is None:
            return None, 0
        operator = self._operator.astype(np.float64)
        s = 1.0 if self._scale is None else self._scale[:, None]

        def multiply(V: np.ndarray) -> np.ndarray:
            return s * (operator @ (s * V)) + alpha * V

        def precondition(R: np.ndarray) -> np.ndarray:
            size = np.abs(R).max(axis=0)
            size[size == 0] = 1.0
            return lower.solve(R / size) * size

        for steps, (X, residuals) in enumerate(conjugate_gradients(multiply, B, precondition), start=1):
            worst = residuals.max()
            if worst <= TOLERANCE:
                return X, steps
            # Residuals shrink by about the same factor in each step: stop where they will not get there in time.
            if steps == MAX_STEPS or not worst <= 10 * TOLERANCE ** (steps / MAX_STEPS):
                break
        return None, steps

    def _regular_factor(self, matrix: LentMatrix) -> CholeskyFactor:
        array = matrix.matrix().T
        lange, pocon = get_lapack_funcs(("lange", "pocon"), (array,))
        norm = lange("1", array)
        lower = matrix.factor(0.0)
        if lower is None:
            check_finite(matrix.matrix())
            raise SingularError("the kernel matrix is not positive definite and alpha=0")
        rcond, _ = pocon(lower.array, norm, uplo="L")
        if not rcond > self._n * self._eps:
            raise SingularError(f"the kernel matrix is singular (reciprocal condition {rcond:.1e}) and alpha=0")
        return lower

    def _jittered_factor(self, matrix: LentMatrix, alpha: float) -> CholeskyFactor:
        lower = jittered(lambda jitter: matrix.factor(alpha, jitter), alpha, self._n, self._eps * self._largest)
        if lower is None:
            smallest = eigh(matrix.matrix().T, eigvals_only=True, subset_by_index=[0, 0], overwrite_a=True)[0]
            raise not_positive_definite(float(smallest), alpha)
        return lower


def jittered(factor: Callable[[float], Any], alpha: float, n: int, rounding: float) -> Any:
    """Return the first of ``factor(jitter)`` that is one, or None; warn of the jitter.

    Parameters
    ----------
    factor : callable
        Takes what is to be added to the diagonal beyond alpha, and returns None where that does not suffice.
    alpha : float
        Ridge, > 0.
    n : int
        Rows of the matrix.
    rounding : float
        Of its values.
    """
    # Rounding moves eigenvalues by no more than n eps lambda_max or so: what that does not mend is indefinite.
    for power in range(1, 3 + len(str(n))):
        jitter = 10.0**power * rounding
        found = factor(jitter)
        if found is not None:
            warnings.warn(
                f"alpha={alpha:.3g} is too small for the rounding of the kernel matrix: "
                f"{jitter:.1e} was added to its diagonal; take a larger alpha",
                LinAlgWarning,
                stacklevel=3,
            )
            return found
    return None


def warn_singular(error: SingularError) -> None:
    """Warn that a least-squares solution is returned in place of the solution."""
    warnings.warn(f"{error}: returning the least-squares solution of smallest norm", LinAlgWarning, stacklevel=3)
