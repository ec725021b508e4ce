"""Kernels of the Euclidean distance, each row scaled and centred so that a tile is one matrix product and a profile."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._arrays import (
    as_dense,
    cast,
    full,
    is_float32,
    is_foreign,
    like,
    median_of_columns,
    minimum,
    namespace,
    products,
    row_sums,
    same_arrays,
    summed_powers,
    widest_float,
)
from .._validation import as_floats, as_numbers, check_columns, check_number
from ._base import Kernel
from ._rows import Rows
from ._scale import squared_width

NEAR = 1e-4  # squared distance, relative to the squared norms, below which half the digits of a matrix product are lost
FLOAT32_EPS, FLOAT32_ERROR = float(np.finfo(np.float32).eps), 1e-6  # what k may be wrong by
FLOAT64_EPS, FLOAT64_ERROR = float(np.finfo(np.float64).eps), 1e-11
PRECISIONS = {False: (FLOAT64_EPS, FLOAT64_ERROR), True: (FLOAT32_EPS, FLOAT32_ERROR)}  # by whether that is float32
CHUNK = 2**16


class Frame:
    """What all rows of a set share.

    Attributes
    ----------
    origin : array of shape (d,) or None
        Where the rows are centred; None is zero.
    n_features : int
        The number of columns d.
    wide : bool
        Whether float32 rows are multiplied in float64.
    repair : bool
        Whether pairs that are near each other are formed from their difference.
    """

    def __init__(self, origin: Any, n_features: int, wide: bool, repair: bool):
        self.origin = origin
        self.n_features = n_features
        self.wide = wide
        self.repair = repair

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame):
            return False
        flags = (self.wide, self.repair) == (other.wide, other.repair)
        return flags and same_arrays(self.origin, other.origin)

    __hash__ = None  # type: ignore[assignment]


class Stationary(Kernel):
    """A kernel profile(s) of s = -|(x - y) / sigma|^2 / 2: a member writes the elementwise `_profile` and `_slope`.

    With z = (x - origin) / sigma and h = |z|^2 / 2, rows are kept as [z, -h, -1] and [z, 1, h], so that one matrix
    product gives s, the norms included.
    """

    sigma: Any

    @abstractmethod
    def _profile(self, s: Any) -> Any:
        """Return k as a function of s <= 0, overwriting `s` where it can be."""

    @abstractmethod
    def _slope(self, s: np.ndarray) -> np.ndarray:
        """Return dk/ds; any finite number at s = 0 where it has none."""

    @property
    def _steepest(self) -> float:
        """The largest dk/ds, by which an error of s grows; infinite for a kernel with a kink at x = y."""
        return 1.0

    @property
    def accepts_sparse(self) -> bool:
        return True

    def _definite(self, X: Any, w: np.ndarray | None) -> dict[str, Any]:
        return {"sigma": squared_width(self.sigma, as_numbers(X), w) ** 0.5} if isinstance(self.sigma, str) else {}

    def _widths(self, n_features: int) -> Any:
        return check_widths(self.sigma, n_features)

    def _framed(self, X: Any) -> tuple[Frame, Any]:
        """Return the frame of rows that are kept, and the rows in it."""
        sigma, d = self._widths(X.shape[1]), X.shape[1]
        widest = widest_float(X)
        wide_X = cast(X, widest)
        origin = None if sp.issparse(X) else namespace(X).mean(wide_X, axis=0)
        Z = _scaled(wide_X, origin, sigma)
        size = self._size(Z)
        eps, error = PRECISIONS[is_float32(Z)]
        if origin is not None and size * eps > error:
            # A few far rows pull the mean away from all others; the median stays.
            origin = median_of_columns(wide_X)
            Z = _scaled(wide_X, origin, sigma)
            size = self._size(Z)
        wide = is_float32(X) and size * FLOAT32_EPS > FLOAT32_ERROR and not is_float32(Z)
        return Frame(origin, d, wide, size * eps > error), Z

    def _size(self, Z: Any) -> float:
        """Return the factor by which relative rounding errors of a matrix product grow in k."""
        return max(float(namespace(Z).max(row_sums(Z, Z))), 1e-30) * self._steepest

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        X = as_numbers(X)
        if like is None:
            frame, Z = self._framed(X)
            dtype = X.dtype
        else:
            frame, dtype = like.shared, like.dtype
            check_columns(X, frame.n_features, "the rows they meet have")
            X = cast(X if frame.origin is None else as_dense(X), widest_float(X))
            Z = _scaled(X, frame.origin, self._widths(frame.n_features))
        left, right = _both_sides(Z, widest_float(X) if frame.wide else dtype)
        return Rows((left, right), dtype, frame)

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return self._profile(self._half_squares(a, b, out))

    def _half_squares(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        a.check_shared(b)
        s = minimum(products(a.parts[0], b.parts[1], out), 0.0)
        if a.shared.repair:
            s = _repair(s, a.parts[0], b.parts[1])
        return cast(s, b.dtype)

    def diag(self, X: Any) -> Any:
        X = as_numbers(X)
        self._widths(X.shape[1])
        return full((X.shape[0],), 1.0, X)

    def _spread(self, count: int, draws: Any) -> Any:
        """Return random factors, shape (count, 1), that make normal frequencies those of this kernel; 1 by default."""
        return 1.0

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        normals = draws.normals(count, n_features) / self._widths(n_features)
        return normals * self._spread(count, draws), np.full(count, 1 / count)

    def _width_gradient(self, rows: Rows, s: np.ndarray) -> np.ndarray:
        # ds / dlog(sigma_k) = ((x_k - y_k) / sigma_k)^2, summed over k for one sigma.
        slope = self._slope(s)
        if np.ndim(self.sigma) == 0:
            return -2 * s * slope
        Z = as_dense(rows.parts[1])[:, :-2]
        return np.stack([(z[:, None] - z[None, :]) ** 2 * slope for z in Z.T], axis=2)

    def _shape_gradient(self, s: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gradients with respect to the logarithms of hyperparameters other than sigma."""
        return {}

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        s = self._half_squares(rows, rows)
        gradient = self._stack(s, {"sigma": self._width_gradient(rows, s), **self._shape_gradient(s)})
        return self._profile(s), gradient


def check_widths(sigma: Any, n_features: int) -> Any:
    """Return sigma as a positive number, or an array with one for each feature."""
    if isinstance(sigma, str):
        raise ValueError(f"sigma={sigma!r} depends on the data: call resolve(X) on the kernel first")
    if np.ndim(sigma) == 0:
        return float(check_number("sigma", sigma, above=0))
    widths = as_floats("sigma", sigma)
    if widths.shape != (n_features,):
        raise ValueError(f"sigma must be a number or one for each of {n_features} features, got shape {widths.shape}")
    if not (np.isfinite(widths).all() and (widths > 0).all()):
        raise ValueError(f"sigma must be > 0 for every feature, got {sigma!r}")
    return widths


def _scaled(X: Any, origin: Any, sigma: Any) -> Any:
    if sp.issparse(X):
        return sp.csr_array(X.multiply(1 / np.reshape(sigma, (1, -1)))) if np.ndim(sigma) else X / sigma
    if is_foreign(X) and np.ndim(sigma):
        sigma = like(sigma, X)
    return (X if origin is None else X - origin) / sigma


def _both_sides(Z: Any, dtype: Any) -> tuple[Any, Any]:
    h = row_sums(Z, Z) / 2
    xp = namespace(Z)
    one = xp.ones_like(h)
    if sp.issparse(Z):
        Z = sp.csr_array(Z)
        left, right = (sp.hstack([Z, np.stack(c, axis=1)], format="csr") for c in ((-h, -one), (one, h)))
        return left.astype(dtype, copy=False), right.astype(dtype, copy=False)
    if is_foreign(Z):
        left, right = (cast(xp.concat([Z, xp.stack(c, axis=1)], axis=1), dtype) for c in ((-h, -one), (one, h)))
        return left, right
    d = Z.shape[1]
    left = np.empty((Z.shape[0], d + 2), dtype=dtype)
    left[:, :d], left[:, d], left[:, d + 1] = Z, -h, -1
    right = left.copy()
    right[:, d], right[:, d + 1] = 1, h
    return left, right


def _repair(s: Any, left: Any, right: Any) -> Any:
    """Form -|z - z'|^2 / 2 from the difference itself for the pairs that are near each other."""
    xp = namespace(s)
    h, g = as_dense(-left[:, -2:-1]), as_dense(right[:, -1:])
    if xp.max(s) <= -NEAR * (xp.max(h) + xp.max(g)) and xp.max(h) > 0:
        return s
    near = s >= -NEAR * (h + g.T)
    d = left.shape[1] - 2
    if is_foreign(s):
        return xp.where(near, -summed_powers(left[:, :d], right[:, :d], 2) / 2, s)
    i, j = np.nonzero(near)
    for start in range(0, len(i), CHUNK):
        k, m = i[start : start + CHUNK], j[start : start + CHUNK]
        difference = as_dense(left[k, :d] - right[m, :d])
        s[k, m] = -row_sums(difference, difference) / 2
    return s
