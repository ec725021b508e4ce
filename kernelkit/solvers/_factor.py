"""Cholesky factors that live in the memory of the matrix they factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import get_blas_funcs, get_lapack_funcs, solve_triangular

from ..engine import blocks

BLOCK = 256
LARGEST_BYTES = 8 * 12_000**2  # of a matrix that LAPACK is given at once
STRIP = 2048  # rows of a larger one that are worked on together
FEW = 3  # right-hand sides up to which BLAS's trsv, column by column, beats LAPACK's potrs (3x for one)


@dataclass(frozen=True, eq=False)
class CholeskyFactor:
    """The factor L of a symmetric positive definite matrix A = L L'.

    Attributes
    ----------
    array : array of shape (n, n), Fortran order
        Its lower triangle is L; what stands above the diagonal is not part of the factor.
    jitter : float
        What had to be added to the diagonal of A before it could be factored, usually 0.
    """

    array: np.ndarray
    jitter: float = 0.0

    def solve(self, B: np.ndarray, overwrite: bool = False) -> np.ndarray:
        """Return A^-1 B for B of shape (n,) or (n, t), in the dtype of the factor.

        With `overwrite`, a B in Fortran order (the transpose of one in C order) may be replaced by the result.
        """
        potrs, trsv = get_lapack_funcs(("potrs",), (self.array,)) + get_blas_funcs(("trsv",), (self.array,))
        if B.size > FEW * len(B):
            return potrs(self.array, self._like(B), lower=1, overwrite_b=overwrite)[0]
        columns = [
            trsv(self.array, trsv(self.array, b, lower=1), lower=1, trans=1, overwrite_x=1)
            for b in self._like(B).reshape(len(B), -1).T
        ]
        return np.stack(columns, axis=1).reshape(B.shape)

    def half_solve(self, B: np.ndarray, overwrite: bool = False) -> np.ndarray:
        """Return L^-1 B for B of shape (n, t); its squared columns sum to the diagonal of B' A^-1 B."""
        (trtrs,) = get_lapack_funcs(("trtrs",), (self.array,))
        return trtrs(self.array, self._like(B), lower=1, overwrite_b=overwrite)[0]

    def _like(self, B: np.ndarray) -> np.ndarray:
        return B.astype(self.array.dtype, copy=False)

    def inverse_diagonal(self) -> np.ndarray:
        """Return the diagonal of A^-1, shape (n,), from n^3/3 multiplications and O(n) extra memory.

        The columns of L^-1 are made one block at a time, below the diagonal where they begin, and only their squares
        are kept: (A^-1)_ii = sum_k (L^-1)_ki^2. The factor is left as it is.
        """
        n = len(self.array)
        cuts = blocks(n, BLOCK)
        inverses = [self._inverse_of_block(cut) for cut in cuts]
        diagonal = np.empty(n)
        for first, cut in enumerate(cuts):
            width = cut.stop - cut.start
            column = np.empty((n - cut.start, width), dtype=self.array.dtype)
            column[:width] = inverses[first]
            for below, inverse in zip(cuts[first + 1 :], inverses[first + 1 :], strict=True):
                done = column[: below.start - cut.start]
                product = self.array[below, cut.start : below.start] @ done
                column[below.start - cut.start : below.stop - cut.start] = -inverse @ product
            diagonal[cut] = np.einsum("ij,ij->j", column, column, dtype=np.float64)
        return diagonal

    def _inverse_of_block(self, cut: slice) -> np.ndarray:
        (trtri,) = get_lapack_funcs(("trtri",), (self.array,))
        return trtri(np.tril(self.array[cut, cut]), lower=1)[0]


class LentMatrix:
    """A symmetric matrix, plus a shift of its diagonal, factored again and again in its own memory.

    A factor takes the lower triangle and the diagonal; the upper triangle keeps the matrix, so that neither a failed
    factorisation nor another shift costs a copy of the matrix or another evaluation of the kernel.

    Parameters
    ----------
    operator : KernelOperator or MatrixOperator
        K, shape (n, n).
    scale : array of shape (n,), optional
        The matrix is S K S with S = diag(scale).
    """

    def __init__(self, operator: Any, scale: np.ndarray | None):
        matrix = operator.dense()
        scale_in_place(matrix, scale)
        self._array = matrix.T  # C order seen by LAPACK as Fortran order, without a copy
        self._diagonal = np.diagonal(matrix).copy()
        self._lent = False

    def factor(self, shift: float, jitter: float = 0.0) -> CholeskyFactor | None:
        """Return the factor of the matrix plus (shift + jitter) I, or None if that is not positive definite.

        It ends the life of the factor returned before.
        """
        self._array, self._lent = self.matrix(shift + jitter).T, True
        factored = factor_lower(self._array)
        # Some versions of LAPACK let a NaN pass; it always reaches the diagonal.
        if not factored or not np.isfinite(np.diagonal(self._array)).all():
            return None
        return CholeskyFactor(self._array, jitter)

    def matrix(self, shift: float = 0.0) -> np.ndarray:
        """Return the matrix plus shift I, C-ordered, in place of the factor."""
        array = self._array
        if self._lent:
            _mirror_upper(array)
        self._lent = False
        np.fill_diagonal(array, self._diagonal + self._diagonal.dtype.type(shift))
        return array.T


def factor_lower(array: np.ndarray) -> bool:
    """Replace the lower triangle of a Fortran-ordered matrix by its Cholesky factor; tell whether there is one.

    A large matrix is factored in halves: from about n = 15000 on potrf of OpenBLAS 0.3.30 and earlier, which come with
    SciPy, crashes on float64 while other threads than its own exist.
    """
    n = len(array)
    if array.nbytes <= LARGEST_BYTES and array.flags.f_contiguous:
        (potrf,) = get_lapack_funcs(("potrf",), (array,))
        return not potrf(array, lower=1, overwrite_a=1, clean=0)[1]
    first, second = slice(0, n // 2), slice(n // 2, n)
    if not _factor_corner(array, first):
        return False
    L = np.asfortranarray(array[first, first])
    strips = [slice(rows.start + n // 2, rows.stop + n // 2) for rows in blocks(n - n // 2, STRIP)]
    for rows in strips:
        array[rows, first] = solve_triangular(L, array[rows, first].T, lower=True, check_finite=False).T
    del L
    for k, columns in enumerate(strips):
        for rows in strips[k:]:
            below = np.tri(columns.stop - columns.start, dtype=bool) if rows == columns else True
            products = (array[columns, first] @ array[rows, first].T).T
            np.subtract(array[rows, columns], products, out=array[rows, columns], where=below)
    return _factor_corner(array, second)


def _factor_corner(array: np.ndarray, corner: slice) -> bool:
    """Do the same with a block on the diagonal, leaving what is above it."""
    part = np.asfortranarray(array[corner, corner])
    found = factor_lower(part)
    array[corner, corner] = part
    return found


def _mirror_upper(array: np.ndarray) -> None:
    """Overwrite what is below the diagonal with what is above it, a tile at a time."""
    cuts = blocks(len(array), BLOCK)
    for i, rows in enumerate(cuts):
        for columns in cuts[:i]:
            array[rows, columns] = array[columns, rows].T
        upper = np.triu(array[rows, rows], 1)
        array[rows, rows] = upper + upper.T


def scale_in_place(matrix: np.ndarray, scale: np.ndarray | None) -> None:
    """Replace the C-ordered K by S K S, S = diag(scale)."""
    if scale is None:
        return
    s = scale.astype(matrix.dtype, copy=False)
    for rows in blocks(len(matrix), BLOCK):  # both factors while the block is in cache
        matrix[rows] *= s[rows, None]
        matrix[rows] *= s
