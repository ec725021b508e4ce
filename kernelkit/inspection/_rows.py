"""A kernel with numbers for parameters, and rows it can be evaluated on."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import as_sliceable, cast, is_floating
from .._validation import check_numbers, check_symmetric
from ..engine import KernelOperator, MatrixOperator
from ..kernels import Kernel, as_kernel, kernel_operator


def resolved(kernel: Any, X: Any) -> tuple[Any, Any]:
    """Return the kernel resolved on the rows, and these, in float64; for "precomputed" the string and the matrix.

    Raises
    ------
    TypeError, ValueError
        If `kernel` is none or has white noise, or `X` is not rows it takes.
    """
    kernel = as_kernel(kernel)
    if not isinstance(kernel, Kernel):
        return kernel, square(X)
    if kernel.has_noise:
        raise ValueError(f"kernel={kernel!r} has white noise, which depends on no pair of rows: leave it out")
    X = check_numbers(X, kernel.accepts_sparse) if kernel.requires_vector_input else as_sliceable(X)
    X = cast(X, np.float64) if is_floating(X) else X
    return kernel.resolve(X), X


def symmetric_operator(kernel: Any, X: Any) -> KernelOperator | MatrixOperator:
    """Return k(X, X) as an operator; a matrix that was given must be symmetric."""
    kernel, X = resolved(kernel, X)
    if not isinstance(kernel, Kernel):
        check_symmetric(X)
    return kernel_operator(kernel, X)


def square(K: Any) -> np.ndarray:
    """Return a kernel matrix that was given, checked."""
    K = check_numbers(K, accept_sparse=False)
    if K.shape[0] != K.shape[1]:
        raise ValueError(f"X must be a square matrix for kernel='precomputed', got shape {K.shape}")
    return K
