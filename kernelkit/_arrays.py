"""The only file that knows array libraries: values are overwritten where the library can, and made anew elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import scipy.sparse as sp
import sklearn
from scipy.linalg import eigh


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
        function = getattr(namespace(x), name)
        # Fresh memory is the slowest part of an elementwise pass: libraries that can are told to write where they read.
        return function(x, *operands, out=x) if _writes_in_place(x) else function(x, *operands)

    verb.__name__ = name
    verb.__doc__ = f"Return {name}(x, ...), overwriting `x` where the library of the array can."
    return verb


def _writes_in_place(x: Any) -> bool:
    compat = _array_api_compat()
    return compat.is_cupy_array(x) or (compat.is_torch_array(x) and not x.requires_grad)


exp, sqrt, tanh, add, subtract, multiply, divide, power, minimum, maximum = map(
    _in_place, ("exp", "sqrt", "tanh", "add", "subtract", "multiply", "divide", "pow", "minimum", "maximum")
)


def integer_power(x: Any, exponent: int) -> Any:
    """Return x ** exponent for a positive integer, by repeated squaring: NumPy's own ``pow`` takes 20 times longer."""
    result = None
    while True:
        if exponent & 1:
            result = (x if exponent == 1 else own_copy(x)) if result is None else multiply(result, x)
        exponent >>= 1
        if not exponent:
            return result
        x = multiply(x, x)


def own_copy(x: Any) -> Any:
    """Return a copy of an array, in memory of its own."""
    return x.copy() if isinstance(x, np.ndarray) else namespace(x).asarray(x, copy=True)


def products(a: Any, b: Any, out: Any = None) -> Any:
    """Return the matrix a b' of all row products, dense, in `out` where it fits."""
    if sp.issparse(a) or sp.issparse(b):
        return as_dense(a @ b.T)
    if isinstance(a, np.ndarray):
        if out is not None and out.dtype == a.dtype:
            return np.matmul(a, b.T, out=out)
        return np.matmul(a, b.T)
    if out is not None and out.dtype == a.dtype and _writes_in_place(a) and _writes_in_place(b):
        return namespace(a).matmul(a, b.T, out=out)
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
    if isinstance(x, np.ndarray) or sp.issparse(x) or is_dask(x):
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
    return namespace(X).take(X, positions(index, X), axis=0)


def positions(index: Any, x: Any) -> Any:
    """Return integers as an array that can take rows of `x`: where it lies, and of its library."""
    return index if is_foreign(index) else as_array(index, x)


def as_array(values: Any, x: Any) -> Any:
    """Return NumPy's values, of the type they have, as an array of the library and on the device of the foreign `x`."""
    return namespace(x).asarray(np.array(values), device=device_of(x))


def columns_at(x: Any, index: Any) -> Any:
    """Return a copy of the columns of a matrix at an array of integers."""
    return namespace(x).take(x, positions(index, x), axis=1) if is_foreign(x) else x[:, index]


def scattered(values: Any, index: Any, n: int) -> Any:
    """Return values, shape (k,) or (k, t), at positions of n rows that are zero elsewhere."""
    if not is_foreign(values):
        rows = np.zeros((n, *values.shape[1:]), dtype=values.dtype)
        rows[index] = values
        return rows
    xp = namespace(values)
    index = positions(index, values)
    order = xp.argsort(index)
    index, values = xp.take(index, order, axis=0), xp.take(values, order, axis=0)
    places = xp.arange(n, dtype=index.dtype, device=device_of(index))
    nearest = xp.minimum(xp.searchsorted(index, places), xp.asarray(index.shape[0] - 1, device=device_of(index)))
    found = xp.reshape(xp.take(index, nearest, axis=0) == places, (n, *(1 for _ in values.shape[1:])))
    return xp.where(found, xp.take(values, nearest, axis=0), 0.0)


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


def drawn_in_proportion(weights: Any, uniforms: np.ndarray) -> np.ndarray:
    """Return positions, drawn with chances as the weights by uniform numbers in [0, 1), as NumPy's integers."""
    n = weights.shape[0]
    if isinstance(weights, np.ndarray):
        total = np.cumsum(weights)
        return np.minimum(np.searchsorted(total, uniforms * total[-1]), n - 1)
    xp = namespace(weights)
    total = xp.cumulative_sum(weights)
    return np.minimum(to_numpy(xp.searchsorted(total, like(uniforms, weights) * total[-1])), n - 1)


def set_to_zero(x: Any, index: np.ndarray) -> None:
    """Write zeros at some positions of a vector, where it lies."""
    if is_foreign(x) and namespace(x).__name__ == "array_api_strict":
        for i in index.tolist():  # the standard has no such assignment
            x[i] = 0.0
    else:
        x[index] = 0.0


def positive(w: Any) -> Any:
    """Return the positions of what is above zero, shape (k,)."""
    return np.flatnonzero(w > 0) if isinstance(w, np.ndarray) else namespace(w).nonzero(w > 0)[0]


def column_dots(x: Any, y: Any) -> Any:
    """Return the sum over each column of x * y, shape (t,)."""
    return np.einsum("ij,ij->j", x, y) if isinstance(x, np.ndarray) else namespace(x).sum(x * y, axis=0)


def largest_size(x: Any) -> float:
    """Return the largest size among numbers; zero where there are none."""
    xp = namespace(x)
    return 0.0 if 0 in x.shape else float(xp.max(xp.abs(x)))


def device_of(x: Any) -> Any:
    """Return where an array lives; "cpu" for NumPy."""
    return _array_api_compat().device(x)


def full(shape: tuple[int, ...], value: float, x: Any, dtype: Any = None) -> Any:
    """Return a number in every place of an array: on the device and of the type of `x` unless `dtype` is given."""
    dtype = x.dtype if dtype is None else dtype
    if not is_foreign(x):
        return np.full(shape, value, dtype=dtype)
    return namespace(x).full(shape, float(value), dtype=dtype, device=device_of(x))


def identity(n: int, x: Any) -> Any:
    """Return the n x n identity, of the library, on the device and of the type of `x`."""
    if not is_foreign(x):
        return np.eye(n, dtype=x.dtype)
    return namespace(x).eye(n, dtype=x.dtype, device=device_of(x))


def whereabouts(x: Any) -> str:
    """Return the library and the device of an array as a person reads it; for whatever is no foreign array, NumPy's.

    >>> whereabouts([1.0])
    'NumPy'
    """
    if not is_foreign(x):
        return "NumPy"
    library = namespace(x).__name__.removesuffix(".array_namespace").split(".")[-1]
    return f"{library} on {getattr(device_of(x), '_device', device_of(x))}"


def live_together(x: Any, y: Any) -> bool:
    """Tell whether two arrays are of one library and lie on one device."""
    if not (is_foreign(x) and is_foreign(y)):
        return is_foreign(x) == is_foreign(y)
    return namespace(x) is namespace(y) and device_of(x) == device_of(y)


def floats_on_device_of(x: Any) -> list[Any]:
    """Return the types of 64-bit and 32-bit floats that the device of `x` has, the first of which is the widest."""
    if not is_foreign(x):
        return [np.float64, np.float32]
    known = namespace(x).__array_namespace_info__().dtypes(device=device_of(x), kind="real floating")
    return [known[name] for name in ("float64", "float32") if name in known]


def widest_float(x: Any) -> Any:
    """Return the type that sums over `x` are taken in: 64-bit floats, 32-bit ones on a device that has no others."""
    return floats_on_device_of(x)[0]


def float_type(dtype: Any, x: Any) -> Any:
    """Return a floating type, which may be given as NumPy's, of the library of `x`; the widest if its device lacks it.

    >>> float_type("float32", np.zeros(1))
    dtype('float32')
    """
    if not is_foreign(x):
        return np.dtype(dtype)
    if isinstance(dtype, (str, type, np.dtype)):
        dtype = getattr(namespace(x), np.dtype(dtype).name)
    return dtype if dtype in floats_on_device_of(x) else widest_float(x)


def is_single(dtype: Any) -> bool:
    """Tell whether a type of any library is that of 32-bit floats."""
    return str(dtype).endswith("float32")


def eps_of(dtype: Any, x: Any) -> float:
    """Return the rounding of a floating type, which may be given as NumPy's, of the library of `x`."""
    return float(namespace(x).finfo(float_type(dtype, x)).eps)


def like(values: Any, x: Any, dtype: Any = None) -> Any:
    """Return `values` as an array of the library, on the device and of the type of `x`, unless `dtype` is given."""
    dtype = x.dtype if dtype is None else dtype
    if not is_foreign(x):
        return np.asarray(to_numpy(values), dtype=dtype)
    xp, device = namespace(x), device_of(x)
    if is_foreign(values) and namespace(values) is xp:
        if device_of(values) == device:
            return xp.astype(values, dtype, copy=False)
        if xp.isdtype(values.dtype, "real floating"):  # before it moves: the device need not have the type that it was
            values = xp.astype(values, min(dtype, values.dtype, key=lambda kind: xp.finfo(kind).bits), copy=False)
        return xp.astype(_array_api_compat().to_device(values, device), dtype, copy=False)
    given = np.asarray(to_numpy(values))
    return xp.asarray(given if given.flags.writeable else given.copy(), dtype=dtype, device=device)


def to_numpy(x: Any) -> Any:
    """Return a foreign array as NumPy's, fetched from its device; anything else as it is."""
    if not is_foreign(x):
        return x
    compat = _array_api_compat()
    if compat.is_cupy_array(x):
        return x.get()
    if compat.is_torch_array(x):
        return np.asarray(x.detach().cpu())
    if namespace(x).__name__ == "array_api_strict":
        return np.asarray(x.to_device(namespace(x).Device("CPU_DEVICE")))
    return np.asarray(x)


def is_view(x: Any) -> bool:
    """Tell whether `x` may share memory with another array, so that it must not be overwritten."""
    if isinstance(x, np.ndarray) or (is_foreign(x) and _array_api_compat().is_cupy_array(x)):
        return x.base is not None
    return is_foreign(x) and _array_api_compat().is_torch_array(x) and x._is_view()


def with_diagonal(K: Any, diagonal: Any) -> Any:
    """Return a foreign square matrix with another diagonal, in its own memory where the library can."""
    xp, n = namespace(K), K.shape[0]
    flat = xp.reshape(K, (-1,))
    flat[:: n + 1] = diagonal
    return xp.reshape(flat, (n, n))


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
    if _array_api_compat().is_torch_array(K):
        import torch

        L, failed = torch.linalg.cholesky_ex(K)
        if bool(failed):
            return None
    else:
        try:
            L = xp.linalg.cholesky(K)
        except np.linalg.LinAlgError:
            return None
    return L if bool(xp.all(xp.isfinite(xp.linalg.diagonal(L)))) else None  # CuPy leaves NaN in place of an error


def same_arrays(x: Any, y: Any) -> bool:
    """Tell whether two arrays, or None, have the same values in the same place."""
    if is_foreign(x) and is_foreign(y):
        return live_together(x, y) and x.shape == y.shape and bool(namespace(x).all(x == y))
    return is_foreign(x) == is_foreign(y) and np.array_equal(x, y)


def one_norm(A: Any) -> float:
    """Return the largest sum of sizes in a column of a matrix."""
    xp = namespace(A)
    return float(xp.max(xp.sum(xp.abs(A), axis=0)))


def on_host(x: Any) -> bool:
    """Tell whether an array lies in the memory of the processor."""
    return "cpu" in str(device_of(x)).lower()


def median_of_columns(X: Any) -> Any:
    """Return the median of each column of a matrix, shape (d,)."""
    if isinstance(X, np.ndarray):
        return np.median(X, axis=0)
    ordered, n = namespace(X).sort(X, axis=0), X.shape[0]
    return (ordered[(n - 1) // 2, :] + ordered[n // 2, :]) / 2


def summed_powers(X: Any, Y: Any, p: int) -> Any:
    """Return sum_k |x_k - y_k|^p, p being 1 or 2, for all pairs of rows of foreign matrices, shape (n, m)."""
    if _array_api_compat().is_torch_array(X):
        import torch

        distances = torch.cdist(X, Y, p=p, compute_mode="donot_use_mm_for_euclid_dist")
        return distances if p == 1 else distances**2
    xp = namespace(X)
    total = xp.zeros((X.shape[0], Y.shape[0]), dtype=X.dtype, device=device_of(X))
    for k in range(X.shape[1]):
        difference = X[:, k : k + 1] - Y[:, k : k + 1].T
        total += xp.abs(difference) if p == 1 else difference**2
    return total


clip, copysign = map(_in_place, ("clip", "copysign"))


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


def column_means(X: Any) -> Any:
    """Return the mean of each column of a matrix, shape (d,), in the widest floats there are."""
    if isinstance(X, np.ndarray):
        return X.mean(axis=0, dtype=np.float64)
    return namespace(X).mean(cast(X, widest_float(X)), axis=0)


def eigh_ascending(A: Any) -> tuple[Any, Any]:
    """Return the eigenvalues, ascending, and eigenvectors of a symmetric matrix."""
    if isinstance(A, np.ndarray):
        return eigh(A, driver="evd", check_finite=False)
    return tuple(namespace(A).linalg.eigh(A))  # type: ignore[return-value]


def largest_eigenpairs(A: Any, p: int) -> tuple[Any, Any]:
    """Return the p largest eigenvalues, descending, and eigenvectors of a symmetric matrix."""
    n = A.shape[0]
    if isinstance(A, np.ndarray):
        values, vectors = eigh(A, driver="evx", subset_by_index=[n - p, n - 1])
        return values[::-1], vectors[:, ::-1]
    values, vectors = eigh_ascending(A)
    xp = namespace(A)
    return xp.flip(values[n - p :]), xp.flip(vectors[:, n - p :], axis=1)


def unfollowed_library(x: Any) -> str | None:
    """Return the library of an array that is not NumPy's while scikit-learn is told to follow none; None else."""
    if isinstance(x, np.ndarray) or is_foreign(x) or not _array_api_compat().is_array_api_obj(x):
        return None
    return type(x).__module__.split(".")[0]
