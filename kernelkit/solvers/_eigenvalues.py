"""What of the eigenvalues and eigenvectors of a centred matrix is rounding, and what signs these are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import like, namespace, ratio

FLOAT32_EPS = float(np.finfo(np.float32).eps)


def check_spread(centred: Any, total: float, size: float, eps: float) -> None:
    """Raise ValueError if a centred matrix, with that trace, can be rounding by `eps` of n^2 values of that size."""
    n = centred.shape[0]
    noise = n * eps * size
    # Positive and negative eigenvalues may cancel in the trace.
    if abs(total) <= noise and _length(centred @ like(np.cos(np.arange(n)), centred)) <= noise * n**0.5:
        raise ValueError("the kernel does not tell the rows apart: all its values are the same but for rounding")


def _length(v: Any) -> float:
    return float(v @ v) ** 0.5


def rounding(n: int, size: float, eps: float) -> float:
    """Return what n x n kernel values of that size are wrong by, rounded by `eps`, as a matrix norm."""
    return 4 * n * eps * size


def checked_eigenvalues(values: Any, n: int, size: float, eps: float) -> Any:
    """Return eigenvalues of a centred n x n matrix, those within its rounding as zero.

    Parameters
    ----------
    values : array of shape (p,)
        The eigenvalues.
    n : int
        Number of rows.
    size : float
        The largest |k(x, x)|: kernel values are rounded by that times `eps`, centred or not.
    eps : float
        Of the type of the kernel values.

    Raises
    ------
    ValueError
        If one is clearly negative.
    """
    zero, negative = (2e-7, 5e-3) if eps >= FLOAT32_EPS else (1e-12, 1e-5)  # of the largest, as in scikit-learn
    xp, noise = namespace(values), rounding(n, size, eps)
    largest, smallest = float(xp.max(values)), float(xp.min(values))
    if smallest < -max(noise, negative * abs(largest)):
        raise ValueError(
            f"There are significant negative eigenvalues: {smallest:.3g}, the largest being {largest:.3g}. "
            "Ask for fewer components, or take a kernel that is positive semi-definite"
        )
    return xp.where(values > max(noise, zero * largest), values, xp.zeros_like(values))


def inverse_roots(values: Any) -> Any:
    """Return 1 / sqrt(values), and zero for zero."""
    return ratio(1.0, namespace(values).sqrt(values), 0.0)


def signs(vectors: Any) -> Any:
    """Return +1 or -1 for each column, which makes its largest entry positive: of about equal ones, the first."""
    xp = namespace(vectors)
    size = xp.abs(vectors)
    first = xp.argmax(xp.astype(size >= 0.999 * xp.max(size, axis=0), xp.int8), axis=0)
    largest = xp.take_along_axis(vectors, first[None, :], axis=0)[0, :]
    return 1.0 - 2.0 * xp.astype(largest < 0, vectors.dtype)


@dataclass(frozen=True, eq=False)
class Peaks:
    """The largest size in each column, shape (p,), and the `signs` that go with it; those of two sets of rows add up.

    Where sizes of several blocks are about equal, the first block counts.
    """

    sizes: Any
    signs: Any

    @classmethod
    def of(cls, operator: Any, vectors: Any) -> Peaks:
        """Return those of vectors that belong to the rows of an operator."""
        xp = namespace(vectors)
        return cls(xp.max(xp.abs(vectors), axis=0), signs(vectors))

    def __add__(self, other: Peaks) -> Peaks:
        earlier = self.sizes >= 0.999 * other.sizes
        return Peaks(np.maximum(self.sizes, other.sizes), np.where(earlier, self.signs, other.signs))
