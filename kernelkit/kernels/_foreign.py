"""Kernels that others wrote: scikit-learn's Gaussian-process kernels, callables and names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Kernel as SklearnKernel
from sklearn.gaussian_process.kernels import WhiteKernel
from sklearn.metrics.pairwise import additive_chi2_kernel, chi2_kernel

from .._arrays import n_rows
from .._validation import as_numbers
from ._base import Kernel
from ._dot_product import Cosine, Linear, Polynomial, Sigmoid
from ._euclidean import Gaussian
from ._laplacian import Laplacian
from ._rows import Rows


def _raw_rows(X: Any) -> Rows:
    return Rows((X,), X.dtype if isinstance(X, np.ndarray) and X.dtype.kind == "f" else np.dtype(np.float64))


class SklearnWrapper(Kernel):
    """A Gaussian-process kernel of scikit-learn.

    Parameters
    ----------
    kernel : sklearn.gaussian_process.kernels.Kernel
        The kernel; its hyperparameters are reached as ``kernel__length_scale``.

    Examples
    --------
    >>> from sklearn.gaussian_process.kernels import RBF
    >>> SklearnWrapper(RBF(2.0))([[0.0]], [[2.0]]).round(4)
    array([[0.6065]])
    """

    def __init__(self, kernel: SklearnKernel):
        self.kernel = kernel

    @property
    def requires_vector_input(self) -> bool:
        return self.kernel.requires_vector_input

    @property
    def costly(self) -> bool:
        return True

    @property
    def needs_numpy(self) -> bool:
        return True

    @property
    def has_noise(self) -> bool:
        return any(isinstance(part, WhiteKernel) for part in _parts(self.kernel))

    @property
    def hyperparameters(self) -> list[Any]:
        return [h._replace(name=f"kernel__{h.name}") for h in self.kernel.hyperparameters]

    def _without_noise(self) -> SklearnWrapper:
        kernel = clone(self.kernel)
        for part in _parts(kernel):
            if isinstance(part, WhiteKernel):
                part.noise_level = 0.0
        return SklearnWrapper(kernel)

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        return _raw_rows(X)

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        # Two arguments even where they are the same: with one, a WhiteKernel adds noise.
        return np.array(self.kernel(a.parts[0], b.parts[0]), dtype=b.dtype)

    def diag(self, X: Any) -> Any:
        return np.array(self.kernel.diag(X), dtype=_raw_rows(X).dtype)

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        return self.kernel(rows.parts[0], eval_gradient=True)


def _parts(kernel: SklearnKernel) -> list[Any]:
    return [kernel, *(value for value in kernel.get_params().values() if isinstance(value, SklearnKernel))]


class FunctionKernel(Kernel):
    """A function f(X, Y) -> matrix of shape (n, m).

    Parameters
    ----------
    function : callable
        Takes two matrices of rows; called on blocks of them, from several threads.
    params : dict, optional
        Keyword arguments of every call.

    Examples
    --------
    >>> FunctionKernel(lambda X, Y: X @ Y.T + 1)([[1.0]], [[2.0]])
    array([[3.]])
    """

    def __init__(self, function: Callable[..., Any], params: dict[str, Any] | None = None):
        self.function = function
        self.params = params

    @property
    def positive_definite(self) -> bool:
        return False

    @property
    def costly(self) -> bool:
        return True

    @property
    def needs_numpy(self) -> bool:
        return True

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        return _raw_rows(as_numbers(X, accept_sparse=False))

    def _call(self, X: Any, Y: Any) -> np.ndarray:
        # A copy: the function may return a view of what it keeps, and tiles are written into.
        K = np.array(self.function(X, Y, **(self.params or {})), dtype=np.float64)
        if K.shape != (n_rows(X), n_rows(Y)):
            raise ValueError(
                f"kernel must return a matrix of shape {(n_rows(X), n_rows(Y))} for that many rows of X and Y, "
                f"got shape {K.shape}"
            )
        return K

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        return self._call(a.parts[0], b.parts[0]).astype(b.dtype, copy=False)

    def diag(self, X: Any) -> Any:
        X = as_numbers(X, accept_sparse=False)
        return np.array([self._call(x, x)[0, 0] for x in X[:, None, :]], dtype=X.dtype)


_NAMES: dict[str, Callable[[], Kernel]] = {
    "linear": Linear,
    "poly": partial(Polynomial, gamma="auto"),
    "polynomial": partial(Polynomial, gamma="auto"),
    "rbf": partial(Gaussian, sigma="auto"),
    "laplacian": partial(Laplacian, sigma="auto"),
    "sigmoid": partial(Sigmoid, gamma="auto", coef0=1.0),
    "cosine": Cosine,
    "chi2": partial(FunctionKernel, chi2_kernel),
    "additive_chi2": partial(FunctionKernel, additive_chi2_kernel),
}


def as_kernel(kernel: Any) -> Any:
    """Return a kernel object, or the string "precomputed".

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable, str or None
        A callable takes two matrices of rows and returns the matrix of kernel values. A string means what it means in
        ``sklearn.metrics.pairwise.pairwise_kernels``: "rbf" has gamma = 1 / d, "poly" degree 3, gamma = 1 / d and
        coef0 = 1, which are not the defaults of ``sklearn.svm.SVC`` (gamma="scale", coef0 = 0). None is
        ``Gaussian(sigma="scale")``.

    Raises
    ------
    TypeError, ValueError
        For anything else.

    Examples
    --------
    >>> as_kernel("rbf")
    Gaussian(sigma='auto')
    """
    if isinstance(kernel, Kernel) or (isinstance(kernel, str) and kernel == "precomputed"):
        return kernel
    if kernel is None:
        return Gaussian(sigma="scale")
    if isinstance(kernel, str):
        if kernel not in _NAMES:
            names = ", ".join([*_NAMES, "precomputed"])
            raise ValueError(f"kernel must be a kernel object or one of {names}, got {kernel!r}")
        return _NAMES[kernel]()
    if isinstance(kernel, SklearnKernel):
        return SklearnWrapper(kernel)
    if isinstance(kernel, type) and issubclass(kernel, SklearnKernel):
        raise TypeError(f"kernel must be an object, got a class; did you mean {kernel.__name__}()?")
    if callable(kernel):
        return FunctionKernel(kernel)
    raise TypeError(f"kernel must be a kernel object, a callable or a string, got {kernel!r}")
