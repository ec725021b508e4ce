"""What every estimator with a ``kernel`` parameter has in common."""

from __future__ import annotations

import numbers
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from .._arrays import as_sliceable, n_rows
from .._validation import FLOATS, check_symmetric
from ..engine import KernelOperator, MatrixOperator
from ..kernels import Kernel, as_kernel


def check_varies(X: Any) -> None:
    """Raise ValueError if all rows of an array, or of a kernel matrix, are the same."""
    if sp.issparse(X):
        same = bool((X.max(axis=0).toarray() == X.min(axis=0).toarray()).all())
    else:
        same = isinstance(X, np.ndarray) and bool((X == X[0]).all())
    if same:
        raise ValueError(f"X has constant columns only: {n_rows(X)} rows that are all the same teach nothing")


class KernelEstimator(BaseEstimator):
    """An estimator that keeps its training rows and meets them again through a kernel."""

    regularisation: ClassVar[str | None] = "alpha"  # where noise in place of a kernel belongs, and a number too
    first_number: ClassVar[str | None] = None  # unless this is what a number was meant to be

    kernel: Any

    def set_params(self, **params: Any) -> Self:
        """Set parameters; those of the kernel are reached as ``kernel__sigma``.

        Raises
        ------
        ValueError
            If a parameter does not exist, or ``kernel`` is not a kernel object whose parameters could be set.
        """
        nested = [name for name in params if name.startswith("kernel__")]
        kernel = params.get("kernel", self.kernel)
        if nested and isinstance(kernel, (list, tuple)):
            raise ValueError(f"{nested[0]} cannot be set on a list of kernels: give it in param_grid")
        if nested and (isinstance(kernel, type) or not hasattr(kernel, "set_params")):
            raise ValueError(
                f"{nested[0]} cannot be set on kernel={kernel!r}, which has no parameters; "
                "pass a kernel object first, such as kernel=Gaussian()"
            )
        return super().set_params(**params)

    @property
    def _precomputed(self) -> bool:
        return self._kernels() == ["precomputed"]

    def _kernels(self) -> list[Any]:
        """List the kernels that may be fitted."""
        return [self._as_kernel(self.kernel)]

    def _as_kernel(self, kernel: Any) -> Any:
        try:
            return as_kernel(kernel)
        except TypeError as error:
            meant = self.first_number or self.regularisation
            if meant is None or not isinstance(kernel, numbers.Real):
                raise
            raise TypeError(f"{error}; did you mean {meant}={kernel!r}?") from None

    def _training_rows(self, X: Any) -> Any:
        """Return the training rows, or kernel matrix, checked the way all kernels want them."""
        kernels = self._kernels()
        if "precomputed" in kernels and len(kernels) > 1:
            raise ValueError("kernel='precomputed' takes kernel matrices in place of X: no other kernel can join it")
        shape: Any = getattr(X, "shape", ())
        if self._precomputed and len(shape) == 2 and shape[0] != shape[1]:
            raise ValueError(f"X must be a square matrix for kernel='precomputed', got shape {shape}")
        X = self._rows_like(kernels, X, reset=True)
        if self._precomputed:
            check_symmetric(X)
        return X

    def _rows_like(self, kernels: list[Any], X: Any, reset: bool) -> Any:
        if any(isinstance(kernel, Kernel) and not kernel.requires_vector_input for kernel in kernels):
            validate_data(self, X, skip_check_array=True, reset=reset)
            return as_sliceable(X)
        sparse = all(isinstance(kernel, Kernel) and kernel.accepts_sparse for kernel in kernels)
        return validate_data(self, X, accept_sparse="csr" if sparse else False, dtype=FLOATS, reset=reset)

    def _resolved(self, kernel: Any, X: Any, sample_weight: np.ndarray | None) -> Any:
        if not isinstance(kernel, Kernel):
            return kernel
        if kernel.has_noise:
            instead = f"set {self.regularisation} instead" if self.regularisation else "leave it out"
            raise ValueError(f"kernel={kernel!r} has white noise, which is not a kernel here: {instead}")
        return kernel.resolve(X, sample_weight)

    def _against_training(self, X: Any) -> KernelOperator | MatrixOperator:
        """Return the kernel values between new rows and the training rows, shape (m, n)."""
        check_is_fitted(self)
        X = self._rows_like([self.kernel_], X, reset=False)
        return KernelOperator(self.kernel_, X, self.X_fit_) if isinstance(self.kernel_, Kernel) else MatrixOperator(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self._precomputed
        tags.input_tags.sparse = all(getattr(kernel, "accepts_sparse", False) for kernel in self._kernels())
        return tags
