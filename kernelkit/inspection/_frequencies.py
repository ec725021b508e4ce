"""Eigenvalues against the Fourier frequencies of their eigenvectors."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ._drawing import new_axes
from ._eigenpairs import spectrum


class FrequencySpectrumDisplay:
    """Eigenvalues against frequency, both on logarithmic scales: how fast a kernel forgets fine detail.

    Eigenvalues within rounding, n eps lambda_max, are left out: their eigenvectors have no frequency of their own.

    Parameters
    ----------
    frequencies : array of shape (n,)
        Dominant frequency of each eigenvector.
    eigenvalues : array of shape (n,)
        Eigenvalues of the kernel matrix.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    line_ : matplotlib Line2D
        The eigenvalues, as points.

    Examples
    --------
    >>> from kernelkit import Matern
    >>> from kernelkit.inspection import FrequencySpectrumDisplay, circle
    >>> display = FrequencySpectrumDisplay.from_kernel(Matern(), circle(64))
    >>> display.frequencies[:5]
    array([0., 1., 1., 2., 2.])
    """

    def __init__(self, frequencies: np.ndarray, eigenvalues: np.ndarray):
        self.frequencies = frequencies
        self.eigenvalues = eigenvalues

    @classmethod
    def from_kernel(cls, kernel: Any, X: Any, *, grid_shape: Any = None, ax: Any = None, **settings: Any) -> Self:
        """Decompose the kernel matrix of a regular grid and draw its spectrum.

        Parameters
        ----------
        kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str
            What ``kernelkit.kernels.as_kernel`` takes.
        X : array-like or sparse matrix of shape (n, d)
            The points of the grid in C order, such as ``circle(n)``; the kernel matrix, of shape (n, n), for
            "precomputed".
        grid_shape : tuple of int, optional
            Shape of the grid; (n,), points in order along a line or circle, by default.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **settings
            Passed on to ``plot``.
        """
        found = spectrum(kernel, X)
        return cls(found.dominant_frequencies(grid_shape), found.eigenvalues).plot(ax, **settings)

    def plot(self, ax: Any = None, **settings: Any) -> Self:
        """Draw on `ax`, or on a new figure; `settings` go to ``plot``."""
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        values = np.asarray(self.eigenvalues)
        drawn = values > len(values) * np.finfo(np.float64).eps * values.max(initial=0.0)
        look = {"marker": "o", "markersize": 4, "linestyle": "none", **normalize_kwargs(settings, Line2D)}
        (self.line_,) = ax.plot(np.asarray(self.frequencies)[drawn], values[drawn], **look)
        ax.set_xscale("symlog", linthresh=1)  # logarithmic, with room for the frequency zero
        ax.set_xlim(left=-0.2)
        ax.set(yscale="log", xlabel="frequency (waves along the grid)", ylabel="eigenvalue")
        return self
