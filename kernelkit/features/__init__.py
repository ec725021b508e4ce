"""Feature maps: transformers whose features have a kernel as their inner product; and landmarks."""

from ._error import ErrorReport
from ._explicit import ExplicitMap, explicit
from ._feature_operator import FeatureOperator
from ._finite import FiniteMap, check_finite_dimensional, finite_map
from ._fourier_features import FourierFeatures
from ._inverse import Invertible, where_invertible
from ._landmarks import STRATEGIES, Landmarks, choose_landmarks, drawn_rows, instead_on_devices
from ._nystroem import Nystroem
from ._random_fourier import RandomFourier
from ._random_neural import RandomNeural

__all__ = [
    "ErrorReport",
    "ExplicitMap",
    "FeatureOperator",
    "FiniteMap",
    "FourierFeatures",
    "Invertible",
    "Landmarks",
    "Nystroem",
    "RandomFourier",
    "RandomNeural",
    "STRATEGIES",
    "check_finite_dimensional",
    "choose_landmarks",
    "drawn_rows",
    "explicit",
    "finite_map",
    "instead_on_devices",
    "where_invertible",
]
