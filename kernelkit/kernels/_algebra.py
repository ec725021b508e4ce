"""Sums, products and powers of kernels: kernels again."""

from __future__ import annotations

import copy
import numbers
from abc import abstractmethod
from functools import reduce
from typing import Any

import numpy as np
from sklearn.gaussian_process.kernels import Kernel as SklearnKernel

from .._arrays import add, full, integer_power, is_floating, is_view, multiply, n_rows, own_copy
from .._validation import check_number
from ._base import Kernel
from ._rows import Rows


def combine(kind: type[_Pair], left: Any, right: Any) -> Any:
    """Join copies of two operands, so that parameters set on one side of ``k + k`` leave the other alone."""
    k1, k2 = _operand(left), _operand(right)
    return NotImplemented if k1 is None or k2 is None else kind(k1, k2)


def _operand(value: Any) -> Kernel | None:
    if isinstance(value, Kernel):
        return copy.deepcopy(value)
    if isinstance(value, numbers.Real):
        return Constant(float(value))
    if isinstance(value, SklearnKernel):
        from ._foreign import SklearnWrapper

        return SklearnWrapper(copy.deepcopy(value))
    return None


class Constant(Kernel):
    """k(x, y) = value.

    Parameters
    ----------
    value : float
        At least 0.
    value_bounds : pair of floats or "fixed"
        Range in which Gaussian processes tune `value`.

    Examples
    --------
    >>> (2 * Constant(3.0))([[1.0], [2.0]])
    array([[6., 6.],
           [6., 6.]])
    """

    def __init__(self, value: float = 1.0, value_bounds: Any = (1e-5, 1e5)):
        self.value = value
        self.value_bounds = value_bounds

    @property
    def accepts_sparse(self) -> bool:
        return True

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        check_number("value", self.value, at_least=0)
        dtype = X.dtype if is_floating(X) else np.dtype(np.float64)
        nothing = full((n_rows(X), 0), 0.0, X, dtype)
        return Rows((nothing,), dtype if like is None else like.dtype)

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return full((len(a), len(b)), self.value, a.parts[0], b.dtype)

    def diag(self, X: Any) -> Any:
        dtype = X.dtype if is_floating(X) else np.dtype(np.float64)
        return full((n_rows(X),), self.value, X, dtype)

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((count, n_features)), np.full(count, self.value / count)

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        K = self.tile(rows, rows)
        return K, self._stack(K, {"value": K})


def _own(values: Any, out: np.ndarray | None = None) -> Any:
    """Return values that may be overwritten: a kernel may have returned a view of its rows in spite of the protocol."""
    return own_copy(values) if values is not out and is_view(values) else values


class _Pair(Kernel):
    """Two kernels on the same rows."""

    def __init__(self, k1: Kernel, k2: Kernel):
        self.k1 = k1
        self.k2 = k2

    @staticmethod
    @abstractmethod
    def _join(first: Any, second: Any) -> Any:
        """Join two values elementwise, overwriting the first where it can be."""

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        first, second = (None, None) if like is None else like.parts
        return Rows((self.k1.rows(X, first), self.k2.rows(X, second)))

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        if isinstance(self.k1, Constant):
            return self._join(_own(self.k2.tile(a.parts[1], b.parts[1], out), out), self.k1.value)
        first = _own(self.k1.tile(a.parts[0], b.parts[0], out), out)
        if isinstance(self.k2, Constant):
            return self._join(first, self.k2.value)
        return self._join(first, self.k2.tile(a.parts[1], b.parts[1]))

    def diag(self, X: Any) -> Any:
        return self._join(_own(self.k1.diag(X)), self.k2.diag(X))


class Sum(_Pair):
    """k(x, y) = k1(x, y) + k2(x, y), written ``k1 + k2``.

    Parameters
    ----------
    k1, k2 : Kernel
        The terms; their parameters are reached as ``k1__sigma``.

    Examples
    --------
    >>> from kernelkit.kernels import Gaussian, Linear
    >>> Linear() + 0.5 * Gaussian(sigma=2.0)
    Sum(k1=Linear(), k2=Product(k1=Constant(value=0.5), k2=Gaussian(sigma=2.0)))
    """

    @staticmethod
    def _join(first: Any, second: Any) -> Any:
        return add(first, second)

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        sizes = [float(k.diag(np.zeros((1, n_features)))[0]) for k in (self.k1, self.k2)]
        share = sizes[0] / (sum(sizes) or 1.0)
        if count == 1:
            term = self.k1 if draws.uniforms(1, 1)[0, 0] < share else self.k2
            return term.frequencies(n_features, 1, draws)[0], np.array([sum(sizes)])
        # In proportion to their sizes; a constant needs only one.
        wanted = 1 if isinstance(self.k1, Constant) else count - 1 if isinstance(self.k2, Constant) else count * share
        first = min(max(round(wanted), 1), count - 1)
        parts = [self.k1.frequencies(n_features, first, draws), self.k2.frequencies(n_features, count - first, draws)]
        frequencies, weights = zip(*parts, strict=True)
        return np.concatenate(frequencies), np.concatenate(weights)

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        K1, dK1 = self.k1.value_and_gradient(rows.parts[0])
        K2, dK2 = self.k2.value_and_gradient(rows.parts[1])
        return K1 + K2, np.concatenate([dK1, dK2], axis=2)


Sample = tuple[np.ndarray, np.ndarray]


def _convolved(first: Sample, second: Sample, draws: Any) -> Sample:
    """Return the sample of a product of kernels: sums of frequencies of equal weight, in pairs that chance makes."""
    (a, total), (b, other) = _evenly(first, draws), _evenly(second, draws)
    return a + b[draws.permutation(len(b))], np.full(len(a), total * other / len(a))


def _evenly(sample: Sample, draws: Any) -> tuple[np.ndarray, float]:
    """Return as many frequencies of equal weight, each as often as its weight wants, and the sum of the weights."""
    frequencies, weights = sample
    total, n = float(weights.sum()), len(weights)
    if total == 0 or (weights == weights[0]).all():
        return frequencies, total
    places = (np.arange(n) + draws.uniforms(1, 1)[0, 0]) / n
    return frequencies[np.minimum(np.searchsorted(np.cumsum(weights) / total, places), n - 1)], total


class Product(_Pair):
    """k(x, y) = k1(x, y) k2(x, y), written ``k1 * k2``.

    Parameters
    ----------
    k1, k2 : Kernel
        The factors; their parameters are reached as ``k1__sigma``.

    Examples
    --------
    >>> from kernelkit.kernels import Gaussian
    >>> (Gaussian() * Gaussian(sigma=2.0)).get_params()["k2__sigma"]
    2.0
    """

    @staticmethod
    def _join(first: Any, second: Any) -> Any:
        return multiply(first, second)

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        first, second = (k.frequencies(n_features, count, draws) for k in (self.k1, self.k2))
        return _convolved(first, second, draws)

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        K1, dK1 = self.k1.value_and_gradient(rows.parts[0])
        K2, dK2 = self.k2.value_and_gradient(rows.parts[1])
        return K1 * K2, np.concatenate([dK1 * K2[:, :, None], dK2 * K1[:, :, None]], axis=2)


class Power(Kernel):
    """k(x, y) = kernel(x, y) ** exponent, written ``kernel ** exponent``.

    Parameters
    ----------
    kernel : Kernel
        The base.
    exponent : int
        At least 1: other powers of a positive semi-definite kernel need not be one.

    Examples
    --------
    >>> from kernelkit.kernels import Linear
    >>> ((Linear() + 1) ** 2)([[2.0]])
    array([[25.]])
    """

    def __init__(self, kernel: Kernel, exponent: int = 2):
        self.kernel = kernel
        self.exponent = exponent

    def _exponent(self) -> int:
        return check_number("exponent", self.exponent, at_least=1, integer=True)

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        self._exponent()
        return self.kernel.rows(X, like)

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return integer_power(_own(self.kernel.tile(a, b, out), out), self._exponent())

    def diag(self, X: Any) -> Any:
        return integer_power(_own(self.kernel.diag(X)), self._exponent())

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        factors = (self.kernel.frequencies(n_features, count, draws) for _ in range(self._exponent()))
        return reduce(lambda first, second: _convolved(first, second, draws), factors)

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        K, dK = self.kernel.value_and_gradient(rows)
        p = self._exponent()
        return K**p, p * (K ** (p - 1))[:, :, None] * dK
