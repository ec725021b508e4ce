"""Systems and eigenvalues."""

from kernelkit import Gaussian
from kernelkit.engine import KernelOperator
from kernelkit.solvers import solve

from .data import rows, target


class Systems:
    """(K + alpha I) x = b."""

    params = ([1000, 4000], [1.0, 1e-4])
    param_names = ("n", "alpha")

    def setup(self, n, alpha):
        X = rows(n)
        self.operator, self.b = KernelOperator(Gaussian(4.0), X), target(X)

    def time_solve(self, n, alpha):
        solve(self.operator, self.b, alpha)

    def peakmem_solve(self, n, alpha):
        solve(self.operator, self.b, alpha)
