"""How well a kernel agrees with a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, cast

import numpy as np
from sklearn.utils import check_array

from .._validation import as_floats
from ..engine import blocks, check_memory
from ._drawing import Target, new_axes
from ._rows import symmetric_operator

BLOCK = 64  # rows of the matrix that are centred together
LARGEST_LABEL = 1e15  # beyond it floats have no fractions
ROUNDING = 16 * np.finfo(np.float64).eps  # what centring leaves of values that are all the same, relative to them


def alignment(kernel: Any, X: Any, y: Any, centred: bool = True) -> float:
    """Return the alignment of a kernel with a target: the cosine of the angle between their matrices.

    <K, Y Y'>_F / (|K|_F |Y Y'|_F), with both matrices centred, J K J and J Y Y' J, J = I - 1 1'/n, unless
    ``centred=False``. It is 1 where the kernel is that of the target, and 0 where it knows nothing of it.

    Y is the target as it is where it is a number or several; +1 and -1 for two classes; indicators for more classes.
    (Centred indicators of two classes give the same value as centred signs.) As in the displays, a vector is labels
    unless it has fractions or more than 20 different numbers.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str
        What ``kernelkit.kernels.as_kernel`` takes; parameters that depend on the data are read off `X`.
    X : array-like or sparse matrix of shape (n, d)
        Rows; the kernel matrix, of shape (n, n), for "precomputed".
    y : array-like of shape (n,) or (n, t)
        Labels or numbers.
    centred : bool
        Whether to centre. Without it, a kernel whose values are all large seems aligned with any unbalanced target.

    Returns
    -------
    alignment : float
        Between 0 and 1, or -1 and 1 for a kernel that is not positive semi-definite; 0 for one whose values are all
        the same, which tells no rows apart (``centred=False``: all zero).

    Raises
    ------
    MemoryError
        If the kernel matrix does not fit.
    ValueError
        If `y` has not n rows, or is the same for all of them (``centred=False``: zero).

    References
    ----------
    Cristianini, Shawe-Taylor, Elisseeff and Kandola (2001), On kernel-target alignment, definition 1.
    Cortes, Mohri and Rostamizadeh (2012), Algorithms for learning kernels based on centered alignment, section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import Gaussian, Linear
    >>> from kernelkit.inspection import alignment
    >>> X, y = load_iris(return_X_y=True)
    >>> [round(alignment(kernel, X, y), 2) for kernel in (Linear(), Gaussian("scale"))]
    [0.66, 0.74]
    """
    operator = symmetric_operator(kernel, X)
    n = operator.shape[0]
    codes = _codes(y, n)
    codes = codes / (np.abs(codes).max() or 1.0)  # so that squares neither overflow nor vanish
    Y = codes - codes.mean(axis=0) if centred else codes
    if np.linalg.norm(Y) <= ROUNDING * np.linalg.norm(codes):
        raise ValueError(f"y must not be {'the same' if centred else 'zero'} for all rows: nothing aligns with it")
    check_memory(8 * n * n, f"the {n} x {n} kernel matrix", "use a part of the rows")
    K = operator.astype(np.float64).matrix()
    unit = float(max(K.max(), -K.min())) or 1.0
    size = _size(K, unit, centred=False)
    kernel_size = _size(K, unit, centred=True) if centred else size
    if kernel_size <= ROUNDING * size:
        return 0.0
    return float(np.vdot(Y, K @ Y) / unit / (kernel_size * np.linalg.norm(Y.T @ Y)))


def _codes(y: Any, n: int) -> np.ndarray:
    """Return the target as numbers, shape (n, t)."""
    if any(value is None for value in np.ravel(np.asarray(y, dtype=object))):
        raise ValueError("y must be labels or numbers for all rows, got None")
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    if y.shape[:1] != (n,):
        raise ValueError(f"y must have n = {n} rows, as X has, got shape {y.shape}")
    if y.ndim == 2 and y.shape[1] > 1:
        return as_floats("y", y)
    if y.dtype.kind in "bif" and ((y == y.flat[0]).all() or np.abs(y).max() > LARGEST_LABEL):
        return as_floats("y", y).reshape(n, 1)
    target = cast(Target, Target.of(y.reshape(n), y))
    if target.groups is None:
        return target.values[:, None]
    indicators = np.eye(len(target.groups))[target.values]
    return indicators[:, 1:] - indicators[:, :1] if len(target.groups) == 2 else indicators


def _size(K: np.ndarray, unit: float, centred: bool) -> float:
    """Return |K|_F, or |J K J|_F, of a symmetric matrix in some unit, without a second one."""
    means = K.mean(axis=0) / unit if centred else np.zeros(len(K))
    rest = means - means.mean()
    return sum(float(np.square(K[i] / unit - means - rest[i, None]).sum()) for i in blocks(len(K), BLOCK)) ** 0.5


class AlignmentDisplay:
    """How well several kernels are aligned with one target, as bars.

    Parameters
    ----------
    names : sequence of str
        Names of the kernels.
    alignments : sequence of float
        Their alignments.
    centred : bool
        Whether these are centred.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    bars_ : matplotlib BarContainer
        A bar for each kernel, the first at the top.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import Gaussian, Linear
    >>> from kernelkit.inspection import AlignmentDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> display = AlignmentDisplay.from_kernels([Linear(), Gaussian("scale")], X, y)
    >>> display.names
    ['Linear()', "Gaussian(sigma='scale')"]
    """

    def __init__(self, names: Any, alignments: Any, *, centred: bool = True):
        self.names = names
        self.alignments = alignments
        self.centred = centred

    @classmethod
    def from_kernels(
        cls, kernels: Any, X: Any, y: Any, *, centred: bool = True, ax: Any = None, **settings: Any
    ) -> Self:
        """Align each kernel with the target and draw the values.

        Parameters
        ----------
        kernels : dict or list
            Kernels by name, or kernels, which are then called what they are; see `alignment` for these, `X` and `y`.
        X : array-like or sparse matrix of shape (n, d)
            Rows.
        y : array-like of shape (n,) or (n, t)
            Labels or numbers.
        centred : bool
            Whether to centre.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``barh``.
        """
        if not isinstance(kernels, (Mapping, list, tuple)) or not kernels:
            raise TypeError(f"kernels must be a dictionary or a list of kernels, got {kernels!r}")
        named = kernels.items() if isinstance(kernels, Mapping) else [(kernel, kernel) for kernel in kernels]
        values = [alignment(kernel, X, y, centred) for _, kernel in named]
        return cls([str(name) for name, _ in named], values, centred=centred).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``barh``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        places = np.arange(len(self.names))
        self.bars_ = ax.barh(places, self.alignments, **{"height": 0.6, **settings})
        ax.bar_label(self.bars_, fmt="%.2f", padding=3)
        ax.set_yticks(places, self.names)
        ax.invert_yaxis()
        ax.axvline(0, color="black", linewidth=0.8)
        ax.margins(x=0.12)  # room for the numbers
        ax.set_xlabel("centred alignment with the target" if self.centred else "alignment with the target")
        return self
