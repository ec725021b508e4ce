"""The finite feature maps that exact maps are made of, each with the size and the names of its features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from scipy.special import gammaln
from sklearn.preprocessing import PolynomialFeatures, normalize

from .._arrays import columns_at, full, is_float32, is_foreign, like, multiply, n_rows, namespace, widest_float
from .._validation import as_numbers
from ..engine import check_memory
from ..kernels import (
    Columns,
    Constant,
    Cosine,
    EmpiricalNTK,
    FeatureKernel,
    Kernel,
    Linear,
    Polynomial,
    Power,
    Product,
    Sum,
)

FEWER = "keep the kernel, which needs no features, or take fewer columns or a lower degree"
Names = list[str | None]
LIFTED = (FeatureKernel, EmpiricalNTK)  # that lift rows themselves
LEAVES = (Linear, Polynomial, Cosine, Constant, *LIFTED)
PAIRS = (Sum, Product)


class FiniteMap(Protocol):
    """Features of a kernel."""

    @property
    def size(self) -> int:
        """How many."""

    def transform(self, X: Any) -> Any:
        """Return the features of rows, shape (n, size); sparse where the rows are."""

    def names(self, inputs: Names) -> Names:
        """Return a name for each; None for one that is the same for all rows."""


def check_finite_dimensional(kernel: Any) -> None:
    """Raise TypeError unless the feature space of the kernel is finite and its map is known."""
    if isinstance(kernel, PAIRS):
        check_finite_dimensional(kernel.k1)
        check_finite_dimensional(kernel.k2)
    elif isinstance(kernel, (Power, Columns)):
        check_finite_dimensional(kernel.kernel)
    elif not isinstance(kernel, LEAVES):
        raise TypeError(
            f"kernel must have a finite feature space to be lifted explicitly, got {kernel!r}: "
            "Nystroem, RandomFourier and RandomNeural approximate others"
        )


def finite_map(kernel: Kernel, rows: Any) -> FiniteMap:
    """Return the map of a kernel with numbers for parameters; `rows` are like those it will be used on."""
    if isinstance(kernel, Constant):
        return One(kernel.value)
    if isinstance(kernel, Sum):
        return Side(finite_map(kernel.k1, rows), finite_map(kernel.k2, rows))
    if isinstance(kernel, Product):
        return Crossed(finite_map(kernel.k1, rows), finite_map(kernel.k2, rows))
    if isinstance(kernel, Power):
        inner = finite_map(kernel.kernel, rows)
        return Composed(inner, Monomials(inner.size, int(kernel.exponent), 1.0, 0.0))
    if isinstance(kernel, Columns):
        width = np.shape(rows)[1]
        return Chosen(kernel, np.arange(width)[kernel.columns], finite_map(kernel.kernel, kernel.chosen(rows)))
    if isinstance(kernel, LIFTED):
        return Given(kernel, int(kernel.lift(rows).shape[1]))
    width = as_numbers(rows).shape[1]
    if isinstance(kernel, Polynomial):
        return Monomials(width, int(kernel.degree), float(kernel.gamma), float(kernel.coef0))
    return Directions(width) if isinstance(kernel, Cosine) else Monomials(width, 1, 1.0, 0.0)


@dataclass(frozen=True)
class Monomials:
    """(gamma x.y + coef0)^degree = sum over exponents a with |a| <= degree of w_a x^a y^a.

    The weights are w_a = p! / (a_1! ... a_d! (p - |a|)!) gamma^|a| coef0^(p - |a|) with p the degree.
    """

    width: int
    degree: int
    gamma: float
    coef0: float

    def __post_init__(self) -> None:
        if self.gamma < 0 or self.coef0 < 0:
            raise ValueError(
                "a polynomial kernel must have gamma >= 0 and coef0 >= 0 to have real features, "
                f"got gamma={self.gamma:g} and coef0={self.coef0:g}"
            )
        check_memory(16 * self.size * max(self.width, 1), f"a list of {self.size} monomials", FEWER)

    @property
    def size(self) -> int:
        if self.coef0 > 0:
            return comb(self.width + self.degree, self.degree)
        return comb(self.width + self.degree - 1, self.degree)

    @cached_property
    def _powers(self) -> PolynomialFeatures:
        lowest = 0 if self.coef0 > 0 else self.degree
        powers = PolynomialFeatures((lowest, self.degree), include_bias=self.coef0 > 0)
        return powers.fit(np.zeros((1, self.width)))

    @cached_property
    def _weights(self) -> np.ndarray:
        powers, p = self._powers.powers_, self.degree
        total = powers.sum(axis=1)
        multinomial = np.exp(gammaln(p + 1) - gammaln(powers + 1).sum(axis=1) - gammaln(p - total + 1))
        return np.sqrt(multinomial.round() * self.gamma**total * self.coef0 ** (p - total))

    def transform(self, X: Any) -> Any:
        X = as_numbers(X)
        features = self._multiplied(X) if is_foreign(X) else self._powers.transform(X)
        weights = like(self._weights, features, features.dtype)
        return features.multiply(weights).tocsr() if sp.issparse(features) else multiply(features, weights)

    def _multiplied(self, X: Any) -> Any:
        """Return the monomials of foreign rows, in the order of scikit-learn's."""
        xp, level = namespace(X), full((n_rows(X), 1), 1.0, X)
        levels = [level]
        for factors, columns in self._steps():
            level = columns_at(level, factors) * columns_at(X, columns)
            levels.append(level)
        return xp.concat(levels, axis=1) if self.coef0 > 0 else level

    def _steps(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, for each degree, which monomial of the degree below and which column each is the product of."""
        last = np.zeros(1, dtype=int)  # the last column in each: those of one degree go on from there
        for _ in range(self.degree):
            counts = self.width - last
            starts = np.cumsum(counts) - counts
            factors = np.repeat(np.arange(len(last)), counts)
            last = np.arange(len(factors)) - np.repeat(starts - last, counts)
            yield factors, last

    def names(self, inputs: Names) -> Names:
        factors = ([(inputs[i], int(a[i])) for i in np.flatnonzero(a).tolist()] for a in self._powers.powers_)
        return [_joined([_power(name, exponent) for name, exponent in row]) for row in factors]


def _joined(names: Names) -> str | None:
    return " ".join(name for name in names if name is not None) or None


def _power(name: str | None, exponent: int) -> str | None:
    if exponent == 1 or name is None:
        return name
    return f"({name})^{exponent}" if " " in name or "^" in name else f"{name}^{exponent}"


@dataclass(frozen=True)
class Directions:
    """x / |x|, and zero for a row of zeros."""

    size: int

    def transform(self, X: Any) -> Any:
        return normalize(as_numbers(X))

    def names(self, inputs: Names) -> Names:
        return list(inputs)


@dataclass(frozen=True)
class One:
    """One feature for all rows."""

    value: float
    size: int = 1

    def transform(self, X: Any) -> Any:
        dtype = X.dtype if is_float32(X) else widest_float(X)
        column = full((n_rows(X), 1), self.value**0.5, X, dtype)
        return sp.csr_array(column) if sp.issparse(X) else column

    def names(self, inputs: Names) -> Names:
        return [None]


def check_features(X: Any, size: int) -> None:
    """Raise MemoryError if `size` features of the type of the rows `X` do not fit; the memory of devices is theirs."""
    if not (sp.issparse(X) or is_foreign(X)):
        bytes_each = getattr(getattr(X, "dtype", None), "itemsize", 8)
        check_memory(n_rows(X) * size * bytes_each, f"{n_rows(X)} x {size} features", FEWER)


@dataclass(frozen=True)
class Side:
    """The features of two maps side by side: a sum of kernels."""

    first: FiniteMap
    second: FiniteMap

    @property
    def size(self) -> int:
        return self.first.size + self.second.size

    def transform(self, X: Any) -> Any:
        parts = [self.first.transform(X), self.second.transform(X)]
        return (
            sp.hstack(parts, format="csr") if any(map(sp.issparse, parts)) else namespace(*parts).concat(parts, axis=1)
        )

    def names(self, inputs: Names) -> Names:
        return self.first.names(inputs) + self.second.names(inputs)


@dataclass(frozen=True)
class Crossed:
    """All products of a feature of one map with one of another: a product of kernels."""

    first: FiniteMap
    second: FiniteMap

    @property
    def size(self) -> int:
        return self.first.size * self.second.size

    def transform(self, X: Any) -> Any:
        A, B = self.first.transform(X), self.second.transform(X)
        if not (sp.issparse(A) or sp.issparse(B)):
            check_features(A, self.size)
            return namespace(A).reshape(A[:, :, None] * B[:, None, :], (A.shape[0], self.size))
        check_memory(32 * self.size, f"a list of {self.size} products of features", FEWER)
        left, right = np.divmod(np.arange(self.size), self.second.size)
        return sp.csr_array(A).tocsc()[:, left].multiply(sp.csr_array(B).tocsc()[:, right]).tocsr()

    def names(self, inputs: Names) -> Names:
        second = self.second.names(inputs)
        return [_joined([a, b]) for a in self.first.names(inputs) for b in second]


@dataclass(frozen=True)
class Composed:
    """Features of features."""

    inner: FiniteMap
    outer: FiniteMap

    @property
    def size(self) -> int:
        return self.outer.size

    def transform(self, X: Any) -> Any:
        return self.outer.transform(self.inner.transform(X))

    def names(self, inputs: Names) -> Names:
        return self.outer.names(self.inner.names(inputs))


@dataclass(frozen=True)
class Chosen:
    """Features of some columns."""

    kernel: Columns
    index: np.ndarray
    inner: FiniteMap

    @property
    def size(self) -> int:
        return self.inner.size

    def transform(self, X: Any) -> Any:
        return self.inner.transform(self.kernel.chosen(X))

    def names(self, inputs: Names) -> Names:
        return self.inner.names([inputs[i] for i in self.index])


@dataclass(frozen=True)
class Given:
    """What a kernel lifts rows to itself."""

    kernel: FeatureKernel | EmpiricalNTK
    size: int

    def transform(self, X: Any) -> Any:
        return self.kernel.lift(X)

    def names(self, inputs: Names) -> Names:
        ask = getattr(getattr(self.kernel, "transformer", None), "get_feature_names_out", None)
        for arguments in ((np.array([name or "1" for name in inputs], dtype=object),), ()):
            try:
                return [str(name) for name in ask(*arguments)]  # type: ignore[misc]
            except (TypeError, ValueError, AttributeError):  # it has none, or none of these inputs
                continue
        return [f"feature{i}" for i in range(self.size)]
