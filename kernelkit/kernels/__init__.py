"""What is computed: kernels as objects."""

from ._activation import Activation
from ._activations import Rectifier
from ._algebra import Constant, Power, Product, Sum
from ._base import Kernel
from ._columns import Columns
from ._dask import ColumnSums, by_blocks, resolved_on_blocks
from ._dot_product import Cosine, Linear, Polynomial, Sigmoid
from ._empirical import EmpiricalNTK
from ._estimator import KernelEstimator, all_or_nothing, kernel_operator, landmark_operator
from ._euclidean import Gaussian, Matern, RationalQuadratic
from ._features import FeatureKernel
from ._foreign import FunctionKernel, SklearnWrapper, as_kernel
from ._laplacian import Laplacian
from ._network import Network
from ._networks import NNGP, NTK, ArcCosine
from ._rows import Rows

__all__ = [
    "Activation",
    "ArcCosine",
    "ColumnSums",
    "Columns",
    "Constant",
    "Cosine",
    "EmpiricalNTK",
    "FeatureKernel",
    "FunctionKernel",
    "Gaussian",
    "Kernel",
    "KernelEstimator",
    "Laplacian",
    "Linear",
    "Matern",
    "NNGP",
    "NTK",
    "Network",
    "Polynomial",
    "Power",
    "Product",
    "RationalQuadratic",
    "Rectifier",
    "Rows",
    "Sigmoid",
    "SklearnWrapper",
    "Sum",
    "all_or_nothing",
    "as_kernel",
    "by_blocks",
    "kernel_operator",
    "landmark_operator",
    "resolved_on_blocks",
]
