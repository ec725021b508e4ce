"""Kernel matrices."""

from kernelkit import NTK, Gaussian, Laplacian, Linear, Matern, Polynomial

from .data import rows

KERNELS = {
    "Gaussian": Gaussian(4.0),
    "Gaussian + Linear": Gaussian(4.0) + Linear(),
    "Laplacian": Laplacian(10.0),
    "Matern": Matern(4.0, nu=1.5),
    "Polynomial": Polynomial(3),
    "NTK": NTK(depth=3),
}


class Matrices:
    """k(X, X) and k(X, Y)."""

    params = (list(KERNELS), ["float64", "float32"])
    param_names = ("kernel", "dtype")

    def setup(self, name, dtype):
        self.kernel, self.X, self.Y = KERNELS[name], rows(2000, dtype=dtype), rows(1000, dtype=dtype)

    def time_symmetric(self, name, dtype):
        self.kernel(self.X)

    def time_two_sets(self, name, dtype):
        self.kernel(self.X, self.Y)

    def peakmem_symmetric(self, name, dtype):
        self.kernel(self.X)
