"""Spectra and alignment."""

from kernelkit import Gaussian
from kernelkit.inspection import alignment, spectrum

from .data import rows, target


class Looks:
    """At one kernel on some rows."""

    def setup(self):
        self.X = rows(1500)
        self.y = target(self.X)

    def time_spectrum(self):
        spectrum(Gaussian(4.0), self.X)

    def time_alignment(self):
        alignment(Gaussian(4.0), self.X, self.y)
