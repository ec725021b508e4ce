"""The only file that knows array libraries: NumPy arrays are worked in place, others out of place."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import scipy.sparse as sp
import sklearn


def namespace(*arrays: Any) -> ModuleType:
    """Return the array namespace of the arguments: NumPy unless scikit-learn's ``array_api_dispatch`` is on."""
    for array in arrays:
        if is_foreign(array):
            return _array_api_compat().array_namespace(array)
    return np


def is_foreign(array: Any) -> bool:
    """Tell whether `array` belongs to an array library other than NumPy that scikit-learn was told to follow."""
    if isinstance(array, (np.ndarray, np.generic)) or not sklearn.get_config()["array_api_dispatch"]:
        return False
    return not is_dask(array) and _array_api_compat().is_array_api_obj(array)


def _array_api_compat() -> Any:
    try:
        import array_api_compat
    except ImportError:  # scikit-learn brings a copy from 1.7 on, and asks for the package before
        return import_module("sklearn.externals.array_api_compat")
    return array_api_compat


def is_dask(x: Any) -> bool:
    """Tell whether `x` is an array or a table of Dask, whose blocks may lie on other machines."""
    return hasattr(x, "__dask_graph__")


def _in_place(name: str) -> Callable[..., Any]:
    ufunc = getattr(np, name)

    def verb(x: Any, *operands: Any) -> Any:
        if isinstance(x, np.ndarray):
            return ufunc(x, *operands, out=x)
        return getattr(namespace(x), name)(x, *operands)

    verb.__name__ = name
    verb.__doc__ = f"Return {name}(x, ...), overwriting `x` where it is a NumPy array."
    return verb


exp, sqrt, tanh, add, multiply, divide, power, minimum, maximum = map(
    _in_place, ("exp", "sqrt", "tanh", "add", "multiply", "divide", "pow", "minimum", "maximum")
)


def integer_power(x: Any, exponent: int) -> Any:
    """Return x ** exponent for a positive integer, by repeated squaring: NumPy's own ``pow`` takes 20 times longer."""
    result = None
    while True:
        if exponent & 1:
            result = (x if exponent == 1 else _copy(x)) if result is None else multiply(result, x)
        exponent >>= 1
        if not exponent:
            return result
        x = multiply(x, x)


def _copy(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else namespace(x).asarray(x, copy=True)


def products(a: Any, b: Any, out: np.ndarray | None = None) -> Any:
    """Return the matrix a b' of all row products, dense, in `out` where it fits."""
    if sp.issparse(a) or sp.issparse(b):
        return as_dense(a @ b.T)
    if isinstance(a, np.ndarray):
        if out is not None and out.dtype == a.dtype:
            return np.matmul(a, b.T, out=out)
        return np.matmul(a, b.T)
    return a @ b.T


def as_dense(x: Any) -> Any:
    """Return a sparse matrix as a dense array, anything else as it is."""
    return x.toarray() if sp.issparse(x) else x


def is_floating(x: Any) -> bool:
    """Tell whether `x` is an array, or a sparse matrix, of floats."""
    if isinstance(x, np.ndarray) or sp.issparse(x) or is_dask(x):
        return x.dtype.kind == "f"
    return is_foreign(x)


def is_float32(x: Any) -> bool:
    """Tell whether `x` holds 32-bit floats."""
    return getattr(x, "dtype", None) == namespace(x).float32


def cast(x: Any, dtype: Any) -> Any:
    """Return `x` with another floating type; `x` itself where it has that type already."""
    if isinstance(x, np.ndarray) or sp.issparse(x):
        return x.astype(dtype, copy=False)
    return namespace(x).astype(x, dtype, copy=False)


def take_rows(X: Any, index: Any) -> Any:
    """Return the rows of `X` at a slice or an array of integers: a view where the container allows one.

    Those of a Dask array are fetched.
    """
    if is_dask(X):
        return X[index].compute()
    if hasattr(X, "iloc"):
        return X.iloc[index]
    if isinstance(X, list):
        return X[index] if isinstance(index, slice) else [X[i] for i in index]
    if isinstance(X, np.ndarray) or sp.issparse(X):
        return X[index]
    if isinstance(index, slice):
        return X[index, ...]
    xp = namespace(X)
    return xp.take(X, xp.asarray(index), axis=0)


def as_sliceable(X: Any) -> Any:
    """Return a sparse matrix in a format whose rows can be taken, anything else as it is."""
    return X.tocsr() if sp.issparse(X) else X


def n_rows(X: Any) -> int:
    """Return the number of rows of an array, a sparse matrix, a table or a list."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def row_sums(x: Any, y: Any) -> Any:
    """Return the sum over each row of x * y, shape (n,), in the type of `x`."""
    if sp.issparse(x):
        return np.asarray(x.multiply(y).sum(axis=1)).reshape(-1)
    if isinstance(x, np.ndarray):
        return np.einsum("ij,ij->i", x, y)
    return namespace(x).sum(x * y, axis=1)


def device_of(x: Any) -> Any:
    """Return where an array lives; "cpu" for NumPy."""
    return _array_api_compat().device(x)


def like(values: Any, x: Any, dtype: Any = None) -> Any:
    """Return `values` as an array of the library, on the device and of the type of `x`, unless `dtype` is given."""
    if not is_foreign(x):
        return np.asarray(values, dtype=x.dtype if dtype is None else dtype)
    xp = namespace(x)
    if is_foreign(values) and namespace(values) is xp:
        moved = _array_api_compat().to_device(values, device_of(x))
        return xp.astype(moved, x.dtype if dtype is None else dtype, copy=False)
    return xp.asarray(to_numpy(values), dtype=x.dtype if dtype is None else dtype, device=device_of(x))


def to_numpy(x: Any) -> Any:
    """Return a foreign array as NumPy's, fetched from its device; anything else as it is."""
    if not is_foreign(x):
        return x
    compat = _array_api_compat()
    if compat.is_cupy_array(x):
        return x.get()
    return np.asarray(x.cpu() if compat.is_torch_array(x) else x)


def solve_triangular(L: Any, B: Any, transposed: bool = False) -> Any:
    """Return L^-1 B, or L^-T B, for a lower triangular foreign matrix and B of shape (n, t).

    The array API has no such verb: where the library has none of its own either, this is a general solve.
    """
    compat = _array_api_compat()
    A = L.T if transposed else L
    if compat.is_torch_array(L):
        import torch

        return torch.linalg.solve_triangular(A, B, upper=transposed)
    if compat.is_cupy_array(L):
        from cupyx.scipy.linalg import solve_triangular as solve

        return solve(A, B, lower=not transposed)
    return namespace(L).linalg.solve(A, B)


def cholesky(K: Any) -> Any:
    """Return the lower Cholesky factor of a foreign matrix, or None where it is not positive definite."""
    xp = namespace(K)
    try:
        L = xp.linalg.cholesky(K)
    except (np.linalg.LinAlgError, RuntimeError):  # torch raises a RuntimeError of its own
        return None
    return L if bool(xp.all(xp.isfinite(xp.linalg.diagonal(L)))) else None  # CuPy leaves NaN in place of an error


clip, copysign, subtract = map(_in_place, ("clip", "copysign", "subtract"))


def into(out: np.ndarray | None, name: str, *operands: Any) -> Any:
    """Return name(operands ...), in `out` or, without it, in memory of its own."""
    return getattr(namespace(*operands), name)(*operands) if out is None else getattr(np, name)(*operands, out=out)


def ratio(x: Any, y: Any, otherwise: float) -> Any:
    """Return x / y where the array y >= 0 is above zero, and `otherwise` elsewhere."""
    if isinstance(y, np.ndarray):
        return np.divide(x, y, out=np.full_like(y, otherwise), where=y > 0)
    xp = namespace(y)
    one = xp.ones_like(y)
    return xp.where(y > 0, x / xp.where(y > 0, y, one), otherwise * one)


def largest(x: Any) -> float:
    """Return the largest of numbers, and zero at the least."""
    if isinstance(x, np.ndarray):
        return float(x.max(initial=0.0))
    return max(float(namespace(x).max(x)), 0.0) if 0 not in x.shape else 0.0
