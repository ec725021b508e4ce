"""What a kernel is like, on data: spectrum, alignment, Mercer's condition, learning curves; and pictures.

Pictures need matplotlib (``pip install "kernelkit[plot]"``).
"""

from ._alignment import AlignmentDisplay, alignment
from ._components import ComponentDisplay
from ._eigenpairs import Spectrum, circle, spectrum
from ._frequencies import FrequencySpectrumDisplay
from ._learning_curves import LearningCurves, LearningCurvesDisplay, learning_curves
from ._matrix import KernelMatrixDisplay
from ._mercer import MercerCheck, MercerDisplay, mercer_check
from ._regions import DecisionRegionDisplay
from ._spectrum import SpectrumDisplay

__all__ = [
    "AlignmentDisplay",
    "ComponentDisplay",
    "DecisionRegionDisplay",
    "FrequencySpectrumDisplay",
    "KernelMatrixDisplay",
    "LearningCurves",
    "LearningCurvesDisplay",
    "MercerCheck",
    "MercerDisplay",
    "Spectrum",
    "SpectrumDisplay",
    "alignment",
    "circle",
    "learning_curves",
    "mercer_check",
    "spectrum",
]
