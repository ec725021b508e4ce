"""How a big matrix of kernel values is worked through: tiles, threads, memory."""

from ._count import Count, counted
from ._memory import available_bytes, check_memory, readable_bytes
from ._operator import KernelOperator, MatrixOperator
from ._plan import blocks, plan, tile_shape
from ._threads import run, single_threaded_blas

__all__ = [
    "Count",
    "KernelOperator",
    "MatrixOperator",
    "available_bytes",
    "blocks",
    "check_memory",
    "counted",
    "plan",
    "readable_bytes",
    "run",
    "single_threaded_blas",
    "tile_shape",
]
