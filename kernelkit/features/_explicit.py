"""The exact feature maps of kernels whose feature space is finite."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from .._arrays import full, take_rows, widest_float
from ..kernels import Kernel, KernelEstimator, Linear, as_kernel
from ._finite import check_features, check_finite_dimensional, finite_map


def explicit(kernel: Kernel | str) -> ExplicitMap:
    """Return the transformer phi with phi(x).phi(y) = k(x, y), for a kernel whose feature space is finite.

    Parameters
    ----------
    kernel : Kernel or str
        Linear, Polynomial, Cosine, Constant, FeatureKernel, and sums, products, powers and `Columns` of these.

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
    check_finite_dimensional(as_kernel(kernel))
    return ExplicitMap(kernel)


class ExplicitMap(TransformerMixin, KernelEstimator):
    """The features of a kernel whose feature space is finite: their inner product is the kernel.

    Linear has the columns themselves, Polynomial weighted monomials, Cosine the direction of a row, Constant one
    feature, FeatureKernel those of its transformer. A sum of kernels has the features of both, a product all products
    of two, a power the monomials of the features.

    Parameters
    ----------
    kernel : Kernel or str, optional
        See `explicit`; None is Linear.

    Attributes
    ----------
    kernel_ : Kernel
        The kernel with numbers for parameters.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    Raises
    ------
    MemoryError
        If the features do not fit into memory.

    Examples
    --------
    >>> from kernelkit.kernels import Linear, Polynomial
    >>> phi = ExplicitMap(Polynomial(degree=2)).fit([[1.0, 2.0]])
    >>> phi.get_feature_names_out()
    array(['1', 'x0', 'x1', 'x0^2', 'x0 x1', 'x1^2'], dtype=object)
    >>> ExplicitMap((Linear() + 1) ** 2).fit([[1.0, 2.0]]).get_feature_names_out()
    array(['x0^2', 'x0 x1', 'x0', 'x1^2', 'x1', '1'], dtype=object)
    """

    regularisation = None

    def __init__(self, kernel: Kernel | str | None = None):
        self.kernel = kernel

    def _as_kernel(self, kernel: Any) -> Any:
        kernel = Linear() if kernel is None else super()._as_kernel(kernel)
        check_finite_dimensional(kernel)
        return kernel

    @property
    def _not_for_devices(self) -> str | None:
        return None

    @property
    def _made_of(self) -> Any:
        return self._nothing

    def fit(self, X: Any, y: Any = None) -> Self:
        """Resolve the kernel on `X` and list its features.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            The training rows.
        y : None
            Not used.
        """
        X = self._training_rows(X)
        kernel = self._resolved(self._as_kernel(self.kernel), X, None)
        kernel.rows(take_rows(X, slice(0, 1)))  # refuses parameters that are out of their range
        self._map = finite_map(kernel, take_rows(X, slice(0, 1)))
        self.kernel_, self._nothing = kernel, full((0,), 0.0, X, widest_float(X))  # but it lies where the rows do
        return self

    def transform(self, X: Any) -> Any:
        """Return the features of rows, shape (m, p); sparse if `X` is.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, d)
            Rows.
        """
        check_is_fitted(self)
        X = self._rows_like([self.kernel_], X, reset=False)
        check_features(X, self._map.size)
        return self._map.transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return a name for each feature, such as "x0 x1^2"; of equal names the later ones get a number."""
        check_is_fitted(self)
        inputs: list[str | None] = [str(name) for name in _check_feature_names_in(self, input_features)]
        names = [name or "1" for name in self._map.names(inputs)]
        seen: dict[str, int] = {}
        for i, name in enumerate(names):
            seen[name] = seen.get(name, 0) + 1
            names[i] = name if seen[name] == 1 else f"{name} #{seen[name]}"
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
