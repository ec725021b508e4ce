"""Products with a kernel matrix that is never held."""

import numpy as np

from kernelkit import Gaussian
from kernelkit.engine import KernelOperator

from .data import rows


class Products:
    """K V for some columns."""

    params = ([1, 8, 64], ["float64", "float32"])
    param_names = ("columns", "dtype")

    def setup(self, columns, dtype):
        self.operator = KernelOperator(Gaussian(4.0), rows(8000, dtype=dtype))
        self.V = np.ones((8000, columns), dtype=dtype)

    def time_product(self, columns, dtype):
        self.operator @ self.V

    def peakmem_product(self, columns, dtype):
        self.operator @ self.V
