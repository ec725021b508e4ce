"""Linear algebra on operators: ridge systems, support vector duals, principal components."""

from ._cholesky import Outcome, factor, solve
from ._factor import CholeskyFactor
from ._libsvm import DualSolution, libsvm
from ._nystroem import landmark_components, ridge_on_landmarks
from ._principal import EIGEN_SOLVERS, PrincipalComponents, principal_components
from ._ridge import RidgeSystem, solve_many
from ._spectral import Spectrum

__all__ = [
    "EIGEN_SOLVERS",
    "CholeskyFactor",
    "DualSolution",
    "Outcome",
    "PrincipalComponents",
    "RidgeSystem",
    "Spectrum",
    "factor",
    "landmark_components",
    "libsvm",
    "principal_components",
    "ridge_on_landmarks",
    "solve",
    "solve_many",
]
