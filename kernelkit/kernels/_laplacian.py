"""The Laplacian kernel, of the city-block distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from scipy.special import ndtri
from sklearn.metrics.pairwise import manhattan_distances

from .._arrays import as_dense, cast, exp, full, is_foreign, multiply, summed_powers
from .._validation import as_numbers, check_columns
from ._base import Kernel
from ._rows import Rows
from ._scale import city_block_width
from ._stationary import check_widths

TINY = 1e-100


class Laplacian(Kernel):
    """k(x, y) = exp(-|x - y|_1 / sigma), of the sum of absolute differences; gamma = 1 / sigma.

    Parameters
    ----------
    sigma : float or {"scale", "median", "auto"}
        Width in the units of X. "scale" is d sd(X), "median" the median city-block distance of at most 1000 evenly
        spaced rows, "auto" is d (scikit-learn's default gamma); these become numbers in `resolve`.
    sigma_bounds : pair of floats or "fixed"
        Range in which Gaussian processes tune `sigma`.

    Examples
    --------
    >>> Laplacian(sigma=2.0)([[0.0, 0.0]], [[1.0, 1.0]]).round(4)
    array([[0.3679]])
    """

    def __init__(self, sigma: Any = 1.0, sigma_bounds: Any = (1e-5, 1e5)):
        self.sigma = sigma
        self.sigma_bounds = sigma_bounds

    @property
    def accepts_sparse(self) -> bool:
        return True

    @property
    def costly(self) -> bool:
        return True

    def _definite(self, X: Any, w: np.ndarray | None) -> dict[str, Any]:
        return {"sigma": city_block_width(self.sigma, as_numbers(X), w)} if isinstance(self.sigma, str) else {}

    def _width(self) -> float:
        if np.ndim(self.sigma):
            raise ValueError(f"sigma must be one number for Laplacian, got {self.sigma!r}")
        return check_widths(self.sigma, 1)

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        self._width()
        X = as_numbers(X)
        if like is None:
            return Rows((X,))
        kept = like.parts[0]
        check_columns(X, kept.shape[1], "the rows they meet have")
        if sp.issparse(X) != sp.issparse(kept):
            X = sp.csr_array(X) if sp.issparse(kept) else as_dense(X)
        return Rows((cast(X, like.dtype),))

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        distances = _city_block(a.parts[0], b.parts[0])
        return cast(exp(multiply(distances, -1 / self._width())), b.dtype)

    def diag(self, X: Any) -> Any:
        X = as_numbers(X)
        self._width()
        return full((X.shape[0],), 1.0, X)

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        # Independent Cauchy coordinates: the ratio of a normal number to the size of another.
        others = np.abs(ndtri(draws.uniforms(count, n_features)))
        cauchy = draws.normals(count, n_features) / np.maximum(others, TINY)
        return cauchy / self._width(), np.full(count, 1 / count)

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        scaled = _city_block(rows.parts[0], rows.parts[0]) / self._width()
        K = np.exp(-scaled)
        return K, self._stack(K, {"sigma": K * scaled})


def _city_block(X: Any, Y: Any) -> Any:
    if sp.issparse(X):
        return manhattan_distances(_short_indices(X), _short_indices(Y))
    if is_foreign(X):
        return summed_powers(X, Y, 1)
    return cdist(X, Y, "cityblock")


def _short_indices(X: Any) -> Any:
    # scikit-learn's loop over sparse rows takes 32-bit indices only; the rows of a tile never need more.
    return sp.csr_array((X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32)), shape=X.shape)
