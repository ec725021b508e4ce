"""Linear algebra on operators: ridge systems, support vector duals, principal components, gradient flow."""

from ._cholesky import Outcome, factor, solve
from ._dual_solution import DualSolution, pair_coefficients
from ._factor import CholeskyFactor
from ._flow import GradientFlow, staged_products
from ._iterations import Ending
from ._iterative import IterativeSolver
from ._landmark_ridge import LandmarkRidge, independent
from ._landmark_spectrum import LandmarkSpectrum
from ._libsvm import cache_bytes, libsvm, libsvm_part
from ._nystroem import Moments, float32_drowns, landmark_components, ridge_on_features, ridge_on_landmarks, whitening
from ._pivoted_cholesky import pivoted_cholesky
from ._principal import EIGEN_SOLVERS, PrincipalComponents, principal_components
from ._representatives import farthest_points, leverage_sample
from ._ridge import RidgeSystem, solve_many
from ._smo import smo, smo_matrix
from ._spectral import Spectrum, check_finite
from ._targets import one_alpha_after_the_other

__all__ = [
    "EIGEN_SOLVERS",
    "CholeskyFactor",
    "DualSolution",
    "Ending",
    "GradientFlow",
    "IterativeSolver",
    "LandmarkRidge",
    "LandmarkSpectrum",
    "Moments",
    "Outcome",
    "PrincipalComponents",
    "RidgeSystem",
    "Spectrum",
    "cache_bytes",
    "check_finite",
    "factor",
    "farthest_points",
    "float32_drowns",
    "independent",
    "landmark_components",
    "leverage_sample",
    "libsvm",
    "libsvm_part",
    "one_alpha_after_the_other",
    "pair_coefficients",
    "pivoted_cholesky",
    "principal_components",
    "ridge_on_features",
    "ridge_on_landmarks",
    "smo",
    "smo_matrix",
    "solve",
    "solve_many",
    "staged_products",
    "whitening",
]
