"""What all that have a ``kernel`` parameter share: how it is set, checked and resolved, and the rows it takes."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from .._arrays import as_sliceable, can_follow, floats_on_device_of, is_dask, is_foreign, whereabouts
from .._validation import check_follows, check_symmetric
from ..engine import DaskOperator, DeviceOperator, KernelOperator, matrix_operator, operator_for
from ._base import Kernel
from ._dask import ColumnSums, checked_blocks, resolved_on_blocks
from ._foreign import as_kernel


def kernel_operator(kernel: Any, X: Any, Y: Any = None) -> Any:
    """Return k(X, Y), or k(X, X), as an operator; for "precomputed" `X` is the matrix."""
    return operator_for(kernel, X, Y) if isinstance(kernel, Kernel) else matrix_operator(X)


def landmark_operator(kernel: Kernel, X: Any, Z: Any) -> KernelOperator | DeviceOperator | DaskOperator:
    """Return k(x, Z) for rows in memory, or in the blocks of a Dask array, as an operator."""
    return DaskOperator(kernel, X, Z) if is_dask(X) else operator_for(kernel, X, Z)


def all_or_nothing(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Return `fit` as one that leaves the estimator as it was if it does not come to its end."""

    @wraps(fit)
    def fit_or_restore(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(vars(self))
        try:
            return fit(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fit_or_restore


class KernelEstimator(BaseEstimator):
    """An estimator or transformer with a ``kernel`` parameter."""

    regularisation: ClassVar[str | None] = "alpha"  # where noise in place of a kernel belongs, and a number too
    first_number: ClassVar[str | None] = None  # unless this is what a number was meant to be

    kernel: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "fit" in vars(cls):
            cls.fit = all_or_nothing(vars(cls)["fit"])  # type: ignore[attr-defined]

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

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "kernel_")

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
        if is_dask(X):
            return self._training_blocks(kernels, X)
        shape: Any = getattr(X, "shape", ())
        if self._precomputed and len(shape) == 2 and shape[0] != shape[1]:
            raise ValueError(f"X must be a square matrix for kernel='precomputed', got shape {shape}")
        X = self._rows_like(kernels, X, reset=True)
        if self._precomputed:
            check_symmetric(X)
        return X

    @property
    def _not_for_dask(self) -> str | None:
        """What would have to be different for a fit to Dask arrays; None where it takes them."""
        return "another estimator: KernelRidge, KernelPCA, Nystroem and RandomFourier can"

    def _training_blocks(self, kernels: list[Any], X: Any) -> Any:
        """Return training rows in the blocks of a Dask array, of which nothing is read yet."""
        wanted = self._not_for_dask
        if wanted is None and not all(getattr(kernel, "requires_vector_input", False) for kernel in kernels):
            wanted = "a kernel of rows of numbers"
        if wanted is not None:
            raise ValueError(f"{type(self).__name__} needs {wanted}, to be fitted to Dask arrays; or X.compute()")
        return checked_blocks(self, X, reset=True)

    @property
    def _not_for_devices(self) -> str | None:
        """What to do for a fit to arrays of other libraries than NumPy; None where it takes them."""
        return "take KernelRidge, which can"

    @property
    def _made_of(self) -> Any:
        """A fitted array, with which new rows must share library and device; None where there is none."""
        fitted = (vars(self).get(name) for name in ("X_fit_", "dual_coef_"))
        return next((array for array in fitted if array is not None), None)

    def _check_library(self, X: Any, method: str | None = None) -> None:
        """Raise unless rows are of a library, and on a device, that `fit` takes, or for a `method` took."""
        name = type(self).__name__
        if method is None and is_foreign(X) and self._not_for_devices is not None:
            raise TypeError(
                f"{name} cannot be fitted to X of {whereabouts(X)}: {self._not_for_devices}, or move X to the host, as "
                "a NumPy array"
            )
        if method is not None:
            check_follows(X, self._made_of, name, method)

    def _rows_like(self, kernels: list[Any], X: Any, reset: bool) -> Any:
        if is_dask(X):
            raise ValueError(f"this method of {type(self).__name__} takes no Dask arrays: X.compute() first")
        self._check_library(X, None if reset else "transform" if hasattr(self, "transform") else "predict")
        if any(isinstance(kernel, Kernel) and not kernel.requires_vector_input for kernel in kernels):
            validate_data(self, X, skip_check_array=True, reset=reset)
            return as_sliceable(X)
        sparse = all(isinstance(kernel, Kernel) and kernel.accepts_sparse for kernel in kernels)
        accepted = "csr" if sparse else False
        return validate_data(self, X, accept_sparse=accepted, dtype=floats_on_device_of(X), reset=reset)

    def _resolved(self, kernel: Any, X: Any, sample_weight: Any, columns: ColumnSums | None = None) -> Any:
        """Return the kernel with numbers for parameters; `columns` are those of a Dask array, which is else read."""
        if not isinstance(kernel, Kernel):
            return kernel
        if kernel.has_noise:
            instead = f"set {self.regularisation} instead" if self.regularisation else "leave it out"
            raise ValueError(f"kernel={kernel!r} has white noise, which is not a kernel here: {instead}")
        if is_dask(X):
            return resolved_on_blocks(kernel, X, columns or ColumnSums.of(X, sample_weight))
        return kernel.resolve(X, sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self._precomputed
        takes_others = self._not_for_devices is None and not any(
            getattr(kernel, "needs_numpy", False) for kernel in self._kernels()
        )
        tags.array_api_support = takes_others and can_follow()
        tags.input_tags.sparse = all(getattr(kernel, "accepts_sparse", False) for kernel in self._kernels())
        return tags
