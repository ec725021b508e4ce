"""What transformers with a learned inverse have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any

import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._validation import check_columns, check_follows, check_numbers

WANTED = "inverse_transform needs a model fitted with fit_inverse_transform=True"


class where_invertible:  # noqa: N801
    """A method of an `Invertible` that is there where an inverse is, or is to be, learned: else asking is an error."""

    def __init__(self, method: Callable[..., Any]):
        self._method = method
        update_wrapper(self, method)  # type: ignore[arg-type]

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self._method
        if not model.fit_inverse_transform:
            raise NotFittedError(WANTED)
        return MethodType(self._method, model)


class Invertible:
    """A transformer that learns, if ``fit_inverse_transform`` is set, to give back rows by ridge regression."""

    fit_inverse_transform: bool

    def _check_has_rows(self) -> None:
        if self.fit_inverse_transform and self._precomputed:  # type: ignore[attr-defined]
            raise ValueError("Cannot fit_inverse_transform with a precomputed kernel: it needs the rows")

    def _reconstructed(self, X: Any) -> Any:
        """Return the rows as what `inverse_transform` is to give back."""
        if sp.issparse(X):
            raise ValueError("fit_inverse_transform=True needs X as a dense array: got a sparse matrix")
        return check_numbers(X)

    def _to_invert(self, X: Any) -> Any:
        """Return checked features."""
        check_is_fitted(self)
        if not hasattr(self, "dual_coef_"):
            raise NotFittedError(WANTED)
        check_follows(X, self.dual_coef_, type(self).__name__, "inverse_transform")  # type: ignore[attr-defined]
        Z = check_numbers(X, accept_sparse=False)
        check_columns(Z, self._n_features_out, "the number of components is")  # type: ignore[attr-defined]
        return Z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.sparse &= not self.fit_inverse_transform
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
