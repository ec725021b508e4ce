"""The largest eigenvalues of a symmetric matrix from its products with blocks of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

# Everything here is NumPy's: SciPy has a BLAS of its own, and the idle threads of each go on spinning into the time of
# the other, which made this three times slower.

NARROWEST, WIDEST = 16, 64
SPARE = 4  # vectors beyond those asked for, so that the last of them converge too
BLOCKS = 7  # before a restart
CHEAP = 256  # up to this size the small eigenproblem is solved after every product


class KrylovBasis:
    """Orthonormal vectors Q, and Q'AQ.

    Parameters
    ----------
    n : int
        Length of the vectors.
    capacity : int
        How many there can be.
    """

    def __init__(self, n: int, capacity: int):
        self._vectors = np.empty((n, capacity), order="F")
        self._projection = np.zeros((capacity, capacity))
        self.size = 0

    @property
    def vectors(self) -> np.ndarray:
        """Q, shape (n, size)."""
        return self._vectors[:, : self.size]

    def has_room(self, width: int) -> bool:
        """Tell whether a block of that width fits."""
        return self.size + width <= self._vectors.shape[1]

    def project(self, block: np.ndarray) -> np.ndarray:
        """Take the part in the span of Q out of `block`, in place and twice; return its coordinates."""
        first = self.vectors.T @ block
        block -= self.vectors @ first
        second = self.vectors.T @ block
        block -= self.vectors @ second
        return first + second

    def orthonormal(self, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return orthonormal columns orthogonal to Q, and R, with block = columns R for a block orthogonal to Q.

        Where the block has a lower rank, the columns are filled up; a second pass takes Q out of these.
        """
        columns, R = np.linalg.qr(block)
        self.project(columns)
        columns, again = np.linalg.qr(columns)
        return columns, again @ R

    def append(self, columns: np.ndarray, image: np.ndarray) -> None:
        """Add `columns`, whose products with A are `image`; leave in `image` what is outside the new span."""
        start, stop = self.size, self.size + columns.shape[1]
        self._vectors[:, start:stop] = columns
        self.size = stop
        coordinates = self.project(image)
        self._projection[:stop, start:stop] = coordinates
        self._projection[start:stop, :stop] = coordinates.T

    def ritz(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the eigenvalues of Q'AQ, descending, and its eigenvectors."""
        values, vectors = np.linalg.eigh(self._projection[: self.size, : self.size])
        return values[::-1], vectors[:, ::-1]

    def restart(self, values: np.ndarray, vectors: np.ndarray) -> None:
        """Keep Ritz vectors only, given as coordinates in Q."""
        count = len(values)
        self._vectors[:, :count] = self.vectors @ vectors
        self._projection[:] = 0.0
        np.fill_diagonal(self._projection[:count, :count], values)
        self.size = count


def basis_size(p: int) -> int:
    """Return how many vectors `block_lanczos` may hold for `p` eigenvalues."""
    return p + (BLOCKS + 1) * block_width(p)


def block_width(p: int) -> int:
    """Return how many vectors are multiplied at a time."""
    return min(max(p + SPARE, NARROWEST), WIDEST)


def block_lanczos(
    operator: Any, p: int, tolerance: float, max_iter: int, rng: np.random.RandomState, noise: float = 0.0
) -> tuple[np.ndarray, np.ndarray, int, float]:
    """Return the p largest eigenvalues of a symmetric matrix A with their eigenvectors.

    Block Lanczos with full reorthogonalisation, restarted with the best Ritz vectors. A product with a block reads, or
    evaluates, the matrix once: this takes a tenth of the passes of the method for single vectors.

    Parameters
    ----------
    operator : object with ``@`` and ``shape``
        A, shape (n, n) with n >= basis_size(p).
    p : int
        How many eigenvalues.
    tolerance : float
        The iterations end when all residuals |A v - lambda v| are at most tolerance times the largest |lambda|.
    max_iter : int
        Most products; p / block_width(p) are made in any case.
    rng : RandomState
        Where the first block comes from.
    noise : float
        The norm of what A is wrong by: smaller residuals mean nothing.

    Returns
    -------
    values : array of shape (p,)
        Descending.
    vectors : array of shape (n, p)
        Orthonormal.
    n_iter : int
        Products.
    residual : float
        The largest residual over the largest |lambda|.

    References
    ----------
    Golub and Underwood (1977), The block Lanczos method; Wu and Simon (2000), Thick-restart Lanczos method; Musco and
    Musco (2015), Randomized block Krylov methods, for what few iterations give.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.diag(np.arange(300.0))
    >>> values, vectors, n_iter, residual = block_lanczos(A, 2, 1e-12, 100, np.random.RandomState(0))
    >>> values.round(6)
    array([299., 298.])
    """
    n, width = operator.shape[0], block_width(p)
    basis = KrylovBasis(n, basis_size(p))
    columns, _ = basis.orthonormal(rng.normal(size=(n, width)))
    max_iter = max(max_iter, -(-p // width))
    for n_iter in range(1, max_iter + 1):
        image = np.array(operator @ columns, dtype=np.float64)
        basis.append(columns, image)
        columns, coupling = basis.orthonormal(image)
        full = not basis.has_room(width)
        if basis.size >= p and (full or n_iter == max_iter or basis.size <= CHEAP):
            values, vectors = basis.ritz()
            residual = _residual(coupling, vectors[-width:, :p], values)
            if residual <= max(tolerance, noise / max(np.abs(values).max(), 1e-300)):
                break
            if full and n_iter < max_iter:
                kept = p + width
                basis.restart(values[:kept], vectors[:, :kept])
    return values[:p].copy(), basis.vectors @ vectors[:, :p], n_iter, residual


def _residual(coupling: np.ndarray, last: np.ndarray, values: np.ndarray) -> float:
    size = np.abs(values).max()
    return float(np.linalg.norm(coupling @ last, axis=0).max() / size) if size > 0 else 0.0
