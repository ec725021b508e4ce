"""Ridge solutions and closed-form cross-validation for every alpha and target from one eigendecomposition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, eigh, get_blas_funcs, get_lapack_funcs, lstsq

from .._arrays import cast, is_foreign, like, namespace, one_norm, subtract
from ..engine import blocks, check_memory, run
from ._factor import BLOCK, scale_in_place
from ._targets import scaled_targets, weight_roots

# LAPACK's evd (divide and conquer) is the fastest driver; its workspace has more words than a 32-bit integer from here.
EVD_BELOW = 32000


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigendecomposition Q diag(lambda) Q' of S K S, S = diag(scale), and what follows from it in closed form.

    With an intercept it is that of P S K S P, where P projects out s, the diagonal of S: minimising
    sum_i w_i (y_i - f(x_i) - b)^2 + alpha c'Kc over b leaves a ridge without intercept on the complement of s.
    The arithmetic is float64 throughout: eigenvalues of a float32 matrix are wrong by eps32 lambda_max, more than most
    alphas.

    Eigenvalues in [-n eps lambda_max, 0) are rounding and set to zero, since a positive semi-definite kernel has no
    negative ones and lambda + alpha must not become arbitrary when alpha is as small; a kernel with eigenvalues below
    that is indefinite, and every alpha that does not make it positive definite is refused.

    Attributes
    ----------
    values : array of shape (r,)
        lambda, ascending; r = n, or n - 1 with an intercept.
    vectors : array of shape (n, r)
        Q.
    noise : float
        n eps lambda_max, with eps that of the operator's dtype.
    dtype : dtype
        Of the operator, and of the coefficients.
    scale : array of shape (n,) or None
        Square roots of the sample weights.
    image : array of shape (n,) or None
        S K S s / s's, with an intercept.

    References
    ----------
    Allen (1974); Golub, Heath and Wahba (1979), equation 1.4 (GCV); Rifkin and Lippert (2007), sections 3 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.engine import MatrixOperator
    >>> x = np.array([0.0, 1.0, 2.0, 4.0])
    >>> spectrum = Spectrum.from_operator(MatrixOperator(np.outer(x, x)), intercept=True)
    >>> spectrum.loo_residuals(2 * x + 1, [1e-6, 1.0]).round(3) + 0.0
    array([[ 0.   ,  0.   ,  0.   ,  0.   ],
           [-0.824, -0.222,  0.069,  2.   ]])
    """

    values: np.ndarray
    vectors: np.ndarray
    noise: float
    dtype: Any = np.float64
    scale: np.ndarray | None = None
    image: np.ndarray | None = None

    @classmethod
    def from_operator(cls, operator: Any, *, scale: np.ndarray | None = None, intercept: bool = False) -> Spectrum:
        """Decompose S K S.

        Parameters
        ----------
        operator : KernelOperator or MatrixOperator
            K, symmetric, shape (n, n).
        scale : array of shape (n,), optional
            Square roots of the sample weights, > 0; None means one.
        intercept : bool
            Whether the model has an unpenalised intercept.

        Raises
        ------
        MemoryError
            If 3 n^2 float64 words, what the decomposition takes, are not available.
        ValueError
            If the kernel matrix has values that are not finite.
        """
        n = operator.shape[0]
        _check_workspace(n, 3)
        matrix = operator.astype(np.float64).dense()
        scale_in_place(matrix, scale)
        check_finite(matrix)
        return cls.from_matrix(matrix, scale, intercept, float(np.finfo(operator.dtype).eps), operator.dtype)

    @classmethod
    def from_matrix(
        cls, matrix: np.ndarray, scale: np.ndarray | None, intercept: bool, eps: float, dtype: Any = np.float64
    ) -> Spectrum:
        """Decompose a matrix S K S, C-ordered, finite and scaled already, in its own memory where the library can."""
        n = matrix.shape[0]
        image, size = None, 0.0
        if intercept:
            matrix, image, size = _deflated(matrix, weight_roots(scale, n, matrix))
        values, vectors = _eigenpairs(matrix)
        if intercept:
            values, vectors = values[:-1], vectors[:, :-1]
        xp = namespace(values)
        noise = n * eps * max(size, float(xp.max(xp.abs(values))) if values.shape[0] else 0.0)
        values = xp.where((values < 0) & (values >= -noise), 0.0, values)
        return cls(values, vectors, noise, dtype, scale, image)

    def solve(self, Y: np.ndarray, alphas: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the ridge coefficients and intercepts.

        Parameters
        ----------
        Y : array of shape (n,) or (n, t)
            Targets, not scaled.
        alphas : array of shape (t,) or float
            Ridge of each target, >= 0; with alpha = 0 eigenvalues up to n eps lambda_max count as zero, and the
            coefficients are those of smallest c'Kc among the best.

        Returns
        -------
        dual_coef : array of the shape of `Y`
            c, in the dtype of the operator.
        intercept : array of shape (t,), or () for one vector
            b, zero where there is none.

        Raises
        ------
        LinAlgError
            If an alpha > 0 does not make the matrix positive definite.
        """
        B, means = scaled_targets(Y, self._roots, self._has_intercept)
        Z = self.solve_scaled(B, alphas)
        intercept = means - self.image @ Z if self.image is not None else means
        coef = namespace(Z).reshape(self._roots[:, None] * Z, np.shape(Y))
        return cast(coef, self.dtype), cast(namespace(Z).reshape(intercept, np.shape(Y)[1:]), self.dtype)

    def solve_scaled(self, B: np.ndarray, alphas: Any) -> np.ndarray:
        """Return (S K S + alpha_j I)^-1 b_j for the columns of `B`, shape (n, t), on the complement of s."""
        alphas = np.broadcast_to(np.asarray(alphas, dtype=np.float64), B.shape[1:])
        return self.vectors @ (self._inverse(alphas) * (self.vectors.T @ B))

    def loo_residuals(self, Y: np.ndarray, alphas: Any) -> np.ndarray:
        """Return y_i - f_-i(x_i), f_-i fitted without row i, for every row, alpha and target.

        Y minus the result is the leave-one-out prediction. With G = (K + alpha W^-1)^-1 on the complement of the
        intercept the residual is c_i / G_ii, a quotient that stays accurate for small alpha.

        Parameters
        ----------
        Y : array of shape (n,) or (n, t)
            Targets, not scaled.
        alphas : array of shape (a,)
            Ridge, > 0.

        Returns
        -------
        residuals : array of shape (a, n) or (a, n, t)
            In float64.

        Raises
        ------
        LinAlgError
            If an alpha does not make the matrix positive definite.
        ValueError
            If an alpha is not above zero, or there is only one row.
        """
        if len(self.vectors) < 2:
            raise ValueError("leave-one-out needs at least 2 rows, got n_samples=1")
        Z, inverse = self._all_solutions(Y, alphas)
        diagonal = np.zeros((len(self.vectors), inverse.shape[1]))
        for part in blocks(len(self.values), BLOCK):
            diagonal += np.square(self.vectors[:, part]) @ inverse[part]
        Z /= (diagonal.T * self._roots)[:, :, None]
        return Z.reshape(-1, *np.shape(Y))

    def fold_residuals(self, Y: np.ndarray, alphas: Any, folds: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Return the residuals on each fold F of the fit to all rows outside it: G_FF^-1 c_F.

        Parameters
        ----------
        Y : array of shape (n,) or (n, t)
            Targets, not scaled.
        alphas : array of shape (a,)
            Ridge, > 0.
        folds : iterable of integer arrays
            The test rows of each split; its training rows are all others.

        Returns
        -------
        residuals : list of arrays of shape (a, len(fold)) or (a, len(fold), t)
            In float64; see `loo_residuals` for what is raised.
        """
        Z, inverse = self._all_solutions(Y, alphas)
        halves = np.sqrt(inverse)
        tests = [np.asarray(fold) for fold in folds]
        if any(len(np.unique(fold)) == len(self.vectors) for fold in tests):
            raise ValueError(f"a fold has all {len(self.vectors)} rows: none is left to train on")
        results = [Z[:, fold] for fold in tests]

        def leave_out(job: tuple[int, int]) -> None:
            k, j = job
            half = self.vectors[tests[k]]
            half *= halves[:, j]
            results[k][j] = _solve_gram(half, results[k][j]) / self._roots[tests[k], None]

        run(leave_out, product(range(len(tests)), range(len(Z))))
        return [result.reshape(*result.shape[:2], *np.shape(Y)[1:]) for result in results]

    def gcv(self, Y: np.ndarray, alphas: Any) -> np.ndarray:
        """Return the generalised cross-validation score, an estimate of the mean squared error; smaller is better.

        n^2 sum_i w_i r_i^2 / (sum_i w_i tr(I - H)^2), with r the training residuals and H the matrix that takes y to
        the fitted values.

        Parameters
        ----------
        Y : array of shape (n,) or (n, t)
            Targets, not scaled.
        alphas : array of shape (a,)
            Ridge, > 0.

        Returns
        -------
        scores : array of shape (a,) or (a, t)
            See `loo_residuals` for what is raised.
        """
        Z, inverse = self._all_solutions(Y, alphas)
        # The residuals are alpha Z and I - H is alpha G: alpha cancels.
        freedom = inverse.sum(axis=0)[:, None] / len(self.vectors)
        scores = np.einsum("ait,ait->at", Z, Z) / (self._roots @ self._roots * freedom**2)
        return scores.reshape(-1, *np.shape(Y)[1:])

    @property
    def _roots(self) -> np.ndarray:
        return weight_roots(self.scale, self.vectors.shape[0], self.vectors)

    @property
    def _has_intercept(self) -> bool:
        return self.image is not None

    def _inverse(self, alphas: np.ndarray) -> np.ndarray:
        """Return 1 / (lambda_j + alpha), shape (r, a)."""
        xp, shifts = namespace(self.values), like(alphas, self.values)
        lowest = float(xp.min(self.values)) if self.values.shape[0] else 0.0
        refused = alphas[(alphas > 0) & (lowest + alphas <= 0)]
        if len(refused):
            raise not_positive_definite(lowest, float(refused.min()))
        shifted = self.values[:, None] + shifts
        usable = (xp.abs(self.values) > self.noise)[:, None] | (shifts > 0)
        return xp.where(usable, 1.0 / xp.where(usable, shifted, 1.0), 0.0)

    def _all_solutions(self, Y: np.ndarray, alphas: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the scaled solutions, shape (a, n, t), and 1 / (lambda_j + alpha), shape (r, a)."""
        alphas = np.asarray(alphas, dtype=np.float64)
        if alphas.ndim != 1 or not (alphas > 0).all():
            raise ValueError(f"alphas must be numbers > 0 for closed-form cross-validation, got {alphas}")
        B, _ = scaled_targets(Y, self._roots, self._has_intercept)
        inverse = self._inverse(alphas)
        # One product for all alphas and targets: the eigenvectors are read once.
        coordinates = inverse[:, :, None] * (self.vectors.T @ B)[:, None, :]
        Z = (self.vectors @ coordinates.reshape(len(inverse), -1)).reshape(len(B), len(alphas), -1)
        return np.ascontiguousarray(Z.transpose(1, 0, 2)), inverse


def _solve_gram(half: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return (half half')^-1 z."""
    block = half @ half.T
    (posv,) = get_lapack_funcs(("posv",), (block,))
    _, solution, failed = posv(block.T, z, lower=1)
    # Where alpha is below the rounding of the kernel matrix, the block is singular to working precision.
    return lstsq(block, z)[0] if failed else solution


def check_finite(matrix: np.ndarray) -> None:
    """Raise ValueError if the kernel matrix has values that are not finite."""
    xp = namespace(matrix)
    height = matrix.shape[0] if is_foreign(matrix) else BLOCK
    if not all(xp.all(xp.isfinite(matrix[rows, ...])) for rows in blocks(matrix.shape[0], height)):
        raise ValueError("the kernel matrix has values that are not finite: scale the features, or check the kernel")


def not_positive_definite(smallest: float, alpha: float) -> LinAlgError:
    """Return the error for alpha > 0 and a kernel matrix that is too far from positive semi-definite."""
    return LinAlgError(
        f"the kernel matrix plus alpha={alpha:.3g} is not positive definite: its smallest eigenvalue before alpha is "
        f"{smallest:.3g}; use alpha > {-smallest:.3g} or a positive semi-definite kernel"
    )


def _check_workspace(n: int, words: int) -> None:
    check_memory(
        words * 8 * n * n,
        f"the eigendecomposition of a {n} x {n} matrix",
        "use fewer rows, or a Cholesky factor for one alpha, as in KernelRidge (a third of the memory)",
    )


def _eigenpairs(matrix: Any) -> tuple[Any, Any]:
    """Return eigenvalues, ascending, and eigenvectors of a symmetric matrix, overwriting it where it is NumPy's."""
    if is_foreign(matrix):
        return tuple(namespace(matrix).linalg.eigh(matrix))  # type: ignore[return-value]
    _check_workspace(len(matrix), 2)
    driver = "evd" if len(matrix) < EVD_BELOW else "evr"
    # LAPACK sees a C-ordered matrix transposed: in Fortran order, so without a copy.
    return eigh(matrix.T, lower=True, overwrite_a=True, check_finite=False, driver=driver)


def _deflated(matrix: Any, s: Any) -> tuple[Any, Any, float]:
    """Return P A P + tau s s' / s's in the memory of A, A s / s's, and the size of A along s.

    P projects out s; tau is above every eigenvalue, so that s is the last eigenvector. (Where s is left with the
    eigenvalue zero instead, it mixes with the null space of A.) Only the triangle that LAPACK reads is updated.
    """
    length = float(s @ s) ** 0.5
    unit = s / length
    product = matrix @ unit
    along = float(unit @ product)
    if is_foreign(matrix):
        norm = one_norm(matrix)
    else:
        (lange,) = get_lapack_funcs(("lange",), (matrix,))
        norm = float(lange("1", matrix.T))
    tau = 2 * norm or 1.0
    # A - s u' - u s' + (s'u + tau) s s' with u = A s, as one symmetric update of rank two.
    partner = product - 0.5 * (along + tau) * unit
    return _rank_two_update(matrix, unit, partner), product / length, abs(along)


def _rank_two_update(matrix: Any, x: Any, y: Any) -> Any:
    """Return A - x y' - y x', in the triangle that is read, in the memory of A where the library can."""
    if is_foreign(matrix):
        return subtract(subtract(matrix, x[:, None] * y), y[:, None] * x)
    (syr2,) = get_blas_funcs(("syr2",), (matrix,))
    return syr2(-1.0, x, y, a=matrix.T, lower=1, overwrite_a=1).T
