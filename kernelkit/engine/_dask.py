"""Sums over rows that lie in blocks on the workers of Dask: the blocks stay, and what goes back is small."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import numpy as np

from .._arrays import is_dask
from .._validation import check_aligned, check_finite_block
from ._operator import KernelOperator
from ._tiled import TiledKernel

FAN_IN = 8  # sums that one task adds: always the same neighbours, so that the number of workers changes no digit
LARGE_GRAPHS = {"distributed.admin.large-graph-warning-threshold": "1GB"}


class DaskOperator:
    """k(x, Z), shape (n, p), for rows in the blocks of a Dask array.

    Parameters
    ----------
    kernel : object with ``rows``, ``tile`` and ``diag``
        Its parameters are all numbers.
    X : Dask array of shape (n, d)
        In blocks of whole rows.
    Z : array of shape (p, d)
        The kept side, in memory. It is sent once, and to each worker by another.
    """

    def __init__(self, kernel: TiledKernel, X: Any, Z: Any):
        self._X = X
        self._on_kept = KernelOperator(kernel, Z, Z)
        self.shape = (X.shape[0], self._on_kept.shape[1])

    @property
    def dtype(self) -> Any:
        """The type of the values."""
        return self._on_kept.dtype

    def astype(self, dtype: Any) -> DaskOperator:
        """Return the operator with values of another type."""
        if self.dtype == dtype:
            return self
        other = copy.copy(self)
        other.__dict__.pop("_sent", None)
        other._on_kept = self._on_kept.astype(dtype)
        return other

    @cached_property
    def _sent(self) -> Any:
        return sent(self._on_kept)

    @cached_property
    def _blocks(self) -> list[Any]:
        return blocks_of(self._X)

    def summed(self, function: Callable[..., Any], shared: Sequence[Any] = (), along: Sequence[Any] = ()) -> Any:
        """Return what `over_blocks` does."""
        from dask import delayed

        everywhere = [delayed(value, traverse=False) for value in shared]
        columns = [blocks_of(values, len(self._blocks)) for values in along]
        work, parts = delayed(_on_block, pure=False), []
        for home, X, *rest in zip(homes(self._X), self._blocks, *columns, strict=True):
            with at(home):
                parts.append(work(function, self._sent, X, *everywhere, *rest))
        return tree_sum(parts)

    def __matmul__(self, V: np.ndarray) -> Any:
        """Return K V as a Dask array that nothing is computed of yet, for V of shape (p, t)."""
        chunks, meta = (self._X.chunks[0], V.shape[1:]), np.empty((0, 0), dtype=self.dtype)
        columns = sent(V.astype(self.dtype, copy=False))
        return self._X.map_blocks(_product, self._sent, columns, dtype=self.dtype, chunks=chunks, meta=meta)


def over_blocks(
    operator: Any, function: Callable[..., Any], shared: Sequence[Any] = (), along: Sequence[Any] = ()
) -> Any:
    """Return ``function(operator, *shared, *along)``, which must be a sum over rows.

    For a `DaskOperator` the function is called on the workers, for each block, with the operator of its rows and its
    part of `along`; the results are added in a tree.

    Parameters
    ----------
    operator : KernelOperator, MatrixOperator, FeatureOperator or DaskOperator
        Of n rows.
    function : callable
        At the top level of a module.
    shared : sequence
        What is the same for all rows.
    along : sequence of arrays of shape (n,) or (n, t), or None
        What belongs to the rows, and lies where they do.
    """
    if isinstance(operator, DaskOperator):
        return operator.summed(function, shared, along)
    return function(operator, *shared, *along)


def _on_block(function: Callable[..., Any], operator: KernelOperator, X: np.ndarray, *rest: Any) -> Any:
    return function(operator.of_rows(X), *rest)


def _product(X: np.ndarray, operator: KernelOperator, V: np.ndarray) -> np.ndarray:
    return operator.of_rows(X) @ V


def large_graphs() -> Any:
    """Return a context in which no one warns of large graphs.

    Landmarks and vectors go out within the graph, which the scheduler keeps, so that they outlive any worker. Dask
    warns of that from 10 MB on, as if it were data.
    """
    import dask

    # Before it is loaded there is no cluster, and the end of the context would undo what loading it sets.
    return dask.config.set(LARGE_GRAPHS) if "distributed" in sys.modules else nullcontext()


def sent(value: Any) -> Any:
    """Return what stands for a value that tasks of several passes share, and that no loss of a worker loses."""
    import dask

    with large_graphs():
        return dask.delayed(value, traverse=False).persist()


def blocks_of(values: Any, count: int = 0) -> list[Any]:
    """Return the blocks of a Dask array as what tasks can be made of; as many times None for None."""
    return [None] * count if values is None else values.to_delayed().ravel().tolist()


def homes(X: Any) -> list[Any]:
    """Return the addresses of the workers that hold each block of a Dask array; None where none does yet."""
    import dask

    client: Any = getattr(dask.base.get_scheduler(collections=[X]), "__self__", None)
    if not hasattr(client, "who_has"):
        return [None] * X.numblocks[0]
    known = client.who_has(X)
    return [list(known.get(key, ())) or None for key in dask.core.flatten(X.__dask_keys__())]


def at(home: list[str] | None) -> Any:
    """Return a context in which tasks are made that run there, or elsewhere if these workers are lost.

    Without it Dask would move blocks to workers that are idle, in each pass anew.
    """
    import dask

    return nullcontext() if home is None else dask.annotate(workers=home, allow_other_workers=True)


def tree_sum(parts: list[Any]) -> Any:
    """Return the sum of what tasks return, neighbours first, added on the workers."""
    import dask

    add = dask.delayed(_add, pure=False)
    while len(parts) > 1:
        parts = [add(*parts[i : i + FAN_IN]) for i in range(0, len(parts), FAN_IN)]
    with large_graphs():
        return parts[0].compute()


def _add(first: Any, *others: Any) -> Any:
    for other in others:
        first = first + other
    return first


def on_workers(*arrays: Any) -> tuple[Any, ...]:
    """Return small Dask arrays, such as targets, computed once and kept where they are; None stays None."""
    import dask

    with large_graphs():
        kept = iter(dask.persist(*(array for array in arrays if array is not None)))
    return tuple(None if array is None else next(kept) for array in arrays)


def summed_blocks(function: Callable[..., Any], name: str, values: Any, *along: Any) -> Any:
    """Return the sum of ``function(block, *blocks of along)``, blocks of `values` being checked to be finite first."""
    from dask import delayed

    starts = np.cumsum([0, *values.chunks[0][:-1]]).tolist()
    columns = [blocks_of(column, len(starts)) for column in along]
    work, parts = delayed(_on_finite, pure=False), []
    for i, (home, *part) in enumerate(zip(homes(values), blocks_of(values), *columns, strict=True)):
        with at(home):
            parts.append(work(function, name, i, starts[i], *part))
    return tree_sum(parts)


def _on_finite(function: Callable[..., Any], name: str, i: int, start: int, values: np.ndarray, *along: Any) -> Any:
    check_finite_block(values, name, i, start)
    return function(values, *along)


def aligned(name: str, values: Any, X: Any) -> Any:
    """Return targets or weights as `check_aligned` does, computed, finite, and kept where the blocks of `X` are."""
    (values,) = on_workers(check_aligned(name, values, X))
    summed_blocks(len, name, values)
    return values


def with_positive_weights(X: Any, Y: Any, w: Any) -> tuple[Any, Any, Any]:
    """Return the rows of Dask arrays whose weights are not zero; the same arrays where none is."""
    if not is_dask(X) or w is None:
        return X, Y, w
    counts = w.map_blocks(_count, dtype=np.int64, chunks=((1,) * w.numblocks[0],), meta=np.empty(0, int)).compute()
    if counts.sum() == X.shape[0]:
        return X, Y, w
    return tuple(_of_positive(values, w, counts) for values in (X, Y, w))  # type: ignore[return-value]


def _count(w: np.ndarray) -> np.ndarray:
    return np.array([np.count_nonzero(w)])


def _of_positive(values: Any, w: Any, counts: np.ndarray) -> Any:
    import dask.array as da

    axes, options = "ij"[: values.ndim], {"dtype": values.dtype, "meta": values._meta}
    chosen = da.blockwise(_positive, axes, values, axes, w, "i", adjust_chunks={"i": tuple(counts.tolist())}, **options)
    return chosen.blocks[np.flatnonzero(counts)]


def _positive(values: np.ndarray, w: np.ndarray) -> np.ndarray:
    return values[w > 0]
