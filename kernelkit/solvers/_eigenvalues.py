"""What of the eigenvalues and eigenvectors of a centred matrix is rounding, and what signs these are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


def check_spread(centred: Any, total: float, size: float, dtype: Any) -> None:
    """Raise ValueError if a centred matrix, with that trace, can be rounding of n^2 values of that size and type."""
    n = centred.shape[0]
    noise = n * float(np.finfo(dtype).eps) * size
    # Positive and negative eigenvalues may cancel in the trace.
    if abs(total) <= noise and np.linalg.norm(centred @ np.cos(np.arange(n))) <= noise * n**0.5:
        raise ValueError("the kernel does not tell the rows apart: all its values are the same but for rounding")


def rounding(n: int, size: float, dtype: Any) -> float:
    """Return what n x n kernel values of that size and type are wrong by, even when centred, as a matrix norm."""
    return 4 * n * float(np.finfo(dtype).eps) * size


def checked_eigenvalues(values: np.ndarray, n: int, size: float, dtype: Any) -> np.ndarray:
    """Return eigenvalues of a centred n x n matrix, those within its rounding as zero.

    Parameters
    ----------
    values : array of shape (p,)
        The eigenvalues.
    n : int
        Number of rows.
    size : float
        The largest |k(x, x)|: kernel values of type `dtype` are rounded by that times its eps, centred or not.
    dtype : dtype
        Type of the kernel values.

    Raises
    ------
    ValueError
        If one is clearly negative.
    """
    zero, negative = (2e-7, 5e-3) if dtype == np.float32 else (1e-12, 1e-5)  # of the largest, as in scikit-learn
    noise, largest, smallest = rounding(n, size, dtype), values.max(), values.min()
    if smallest < -max(noise, negative * abs(largest)):
        raise ValueError(
            f"There are significant negative eigenvalues: {smallest:.3g}, the largest being {largest:.3g}. "
            "Ask for fewer components, or take a kernel that is positive semi-definite"
        )
    return np.where(values > max(noise, zero * largest), values, 0.0)


def inverse_roots(values: np.ndarray) -> np.ndarray:
    """Return 1 / sqrt(values), and zero for zero."""
    return np.divide(1.0, np.sqrt(values), out=np.zeros_like(values), where=values > 0)


def signs(vectors: np.ndarray) -> np.ndarray:
    """Return +1 or -1 for each column, which makes its largest entry positive: of about equal ones, the first."""
    size = np.abs(vectors)
    first = (size >= 0.999 * size.max(axis=0)).argmax(axis=0)
    return np.where(np.take_along_axis(vectors, first[None], axis=0)[0] < 0, -1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Peaks:
    """The largest size in each column, shape (p,), and the `signs` that go with it; those of two sets of rows add up.

    Where sizes of several blocks are about equal, the first block counts.
    """

    sizes: np.ndarray
    signs: np.ndarray

    @classmethod
    def of(cls, operator: Any, vectors: np.ndarray) -> Peaks:
        """Return those of vectors that belong to the rows of an operator."""
        return cls(np.abs(vectors).max(axis=0), signs(vectors))

    def __add__(self, other: Peaks) -> Peaks:
        earlier = self.sizes >= 0.999 * other.sizes
        return Peaks(np.maximum(self.sizes, other.sizes), np.where(earlier, self.signs, other.signs))
