"""Kernels of the inner product x.y: linear, polynomial, sigmoid, cosine."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._arrays import add, as_dense, cast, integer_power, multiply, namespace, products, row_sums, tanh
from .._validation import as_numbers, check_columns, check_number
from ._base import Kernel
from ._rows import Rows
from ._scale import inner_gamma


class Linear(Kernel):
    """k(x, y) = x.y.

    Examples
    --------
    >>> Linear()([[1.0, 2.0]], [[3.0, 4.0], [0.0, 1.0]])
    array([[11.,  2.]])
    """

    @property
    def accepts_sparse(self) -> bool:
        return True

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        return Rows((_like(as_numbers(X), like),))

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return products(a.parts[0], b.parts[0], out)

    def diag(self, X: Any) -> Any:
        X = as_numbers(X)
        return row_sums(X, X)


class Cosine(Kernel):
    """k(x, y) = x.y / (|x| |y|); zero where x or y is.

    Examples
    --------
    >>> Cosine()([[3.0, 4.0]], [[1.0, 0.0], [0.0, 0.0]])
    array([[0.6, 0. ]])
    """

    @property
    def accepts_sparse(self) -> bool:
        return True

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        return Rows((_unit(_like(as_numbers(X), like)),))

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return products(a.parts[0], b.parts[0], out)

    def diag(self, X: Any) -> Any:
        Z = _unit(as_numbers(X))
        return row_sums(Z, Z)


def _like(X: Any, like: Rows | None) -> Any:
    if like is None:
        return X
    check_columns(X, like.parts[0].shape[1], "the rows they meet have")
    return cast(X, like.dtype)


def _unit(X: Any) -> Any:
    xp = namespace(X)
    # Divided by the largest entry first, squares neither overflow nor vanish.
    largest = as_dense(abs(X).max(axis=1)).reshape(-1) if sp.issparse(X) else xp.max(xp.abs(X), axis=1)
    scaled = _scale_rows(X, xp.where(largest == 0, xp.ones_like(largest), largest))
    norms = xp.sqrt(row_sums(scaled, scaled))
    return _scale_rows(scaled, xp.where(norms == 0, xp.ones_like(norms), norms))


def _scale_rows(X: Any, divisors: Any) -> Any:
    if sp.issparse(X):
        return sp.csr_array(sp.diags_array(1 / divisors) @ X).astype(X.dtype)
    return X / divisors[:, None]


class DotProduct(Kernel):
    """A kernel profile(gamma x.y + coef0): a member writes the elementwise `_profile` and its `_slope`."""

    gamma: Any
    coef0: Any

    @abstractmethod
    def _profile(self, u: Any) -> Any:
        """Return k as a function of u = gamma x.y + coef0, overwriting `u` where it can be."""

    @abstractmethod
    def _slope(self, u: np.ndarray) -> np.ndarray:
        """Return dk/du."""

    @property
    def accepts_sparse(self) -> bool:
        return True

    def _definite(self, X: Any, w: np.ndarray | None) -> dict[str, Any]:
        return {"gamma": inner_gamma(self.gamma, as_numbers(X), w)} if isinstance(self.gamma, str) else {}

    def _numbers(self) -> tuple[float, float]:
        if isinstance(self.gamma, str):
            raise ValueError(f"gamma={self.gamma!r} depends on the data: call resolve(X) on the kernel first")
        return float(check_number("gamma", self.gamma)), float(check_number("coef0", self.coef0))

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        self._numbers()
        return Rows((_like(as_numbers(X), like),))

    def _affine(self, inner: Any) -> Any:
        gamma, coef0 = self._numbers()
        if gamma != 1:
            inner = multiply(inner, gamma)
        return add(inner, coef0) if coef0 != 0 else inner

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return self._profile(self._affine(products(a.parts[0], b.parts[0], out)))

    def diag(self, X: Any) -> Any:
        X = as_numbers(X)
        return self._profile(self._affine(row_sums(X, X)))

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        u = self._affine(products(rows.parts[0], rows.parts[0]))
        slope = self._slope(u)
        gradient = self._stack(u, {"gamma": slope * (u - self.coef0), "coef0": slope * self.coef0})
        return self._profile(u), gradient


class Polynomial(DotProduct):
    """k(x, y) = (gamma x.y + coef0) ** degree.

    Parameters
    ----------
    degree : int
        At least 1.
    gamma : float or {"scale", "auto"}
        At least 0; "scale" is 1 / (d var(X)), "auto" is 1 / d, of the training rows.
    coef0 : float
        At least 0; 0 leaves only the monomials of full degree.
    gamma_bounds, coef0_bounds : pair of floats or "fixed"
        Ranges in which Gaussian processes tune them.

    Examples
    --------
    >>> Polynomial(degree=2)([[1.0, 2.0]], [[3.0, 4.0]])
    array([[144.]])
    """

    def __init__(
        self,
        degree: int = 3,
        gamma: float | str = 1.0,
        coef0: float = 1.0,
        gamma_bounds: Any = (1e-5, 1e5),
        coef0_bounds: Any = (1e-5, 1e5),
    ):
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.gamma_bounds = gamma_bounds
        self.coef0_bounds = coef0_bounds

    @property
    def positive_definite(self) -> bool:
        return not isinstance(self.gamma, str) and self.gamma >= 0 and self.coef0 >= 0

    def _numbers(self) -> tuple[float, float]:
        check_number("degree", self.degree, at_least=1, integer=True)
        return super()._numbers()

    def _profile(self, u: Any) -> Any:
        return integer_power(u, int(self.degree))

    def _slope(self, u: np.ndarray) -> np.ndarray:
        return self.degree * u ** (int(self.degree) - 1)


class Sigmoid(DotProduct):
    """k(x, y) = tanh(gamma x.y + coef0); not positive semi-definite in general.

    Parameters
    ----------
    gamma : float or {"scale", "auto"}
        "scale" is 1 / (d var(X)), "auto" is 1 / d, of the training rows.
    coef0 : float
        The offset.
    gamma_bounds, coef0_bounds : pair of floats or "fixed"
        Ranges in which Gaussian processes tune them.

    Examples
    --------
    >>> Sigmoid(gamma=0.1)([[1.0, 2.0]], [[3.0, 4.0]]).round(3)
    array([[0.8]])
    """

    def __init__(
        self,
        gamma: float | str = 1.0,
        coef0: float = 0.0,
        gamma_bounds: Any = (1e-5, 1e5),
        coef0_bounds: Any = (1e-5, 1e5),
    ):
        self.gamma = gamma
        self.coef0 = coef0
        self.gamma_bounds = gamma_bounds
        self.coef0_bounds = coef0_bounds

    @property
    def positive_definite(self) -> bool:
        return False

    def _profile(self, u: Any) -> Any:
        return tanh(u)

    def _slope(self, u: np.ndarray) -> np.ndarray:
        return 1 - np.tanh(u) ** 2
