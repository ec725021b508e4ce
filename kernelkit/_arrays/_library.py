"""Which library an array is of, where it lies, of which type it is, and how it comes to be of another."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import scipy
import scipy.sparse as sp
import sklearn


def namespace(*arrays: Any) -> ModuleType:
    """Return the array namespace of the arguments: NumPy unless scikit-learn's ``array_api_dispatch`` is on."""
    for array in arrays:
        if is_foreign(array):
            return array_api_compat().array_namespace(array)
    return np


def is_foreign(array: Any) -> bool:
    """Tell whether `array` belongs to an array library other than NumPy that scikit-learn was told to follow."""
    if isinstance(array, (np.ndarray, np.generic)) or not sklearn.get_config()["array_api_dispatch"]:
        return False
    return not is_dask(array) and array_api_compat().is_array_api_obj(array)


def can_follow() -> bool:
    """Tell whether scikit-learn can be told to follow other libraries: its ``array_api_dispatch`` needs SciPy 1.14."""
    return tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 14)


def array_api_compat() -> Any:
    """Return the package of that name, or the copy that scikit-learn brings from 1.7 on."""
    try:
        return import_module("array_api_compat")
    except ImportError:
        return import_module("sklearn.externals.array_api_compat")


def is_dask(x: Any) -> bool:
    """Tell whether `x` is an array or a table of Dask, whose blocks may lie on other machines."""
    return hasattr(x, "__dask_graph__")


def unfollowed_library(x: Any) -> str | None:
    """Return the library of an array that is not NumPy's while scikit-learn is told to follow none; None else."""
    if isinstance(x, (np.ndarray, np.generic)) or is_foreign(x) or is_dask(x):
        return None
    return type(x).__module__.split(".")[0] if hasattr(x, "__dlpack__") else None


def device_of(x: Any) -> Any:
    """Return where an array lives; "cpu" for NumPy."""
    return array_api_compat().device(x)


def on_host(x: Any) -> bool:
    """Tell whether an array lies in the memory of the processor."""
    return "cpu" in str(device_of(x)).lower()


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


def same_arrays(x: Any, y: Any) -> bool:
    """Tell whether two arrays, or None, have the same values in the same place."""
    if is_foreign(x) and is_foreign(y):
        return live_together(x, y) and x.shape == y.shape and bool(namespace(x).all(x == y))
    return is_foreign(x) == is_foreign(y) and np.array_equal(x, y)


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
        return xp.astype(array_api_compat().to_device(values, device), dtype, copy=False)
    given = np.asarray(to_numpy(values))
    return xp.asarray(given if given.flags.writeable else given.copy(), dtype=dtype, device=device)


def as_array(values: Any, x: Any) -> Any:
    """Return NumPy's values, of the type they have, as an array of the library and on the device of the foreign `x`."""
    return namespace(x).asarray(np.array(values), device=device_of(x))


def to_numpy(x: Any) -> Any:
    """Return a foreign array as NumPy's, fetched from its device; anything else as it is."""
    if not is_foreign(x):
        return x
    compat = array_api_compat()
    if compat.is_cupy_array(x):
        return x.get()
    if compat.is_torch_array(x):
        return np.asarray(x.detach().cpu())
    if namespace(x).__name__ == "array_api_strict":
        return np.asarray(x.to_device(namespace(x).Device("CPU_DEVICE")))
    return np.asarray(x)


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


def is_view(x: Any) -> bool:
    """Tell whether `x` may share memory with another array, so that it must not be overwritten."""
    if isinstance(x, np.ndarray) or (is_foreign(x) and array_api_compat().is_cupy_array(x)):
        return x.base is not None
    return is_foreign(x) and array_api_compat().is_torch_array(x) and x._is_view()


def writes_in_place(x: Any) -> bool:
    """Tell whether functions of the foreign array `x` take ``out``, as NumPy's do."""
    compat = array_api_compat()
    return compat.is_cupy_array(x) or (compat.is_torch_array(x) and not x.requires_grad)
