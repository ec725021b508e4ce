"""Fourier features of coordinates: the input mappings that let networks, and their kernels, learn high frequencies."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state

from .._arrays import can_follow
from .._validation import check_choice, check_number
from ._waves import Waves

MAPPINGS = ("basic", "positional", "gaussian")


class FourierFeatures(Waves):
    """Cosines and sines of a few coordinates, such as the position of a pixel, in [0, 1].

    "basic" is (cos 2 pi x, sin 2 pi x); "positional" the same of scale^(j / m) x for j = 0 ... m - 1; "gaussian" is
    (cos 2 pi B x, sin 2 pi B x) with m rows b of independent normal numbers of standard deviation `scale`. A kernel of
    x.y becomes one of x - y on these features, whose width falls with `scale`.

    Parameters
    ----------
    mapping : {"gaussian", "positional", "basic"}
        Which frequencies.
    n_frequencies : int
        m; not used by "basic".
    scale : float
        Largest frequency, or standard deviation of the frequencies, in cycles for each unit of X; > 0, and not used by
        "basic".
    random_state : int, RandomState or None
        For "gaussian".

    Attributes
    ----------
    frequencies_ : array of shape (f, d)
        In cycles for each unit of X; f = d, m d or m. The features are the f cosines and then the f sines.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    References
    ----------
    Tancik, Srinivasan, Mildenhall et al. (2020), Fourier features let networks learn high frequency functions in low
    dimensional domains, section 6.

    Examples
    --------
    >>> import numpy as np
    >>> FourierFeatures("positional", n_frequencies=2, scale=4.0).fit_transform([[0.25]]).round(3) + 0.0
    array([[ 0., -1.,  1.,  0.]])
    """

    def __init__(
        self, mapping: str = "gaussian", *, n_frequencies: int = 256, scale: float = 10.0, random_state: Any = None
    ):
        self.mapping = mapping
        self.n_frequencies = n_frequencies
        self.scale = scale
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose the frequencies.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Coordinates; only their number matters.
        y : None
            Not used.
        """
        check_choice("mapping", self.mapping, MAPPINGS)
        m = check_number("n_frequencies", self.n_frequencies, at_least=1, integer=True)
        check_number("scale", self.scale, above=0)
        X = self._numbers(X, reset=True)
        d = X.shape[1]
        if self.mapping == "basic":
            frequencies = np.eye(d)
        elif self.mapping == "positional":
            frequencies = np.concatenate([self.scale ** (j / m) * np.eye(d) for j in range(m)])
        else:
            frequencies = self.scale * check_random_state(self.random_state).normal(size=(m, d))
        self._keep(X, frequencies_=frequencies, _turns=frequencies.T, _amplitudes=np.ones(len(frequencies)))
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.array_api_support = can_follow()
        return tags
