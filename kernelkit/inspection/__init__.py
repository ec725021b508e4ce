"""Pictures of kernels and of what is fitted with them; they need matplotlib (``pip install "kernelkit[plot]"``)."""

from ._components import ComponentDisplay
from ._matrix import KernelMatrixDisplay
from ._regions import DecisionRegionDisplay
from ._spectrum import SpectrumDisplay

__all__ = ["ComponentDisplay", "DecisionRegionDisplay", "KernelMatrixDisplay", "SpectrumDisplay"]
