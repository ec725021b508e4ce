"""A transformer as a kernel: the inner product of the features it makes."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._arrays import cast, products, row_sums
from .._validation import check_numbers
from ._base import Kernel
from ._rows import Rows


class FeatureKernel(Kernel):
    """k(x, y) = phi(x).phi(y), with phi the ``transform`` of a transformer.

    Parameters
    ----------
    transformer : transformer
        A fitted one is left as it is; an unfitted one is cloned and fitted in `resolve`. Inside scikit-learn's own
        estimators, which clone, wrap a fitted one in ``sklearn.frozen.FrozenEstimator``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> X = np.array([[1.0], [2.0]])
    >>> FeatureKernel(PolynomialFeatures(2)).resolve(X)(X)
    array([[ 3.,  7.],
           [ 7., 21.]])
    """

    def __init__(self, transformer: Any):
        self.transformer = transformer

    @property
    def requires_vector_input(self) -> bool:
        # A transformer may read text, categories or tables.
        return False

    @property
    def needs_numpy(self) -> bool:
        return True

    def _is_fitted(self) -> bool:
        try:
            check_is_fitted(self.transformer)
        except NotFittedError:
            return False
        return True

    def _resolved(self, X: Any, w: np.ndarray | None) -> Self:
        kernel = copy.deepcopy(self)
        if not self._is_fitted():
            kernel.transformer = clone(self.transformer).fit(X)
        return kernel

    def lift(self, X: Any, like: Rows | None = None) -> Any:
        if not self._is_fitted():
            raise ValueError(f"transformer={self.transformer!r} is not fitted: call resolve(X) on the kernel first")
        features = check_numbers(self.transformer.transform(X), name="the features")
        return features if like is None else cast(features, like.dtype)

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        return Rows((self.lift(X, like),))

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return products(a.parts[0], b.parts[0], out)

    def diag(self, X: Any) -> Any:
        features = self.lift(X)
        return row_sums(features, features)
