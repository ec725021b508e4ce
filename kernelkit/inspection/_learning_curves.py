"""How fast gradient descent learns each Fourier frequency: the spectral bias of a kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._validation import as_floats, check_number
from ._drawing import new_axes
from ._eigenpairs import Spectrum, spectrum
from ._rows import resolved

LAGS = 3  # rows at these distances tell a line, a circle or a helix from other curves
UNEVEN = 1e-6  # relative to the distance
SLOWEST = 1e-8  # of the fastest rate: what is slower is never learned in practice
STYLES = ("-", "--", "-.", ":")


@dataclass(frozen=True, eq=False)
class LearningCurves:
    """What remains to be learned of waves of several frequencies.

    Attributes
    ----------
    times : array of shape (s,)
        Training times.
    frequencies : array of shape (f,)
        Waves along the grid.
    remaining : array of shape (s, f)
        Length of the residual over that of the target; 1 at the time 0.
    """

    times: np.ndarray
    frequencies: np.ndarray
    remaining: np.ndarray


def learning_curves(kernel: Any, X: Any, times: Any = None, frequencies: Any = None) -> LearningCurves:
    """Return how much of a wave of each frequency remains to be learned over training time.

    Gradient flow on 1/2 sum_i (f(x_i) - y_i)^2, from f = 0, leaves the residual exp(-K t) y. With the wave
    e_k(i) = exp(2 pi 1j k i / n) for a target, what remains is |exp(-K t) e_k| / |e_k|: the root of the mean of its
    square over all phases of a cosine with k periods on the n rows. On a circle it is exp(-lambda_k t), with the
    eigenvalue of that frequency. For the mean instead of half the sum of squares, multiply times by n / 2.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str
        What ``kernelkit.kernels.as_kernel`` takes; parameters that depend on the data are read off `X`.
    X : array-like or sparse matrix of shape (n, d)
        Equally spaced points in order along a line or circle, such as ``circle(n)``; the kernel matrix of such points,
        of shape (n, n), for "precomputed".
    times : array-like of shape (s,), optional
        Training times, >= 0; by default 100 on a logarithmic scale, from where nothing has been learned to where all
        that can be has.
    frequencies : array-like of shape (f,), optional
        Integers from 0 to n / 2; by default 1, 2, 4, ... up to n / 4.

    Returns
    -------
    curves : LearningCurves
        The fractions that remain, shape (s, f).

    Raises
    ------
    MemoryError
        If 3 n^2 float64 words, what the decomposition takes, are not available.
    ValueError
        If the rows are not equally spaced, a time or frequency is out of range, or the kernel matrix has a negative
        eigenvalue, along which the residual would grow.

    References
    ----------
    Jacot, Gabriel and Hongler (2018), Neural tangent kernel, section 5; Rahaman et al. (2019), On the spectral bias of
    neural networks.

    Examples
    --------
    >>> from kernelkit import Gaussian
    >>> from kernelkit.inspection import circle, learning_curves
    >>> learning_curves(Gaussian(), circle(64), times=[0.0, 0.1, 1.0], frequencies=[1, 2, 3]).remaining.round(2)
    array([[1.  , 1.  , 1.  ],
           [0.26, 0.73, 0.95],
           [0.  , 0.04, 0.59]])
    """
    kernel, X = resolved(kernel, X)
    if not isinstance(kernel, str):
        _check_evenly_spaced(X)
    found = spectrum(kernel, X)
    if found.eigenvalues[-1] < 0:
        raise ValueError(
            f"kernel={kernel!r} must be positive semi-definite on X, or the residual grows: its smallest eigenvalue "
            f"is {found.eigenvalues[-1]:.3g}"
        )
    waves = _checked_frequencies(frequencies, len(found.eigenvalues))
    shares = _shares(found, waves)
    moments = _default_times(found.eigenvalues @ shares) if times is None else _checked_times(times)
    decay = np.exp(-2 * np.outer(moments, found.eigenvalues))
    return LearningCurves(moments, waves, np.sqrt(decay @ shares))


def _shares(found: Spectrum, frequencies: np.ndarray) -> np.ndarray:
    """Return the share of the energy of each wave that each eigenvector has, shape (n, f)."""
    n = len(found.eigenvalues)
    angles = 2 * np.pi / n * (np.outer(np.arange(n), frequencies) % n)
    Q = found.eigenvectors
    return (np.square(Q.T @ np.cos(angles)) + np.square(Q.T @ np.sin(angles))) / n


def _default_times(rates: np.ndarray) -> np.ndarray:
    """Return times that suit rates of learning."""
    fastest = rates.max() or 1.0
    return np.geomspace(0.01 / fastest, 10 / max(rates.min(), SLOWEST * fastest), 100)


def _checked_times(times: Any) -> np.ndarray:
    values = as_floats("times", times)
    if values.ndim != 1 or not len(values) or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"times must be finite numbers >= 0, shape (s,), got {times!r}")
    return values


def _checked_frequencies(frequencies: Any, n: int) -> np.ndarray:
    if frequencies is None:
        return 2 ** np.arange(max(1, (n // 4).bit_length()))
    values = as_floats("frequencies", frequencies)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"frequencies must have the shape (f,), got {frequencies!r}")
    return np.array([check_number("frequencies", float(k), at_least=0, at_most=n // 2, integer=True) for k in values])


def _check_evenly_spaced(X: Any) -> None:
    """Raise ValueError unless rows that are 1, 2, 3 steps apart have the same distance everywhere."""
    if not isinstance(X, np.ndarray):
        raise TypeError(f"X must be an array of points in order along a line or circle, got {type(X).__name__}")
    for lag in range(1, min(LAGS + 1, len(X))):
        steps = np.linalg.norm(X[lag:] - X[:-lag], axis=1)
        if np.ptp(steps) > UNEVEN * steps.max() or steps.max() == 0:
            raise ValueError(
                "X must be equally spaced points in order along a line or circle, such as circle(n): rows "
                f"{lag} apart have distances from {steps.min():.3g} to {steps.max():.3g}"
            )


class LearningCurvesDisplay:
    """What remains to be learned of each frequency, over training time.

    Parameters
    ----------
    curves : LearningCurves
        What ``learning_curves`` returns.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    lines_ : list of matplotlib Line2D
        A line for each frequency; the time 0, which a logarithmic scale has not, is left out.

    Examples
    --------
    >>> from kernelkit import Matern
    >>> from kernelkit.inspection import LearningCurvesDisplay, circle
    >>> display = LearningCurvesDisplay.from_kernel(Matern(), circle(64))
    >>> display.curves.frequencies
    array([ 1,  2,  4,  8, 16])
    """

    def __init__(self, curves: LearningCurves):
        self.curves = curves

    @classmethod
    def from_kernel(
        cls, kernel: Any, X: Any, *, times: Any = None, frequencies: Any = None, ax: Any = None, **settings: Any
    ) -> Self:
        """Compute learning curves and draw them.

        Parameters
        ----------
        kernel, X, times, frequencies
            As for `learning_curves`.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``plot``.
        """
        return cls(learning_curves(kernel, X, times, frequencies)).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``plot``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        from matplotlib import colormaps
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        own = normalize_kwargs(settings, Line2D)
        curves, after = self.curves, self.curves.times > 0
        colours = colormaps["viridis"](np.linspace(0, 0.85, len(curves.frequencies)))
        self.lines_ = []
        for j, (frequency, colour) in enumerate(zip(curves.frequencies, colours, strict=True)):
            look = {"color": colour, "linestyle": STYLES[j % len(STYLES)], "label": str(frequency), **own}
            self.lines_ += ax.plot(curves.times[after], curves.remaining[after, j], **look)
        ax.set(xscale="log", ylim=(-0.02, 1.02), xlabel="training time", ylabel="part that remains to be learned")
        ax.legend(title="frequency", loc="best", fontsize="small", ncols=1 + len(self.lines_) // 8)
        return self
