"""How a big matrix of kernel values is worked through: tiles, threads, memory."""

from ._count import Count, counted
from ._dask import DaskOperator, aligned, over_blocks, sent, summed_blocks, with_positive_weights
from ._device_operator import DeviceMatrix, DeviceOperator, bytes_at_once, matrix_operator, operator_for
from ._memory import available_bytes, check_memory, readable_bytes
from ._operator import KernelOperator, MatrixOperator
from ._plan import blocks, plan, tile_shape
from ._threads import run, single_threaded_blas

__all__ = [
    "Count",
    "DaskOperator",
    "DeviceMatrix",
    "DeviceOperator",
    "KernelOperator",
    "MatrixOperator",
    "aligned",
    "available_bytes",
    "blocks",
    "bytes_at_once",
    "check_memory",
    "counted",
    "matrix_operator",
    "operator_for",
    "over_blocks",
    "plan",
    "readable_bytes",
    "run",
    "sent",
    "single_threaded_blas",
    "summed_blocks",
    "tile_shape",
    "with_positive_weights",
]
