"""The exact feature maps of kernels whose feature space is finite."""

from __future__ import annotations

from math import comb
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from scipy.special import gammaln
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from .._validation import FLOATS
from ..engine import check_memory
from ..kernels import Kernel, Linear, Polynomial

FEWER = "keep the kernel, which needs no features, or take fewer columns or a lower degree"


def explicit(kernel: Kernel) -> ExplicitMap:
    """Return the transformer phi with phi(x).phi(y) = k(x, y), for a kernel whose feature space is finite.

    Parameters
    ----------
    kernel : Linear or Polynomial
        The kernel to lift explicitly.

    Raises
    ------
    TypeError
        If the kernel's feature space is not finite, or its map is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.kernels import Polynomial
    >>> X = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> k = Polynomial(degree=2)
    >>> phi = explicit(k).fit(X)
    >>> np.allclose(phi.transform(X) @ phi.transform(X).T, k(X))
    True
    """
    _check_finite(kernel)
    return ExplicitMap(kernel)


def _check_finite(kernel: Any) -> None:
    if not isinstance(kernel, (Linear, Polynomial)):
        raise TypeError(
            f"kernel must be Linear or Polynomial to be lifted explicitly, got {kernel!r}: "
            "the feature space of most other kernels is infinite"
        )


def _monomials(kernel: Any) -> tuple[int, float, float]:
    """Return degree, gamma and coef0 of (gamma x.y + coef0) ** degree."""
    return (1, 1.0, 0.0) if isinstance(kernel, Linear) else (int(kernel.degree), kernel.gamma, kernel.coef0)


class ExplicitMap(TransformerMixin, BaseEstimator):
    """The monomials of a polynomial kernel, weighted so that their inner product is the kernel.

    (gamma x.y + coef0)^p = sum over exponents a with |a| <= p of w_a x^a y^a with the multinomial weight
    w_a = p! / (a_1! ... a_d! (p - |a|)!) gamma^|a| coef0^(p - |a|).

    Parameters
    ----------
    kernel : Linear or Polynomial
        Needs gamma, coef0 >= 0.

    Attributes
    ----------
    kernel_ : Kernel
        The kernel with numbers for parameters.
    weights_ : array of shape (p,)
        Square roots of the weights w_a of the features.
    n_features_in_ : int
        Number of columns seen in `fit`.

    Raises
    ------
    MemoryError
        If the features do not fit into memory.

    Examples
    --------
    >>> from kernelkit.kernels import Polynomial
    >>> phi = ExplicitMap(Polynomial(degree=2)).fit([[1.0, 2.0]])
    >>> phi.get_feature_names_out()
    array(['1', 'x0', 'x1', 'x0^2', 'x0 x1', 'x1^2'], dtype=object)
    """

    def __init__(self, kernel: Kernel | None = None):
        self.kernel = kernel

    def fit(self, X: Any, y: Any = None) -> Self:
        """Resolve the kernel on `X` and list its monomials.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            The training rows.
        y : ignored
        """
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS)
        kernel = Linear() if self.kernel is None else self.kernel
        _check_finite(kernel)
        kernel = kernel.resolve(X)
        kernel.diag(X[:1])  # refuses parameters that are out of their range
        degree, gamma, coef0 = _monomials(kernel)
        if gamma < 0 or coef0 < 0:
            raise ValueError(f"kernel must have gamma >= 0 and coef0 >= 0 to have real features, got {kernel!r}")
        n_features = comb(X.shape[1] + degree, degree)
        check_memory(16 * n_features * X.shape[1], f"a list of {n_features} monomials", FEWER)
        powers = PolynomialFeatures((0 if coef0 > 0 else degree, degree), include_bias=coef0 > 0).fit(X)
        self.kernel_, self._powers = kernel, powers
        self.weights_ = _root_weights(powers.powers_, degree, gamma, coef0)
        return self

    def transform(self, X: Any) -> Any:
        """Return the features of `X`, shape (n, p); sparse if `X` is."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        n_features = self.weights_.size
        if not sp.issparse(X):
            check_memory(X.shape[0] * n_features * X.itemsize, f"{X.shape[0]} x {n_features} features", FEWER)
        features = self._powers.transform(X)
        weights = self.weights_.astype(features.dtype)
        if sp.issparse(features):
            return features.multiply(weights).tocsr()
        features *= weights
        return features

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return a name for each monomial, such as "x0 x1^2"."""
        check_is_fitted(self)
        return self._powers.get_feature_names_out(_check_feature_names_in(self, input_features))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _root_weights(powers: np.ndarray, degree: int, gamma: float, coef0: float) -> np.ndarray:
    total = powers.sum(axis=1)
    multinomial = np.exp(gammaln(degree + 1) - gammaln(powers + 1).sum(axis=1) - gammaln(degree - total + 1))
    return np.sqrt(multinomial.round() * float(gamma) ** total * float(coef0) ** (degree - total))
