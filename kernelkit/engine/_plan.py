"""Which tiles a matrix of kernel values is worked through in: integers only."""

from __future__ import annotations

from math import isqrt

TILE_BYTES = 2 * 2**20  # 512 x 512 float64: a tile and its rows stay in the L2 cache

Tile = tuple[slice, slice]


def blocks(n: int, size: int) -> list[slice]:
    """Cut ``range(n)`` into consecutive slices of at most `size`, as even as they can be."""
    count = -(-n // size)
    edges = [n * i // count for i in range(count + 1)] if count else [0]
    return [slice(start, stop) for start, stop in zip(edges[:-1], edges[1:], strict=True)]


def tile_shape(n: int, m: int, itemsize: int = 8, budget: int = TILE_BYTES) -> tuple[int, int]:
    """Return rows and columns of the largest roughly square tile of an (n, m) matrix within `budget` bytes."""
    cells = max(1, budget // itemsize)
    side = isqrt(cells)
    rows = min(n, max(side, cells // max(m, 1)))
    return max(rows, 1), max(min(m, cells // max(rows, 1)), 1)


def plan(n: int, m: int, itemsize: int = 8, budget: int = TILE_BYTES, symmetric: bool = False) -> list[Tile]:
    """Return the tiles that cover an (n, m) matrix.

    Parameters
    ----------
    n, m : int
        Rows and columns of the matrix.
    itemsize : int
        Bytes of one value.
    budget : int
        Bytes one tile may take; a tile is never smaller than one value.
    symmetric : bool
        Cover only the tiles that touch the diagonal or lie above it; needs n = m.

    Returns
    -------
    list of (slice, slice)
        Disjoint tiles in row-major order.

    Examples
    --------
    >>> for rows, columns in plan(4, 4, itemsize=1, budget=4, symmetric=True):
    ...     print(rows.start, rows.stop, columns.start, columns.stop)
    0 2 0 2
    0 2 2 4
    2 4 2 4
    """
    if symmetric:
        if n != m:
            raise ValueError(f"symmetric=True needs n = m, got n={n}, m={m}")
        cuts = blocks(n, max(1, isqrt(max(1, budget // itemsize))))
        return [(rows, columns) for i, rows in enumerate(cuts) for columns in cuts[i:]]
    height, width = tile_shape(n, m, itemsize, budget)
    return [(rows, columns) for rows in blocks(n, height) for columns in blocks(m, width)]
