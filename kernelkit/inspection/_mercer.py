"""Whether a kernel is one: symmetric and positive semi-definite on some rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.linalg import eigh

from .._validation import check_number
from ..engine import blocks, check_memory
from ..kernels import FunctionKernel, kernel_operator
from ._drawing import new_axes
from ._rows import resolved

BLOCK = 256


@dataclass(frozen=True, eq=False)
class MercerCheck:
    """What a kernel matrix says of its kernel.

    Attributes
    ----------
    eigenvalues : array of shape (n,)
        Those of (K + K') / 2, descending.
    asymmetry : float
        The largest |K - K'|.
    tolerance : float
        What counts as rounding, in the units of K.
    """

    eigenvalues: np.ndarray
    asymmetry: float
    tolerance: float

    @property
    def largest(self) -> float:
        """The largest eigenvalue."""
        return float(self.eigenvalues[0])

    @property
    def smallest(self) -> float:
        """The smallest eigenvalue."""
        return float(self.eigenvalues[-1])

    @property
    def symmetric(self) -> bool:
        """Whether the matrix equals its transpose up to rounding."""
        return self.asymmetry <= self.tolerance

    @property
    def positive_semidefinite(self) -> bool:
        """Whether the matrix is symmetric and has no negative eigenvalue, up to rounding."""
        return self.symmetric and self.smallest >= -self.tolerance

    @property
    def verdict(self) -> str:
        """The same as a sentence."""
        rounding = f"rounding explains {self.tolerance:.2g}"
        if not self.symmetric:
            return f"not symmetric: k(x, y) and k(y, x) differ by up to {self.asymmetry:.3g}; {rounding}"
        extremes = f"eigenvalues from {self.smallest:.3g} to {self.largest:.3g}; {rounding}"
        word = "positive semi-definite" if self.positive_semidefinite else "not positive semi-definite"
        return f"{word} on these {len(self.eigenvalues)} rows: {extremes}"

    def __str__(self) -> str:
        return self.verdict


def mercer_check(kernel: Any, X: Any, tol: float | None = None) -> MercerCheck:
    """Look whether a kernel matrix is symmetric and positive semi-definite, as Mercer's condition wants it on any rows.

    Some rows can refute a kernel; they cannot prove it.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str
        What ``kernelkit.kernels.as_kernel`` takes; parameters that depend on the data are read off `X`.
    X : array-like or sparse matrix of shape (n, d)
        Rows; the kernel matrix, of shape (n, n), for "precomputed".
    tol : float, optional
        What counts as rounding, in units of the largest absolute eigenvalue; 10 n eps by default, with the eps of
        the type that the values were computed in.

    Returns
    -------
    check : MercerCheck
        True or false in ``positive_semidefinite``, and printed as a sentence.

    Raises
    ------
    MemoryError
        If two n x n float64 matrices do not fit.
    ValueError
        If `X` or the kernel matrix has values that are not finite.

    References
    ----------
    Mercer (1909), Functions of positive and negative type; Schoelkopf and Smola (2002), Learning with kernels,
    chapter 2.

    Examples
    --------
    >>> from kernelkit import Gaussian, Sigmoid
    >>> from kernelkit.inspection import mercer_check
    >>> X = [[0.0], [1.0], [2.0]]
    >>> mercer_check(Gaussian(), X).positive_semidefinite
    True
    >>> print(mercer_check(Sigmoid(coef0=-1.0), X))
    not positive semi-definite on these 3 rows: eigenvalues from -1.27 to 1.83; rounding explains 1.2e-14
    """
    tol = None if tol is None else check_number("tol", tol, at_least=0)
    kernel, X = resolved(kernel, X)
    operator = kernel_operator(kernel, X, X)  # two sets of rows: of one, half the matrix would be mirrored
    n = operator.shape[0]
    check_memory(16 * n * n, f"the eigenvalues of a {n} x {n} kernel matrix", "use a part of the rows")
    K = operator.astype(np.float64).dense()
    if not np.isfinite([K.min(), K.max()]).all():
        raise ValueError("the kernel matrix has values that are not finite: scale the features, or check the kernel")
    # A function of float64 rows may compute in float32 all the same.
    narrow = isinstance(kernel, FunctionKernel) and getattr(kernel.function(X[:1], X[:1]), "dtype", None) == np.float32
    eps = float(np.finfo(np.float32 if narrow else operator.dtype).eps)
    asymmetry = _symmetrise(K)
    values = eigh(K.T, eigvals_only=True, overwrite_a=True, check_finite=False)[::-1]
    tol = 10 * n * eps if tol is None else tol
    return MercerCheck(values, asymmetry, tol * float(np.abs(values).max()))


def _symmetrise(K: np.ndarray) -> float:
    """Replace K by (K + K') / 2; return the largest |K - K'|."""
    asymmetry = 0.0
    for rows in blocks(len(K), BLOCK):
        upper, lower = K[rows, rows.start :], K[rows.start :, rows].T
        asymmetry = max(asymmetry, float(np.abs(upper - lower).max()))
        middle = (upper + lower) / 2
        K[rows, rows.start :], K[rows.start :, rows] = middle, middle.T
    return asymmetry


class MercerDisplay:
    """Eigenvalues of a kernel matrix, those that are clearly negative marked, and what follows from them.

    The scale is linear within rounding, which is shaded, and logarithmic on both sides of it.

    Parameters
    ----------
    check : MercerCheck
        What ``mercer_check`` returns.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    line_, negative_line_ : matplotlib Line2D
        Eigenvalues, and those that are negative beyond rounding.

    Examples
    --------
    >>> from kernelkit import Sigmoid
    >>> from kernelkit.inspection import MercerDisplay
    >>> display = MercerDisplay.from_kernel(Sigmoid(coef0=-1.0), [[0.0], [1.0], [2.0]])
    >>> display.check.eigenvalues.round(2)
    array([ 1.83, -0.32, -1.27])
    """

    def __init__(self, check: MercerCheck):
        self.check = check

    @classmethod
    def from_kernel(cls, kernel: Any, X: Any, *, tol: float | None = None, ax: Any = None, **settings: Any) -> Self:
        """Check a kernel on some rows and draw what was found.

        Parameters
        ----------
        kernel, X, tol
            As for `mercer_check`.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``plot``.
        """
        return cls(mercer_check(kernel, X, tol)).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``plot``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        values, tolerance = np.asarray(self.check.eigenvalues), self.check.tolerance
        negative = values < -tolerance
        places = np.arange(len(values))
        look = {"marker": "o", "markersize": 4, "linestyle": "none", **normalize_kwargs(settings, Line2D)}
        (self.line_,) = ax.plot(places[~negative], values[~negative], **look)
        wrong = {"color": "tab:red", "marker": "x", "linestyle": "none", "label": f"{negative.sum()} negative"}
        (self.negative_line_,) = ax.plot(places[negative], values[negative], **wrong)
        ax.axhspan(-tolerance, tolerance, color="0.85", label="rounding", zorder=0)
        rounding = max(tolerance, float(np.finfo(np.float64).eps * np.abs(values).max())) or 1.0
        # A power of ten, and room round the zero: else its label and those of the next ticks overlap.
        ax.set_yscale("symlog", linthresh=10 ** np.ceil(np.log10(rounding)), linscale=2)
        ax.yaxis.get_major_locator().set_params(numticks=11)
        ax.set(xlabel="component", ylabel="eigenvalue")
        ax.set_title(self.check.verdict.replace(": ", ":\n", 1), fontsize="medium")
        ax.legend(loc="best", fontsize="small")
        return self
