"""What transformers with a learned inverse have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._validation import check_columns, check_numbers


class Invertible:
    """A transformer that learns, if ``fit_inverse_transform`` is set, to give back rows by ridge regression."""

    fit_inverse_transform: bool

    def _check_has_rows(self) -> None:
        if self.fit_inverse_transform and self._precomputed:  # type: ignore[attr-defined]
            raise ValueError("Cannot fit_inverse_transform with a precomputed kernel: it needs the rows")

    def _reconstructed(self, X: Any) -> np.ndarray:
        """Return the rows as what `inverse_transform` is to give back."""
        if sp.issparse(X):
            raise ValueError("fit_inverse_transform=True needs X as a dense array: got a sparse matrix")
        return check_numbers(X)

    def _to_invert(self, X: Any) -> np.ndarray:
        """Return checked features, or raise NotFittedError if there is no inverse."""
        check_is_fitted(self)
        if not self.fit_inverse_transform or not hasattr(self, "dual_coef_"):
            raise NotFittedError("inverse_transform needs a model fitted with fit_inverse_transform=True")
        Z = check_numbers(X, accept_sparse=False)
        check_columns(Z, self._n_features_out, "the number of components is")  # type: ignore[attr-defined]
        return Z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.sparse &= not self.fit_inverse_transform
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
