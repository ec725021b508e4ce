"""The only door for users' arrays and hyperparameters; one style of error: the name, what came, what is wanted."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array
from sklearn.utils.validation import check_consistent_length

from ._arrays import (
    floats_on_device_of,
    is_dask,
    is_foreign,
    like,
    live_together,
    n_rows,
    namespace,
    unfollowed_library,
    whereabouts,
)

FLOATS = [np.float64, np.float32]
BLOCK = 64  # rows of a matrix that are looked at together


def as_numbers(X: Any, accept_sparse: bool = True) -> Any:
    """Return `X` as a float64 or float32 matrix (CSR where sparse); what already is one passes unread.

    Estimators read their input once, at their own door: blocks of it come here again and again.
    """
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.type in FLOATS:
        return X
    if accept_sparse and sp.issparse(X) and X.format == "csr" and X.dtype.type in FLOATS:
        return X
    if is_foreign(X) and X.ndim == 2 and X.dtype in floats_on_device_of(X):
        return X
    return check_numbers(X, accept_sparse)


def check_numbers(X: Any, accept_sparse: bool = True, name: str = "X") -> Any:
    """Return `X` as a finite float64 or float32 matrix of shape (n, d), CSR where sparse, or raise ValueError."""
    accepted = "csr" if accept_sparse else False
    return check_array(X, accept_sparse=accepted, dtype=floats_on_device_of(X), input_name=name)


def check_symmetric(K: np.ndarray) -> None:
    """Raise ValueError unless the kernel matrix `K` equals its transpose up to 1e-5 of its largest value."""
    if is_foreign(K):
        return _check_symmetric_on_device(K)
    tolerance = 1e-5 * max(K.max(), -K.min())
    for start in range(0, len(K), BLOCK):
        rows = slice(start, start + BLOCK)
        difference = np.abs(K[rows, start:] - K[start:, rows].T)
        if difference.max() > tolerance:
            i, j = (int(k) + start for k in np.unravel_index(difference.argmax(), difference.shape))
            raise ValueError(
                "X must be a symmetric matrix for kernel='precomputed', "
                f"got X[{i}, {j}] = {K[i, j]:.6g} but X[{j}, {i}] = {K[j, i]:.6g}"
            )


def _check_symmetric_on_device(K: Any) -> None:
    xp = namespace(K)
    difference = float(xp.max(xp.abs(K - K.T)))
    if difference > 1e-5 * float(xp.max(xp.abs(K))):
        raise ValueError(
            "X must be a symmetric matrix for kernel='precomputed', "
            f"got one that differs from its transpose by {difference:.6g}"
        )


def check_varies(X: Any) -> None:
    """Raise ValueError if all rows of an array, or of a kernel matrix, are the same."""
    if sp.issparse(X):
        same = bool((X.max(axis=0).toarray() == X.min(axis=0).toarray()).all())
    elif is_foreign(X):
        same = bool(namespace(X).all(X == X[:1, :]))
    else:
        same = isinstance(X, np.ndarray) and bool((X == X[0]).all())
    if same:
        raise ValueError(f"X has constant columns only: {n_rows(X)} rows that are all the same teach nothing")


def check_follows(X: Any, fitted: Any, model: str, method: str = "transform") -> None:
    """Raise ValueError unless `X` is of the library and on the device of what a model learned in `fit`."""
    library = unfollowed_library(fitted)
    if library is not None:
        raise ValueError(
            f"{model}.{method}() needs scikit-learn's array_api_dispatch=True, as fit() had it: that was to {library}"
        )
    if not live_together(X, fitted):
        raise ValueError(
            f"X of {model}.{method}() must use the same namespace and the same device as that of fit(), "
            f"{whereabouts(fitted)}, got {whereabouts(X)}: move X, or the model with scikit-learn's move_estimator_to"
        )


def check_columns(X: Any, wanted: int, meaning: str) -> None:
    """Raise ValueError unless `X` has `wanted` columns."""
    if X.shape[1] != wanted:
        raise ValueError(f"X has {X.shape[1]} features, but {meaning} {wanted}")


def check_number(
    name: str,
    value: Any,
    *,
    at_least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    integer: bool = False,
    finite: bool = True,
) -> Any:
    """Return `value` if it is a real number within the limits; raise TypeError or ValueError naming it."""
    kind = "an integer" if integer else "a number"
    limits = [f">= {at_least}"] * (at_least is not None) + [f"> {above}"] * (above is not None)
    limits += [f"< {below}"] * (below is not None) + [f"<= {at_most}"] * (at_most is not None)
    wanted = f"{kind} {' and '.join(limits)}".rstrip()
    message = f"{name} must be {wanted}, got {value!r}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(message)
    real = float(value)
    outside = (
        np.isnan(real)
        or (finite and np.isinf(real))
        or (integer and not real.is_integer())
        or (at_least is not None and real < at_least)
        or (above is not None and real <= above)
        or (below is not None and real >= below)
        or (at_most is not None and real > at_most)
    )
    if outside:
        raise ValueError(message)
    return int(real) if integer else value


def as_floats(name: str, values: Any) -> np.ndarray:
    """Return `values` as an array of float64 with at least one axis; raise TypeError naming it if they are none."""
    try:
        return np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be numbers, got {values!r}") from None


def check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> Any:
    """Return `value` if it is one of `choices`; raise ValueError naming them otherwise."""
    value = value.item() if isinstance(value, np.generic) else value
    if not any(value is choice or (isinstance(value, type(choice)) and value == choice) for choice in choices):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def check_weights(sample_weight: Any, n: int, dtype: Any = np.float64, may_be_zero: bool = False) -> np.ndarray | None:
    """Return the weights as an array of shape (n,), or None where they are all one.

    Raises
    ------
    ValueError
        If they are not one finite number >= 0 for each row, or all zero unless they may be.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Real):
        sample_weight = np.full(n, sample_weight, dtype=dtype)
    elif is_foreign(sample_weight):
        dtype = floats_on_device_of(sample_weight)[0]
    w = check_array(sample_weight, ensure_2d=False, dtype=dtype, input_name="sample_weight")
    if w.ndim != 1:
        raise ValueError(f"sample_weight must have one value for each row, shape ({n},), got shape {tuple(w.shape)}")
    check_consistent_length(w, np.empty(n))
    xp = namespace(w)
    if xp.any(w < 0):
        raise ValueError(f"sample_weight must be >= 0, got {float(xp.min(w))}")
    if not may_be_zero and not xp.any(w > 0):
        raise ValueError("sample_weight is zero for every row: there is nothing to fit")
    return None if xp.all(w == 1) else w


def check_row_weights(sample_weight: Any, X: Any) -> Any:
    """Return the weights of the rows of `X`, checked as `check_weights` does, as an array of its library."""
    return check_weights(following(sample_weight, X), n_rows(X))


def following(values: Any, X: Any) -> Any:
    """Return targets or weights where the rows `X` lie, as floats, if they or these are arrays of another library."""
    if values is None or isinstance(values, numbers.Real) or not (is_foreign(X) or is_foreign(values)):
        return values
    given = values if is_foreign(values) else np.asarray(values, dtype=np.float64)
    return like(given, X, floats_on_device_of(X)[0])


def check_blocks(X: Any) -> Any:
    """Return a Dask array or table as a Dask array of shape (n, d): blocks of whole rows, of floats; nothing is read.

    The lengths of a table's parts are counted.

    Raises
    ------
    ValueError
        If it is no matrix of numbers, or its blocks are parts of rows, of unknown size, empty, or not NumPy arrays.
    """
    X = _as_dask_array(X)
    if X.ndim != 2:
        raise ValueError(f"X must have two axes, rows and features, got a Dask array of shape {X.shape}")
    _check_known(X, "X")
    if X.shape[0] == 0:
        raise ValueError(f"X has no rows, got a Dask array of shape {X.shape}")
    if X.shape[1] == 0:
        raise ValueError(f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required.")
    if X.numblocks[1] > 1:
        raise ValueError(
            f"X must have blocks of whole rows, got {X.numblocks[1]} blocks along the features: X.rechunk({{1: -1}})"
        )
    empty = [i for i, size in enumerate(X.chunks[0]) if size == 0]
    if empty:
        raise ValueError(f"X must have rows in each block, got none in block {empty[0]} of {X.numblocks[0]}")
    return _floats_of(X, "X", FLOATS)


def check_aligned(name: str, values: Any, X: Any) -> Any:
    """Return values, or rows, for each row of the Dask array `X`: a Dask array of float64 with the same blocks.

    `values` may be a number, a Dask array with other blocks, which are moved, or lie in memory, from where they are
    sent.
    """
    import dask.array as da

    if isinstance(values, numbers.Real):
        values = da.full(X.shape[0], float(values), chunks=X.chunks[:1])
    elif is_dask(values):
        values = _as_dask_array(values)
        _check_known(values, name)
    else:
        values = da.from_array(check_array(values, ensure_2d=False, dtype=np.float64, input_name=name), chunks=-1)
    if values.ndim not in (1, 2) or values.shape[0] != X.shape[0]:
        raise ValueError(f"{name} must have one entry for each of the {X.shape[0]} rows of X, got shape {values.shape}")
    values = values.rechunk((X.chunks[0], *(-1 for _ in values.shape[1:])))
    return _floats_of(values, name, [np.float64])


def check_finite_block(values: np.ndarray, name: str, block: int, start: int) -> None:
    """Raise ValueError, naming the row, unless a block of `values`, whose first row is `start`, is finite."""
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.all():
        row = int(finite.argmin())
        kind = "NaN" if np.isnan(values[row]).any() else "infinity"
        raise ValueError(f"Input {name} contains {kind} in row {start + row}, in block {block}")


def _as_dask_array(X: Any) -> Any:
    return X.to_dask_array(lengths=True) if hasattr(X, "to_dask_array") else X


def _check_known(X: Any, name: str) -> None:
    if any(np.isnan(size) for sizes in X.chunks for size in sizes):
        raise ValueError(f"{name} must have blocks of known sizes, got {X.shape}: {name}.compute_chunk_sizes()")


def _floats_of(X: Any, name: str, floats: list[Any]) -> Any:
    if not isinstance(X._meta, np.ndarray) or X.dtype.kind not in "fiub":
        kind = f"{type(X._meta).__module__.split('.')[0]}.{type(X._meta).__name__}"
        raise ValueError(f"blocks of {name} must be NumPy arrays of real numbers, got {kind} of {X.dtype}")
    return X if X.dtype.type in floats else X.astype(np.float64)
