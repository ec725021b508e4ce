"""Linear algebra on operators: direct and spectral solutions of ridge systems, and what follows from their factors."""

from ._cholesky import Outcome, factor, solve
from ._factor import CholeskyFactor
from ._libsvm import DualSolution, libsvm
from ._ridge import RidgeSystem, solve_many
from ._spectral import Spectrum

__all__ = [
    "CholeskyFactor",
    "DualSolution",
    "Outcome",
    "RidgeSystem",
    "Spectrum",
    "factor",
    "libsvm",
    "solve",
    "solve_many",
]
