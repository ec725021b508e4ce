"""Random features of the kernels of wide networks."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.fft
import scipy.sparse as sp
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._arrays import as_dense, cast, n_rows, take_rows
from .._validation import check_number
from ..engine import blocks, check_memory, run
from ..kernels import NTK, KernelEstimator, Network, by_blocks
from ._draws import Draws
from ._error import KernelMap

BLOCK_BYTES = 2**22


class TensorSketch:
    """A random linear map of the products a_i b_j of two vectors, whose inner products it keeps on average.

    Each vector is sketched to `size` numbers, every entry added to or subtracted from one of them at random; the
    sketch of the products is the circular convolution of the two.

    References
    ----------
    Pham and Pagh (2013), Fast and scalable polynomial kernels via explicit feature maps, section 3.
    """

    def __init__(self, widths: tuple[int, int], size: int, rng: np.random.RandomState):
        self._size = size
        self._sketches = [_count_sketch(width, size, rng) for width in widths]

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the sketches of the rows' products, shape (n, size)."""
        spectra = (scipy.fft.rfft(x @ S.astype(x.dtype), axis=1) for x, S in zip((a, b), self._sketches, strict=True))
        return scipy.fft.irfft(np.multiply(*spectra), n=self._size, axis=1)


def _count_sketch(width: int, size: int, rng: np.random.RandomState) -> sp.csr_array:
    signs = rng.choice([-1.0, 1.0], size=width)
    return sp.csr_array((signs, (np.arange(width), rng.randint(size, size=width))), shape=(width, size))


class RandomNeural(KernelMap, ClassNamePrefixFeaturesOutMixin, TransformerMixin, KernelEstimator):
    """Random features whose inner product approximates the kernel of a wide network: NTK, NNGP or arc-cosine.

    Hidden units of a random network, layer by layer, have the NNGP as inner product. For the NTK, each layer adds
    the products of the units' slopes and the features of the layer below, sketched to a fixed number. Errors fall as
    one over the square root of the number of features. One pass over the rows replaces n^2 kernel values.

    Parameters
    ----------
    kernel : NTK, NNGP or ArcCosine, optional
        None is ``NTK()``.
    n_components : int
        Number of features; for an NTK half of them are units and half are sketches.
    random_state : int, RandomState or None
        Where the weights come from.

    Attributes
    ----------
    kernel_ : NTK, NNGP or ArcCosine
        The kernel.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    References
    ----------
    Zandieh, Han, Avron, Shoham, Kim and Shin (2021), Scaling neural tangent kernels via sketching and random features,
    section 3; Han, Zandieh, Lee, Novak, Xiao and Karbasi (2022), Fast neural kernel embeddings for general activations.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import NTK, RandomNeural
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> Z = RandomNeural(NTK(), n_components=4000, random_state=0).fit_transform(X)
    >>> bool(np.abs(Z @ Z.T - NTK()(X)).mean() < 0.05 * NTK().diag(X).mean())
    True
    """

    regularisation = None
    first_number = "n_components"

    def __init__(self, kernel: Any = None, *, n_components: int = 100, random_state: Any = None):
        self.kernel = kernel
        self.n_components = n_components
        self.random_state = random_state

    @property
    def _not_for_devices(self) -> str | None:
        return "take Nystroem, which can"

    def _as_kernel(self, kernel: Any) -> Any:
        kernel = NTK() if kernel is None else super()._as_kernel(kernel)
        if not isinstance(kernel, Network):
            raise TypeError(
                f"kernel must be an NTK, NNGP or ArcCosine, got {kernel!r}: RandomFourier and Nystroem take others"
            )
        return kernel

    def fit(self, X: Any, y: Any = None) -> Self:
        """Draw the weights.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows, of which only the number of columns counts.
        y : None
            Not used.

        Raises
        ------
        TypeError
            If the kernel is not that of a wide network.
        """
        count = check_number("n_components", self.n_components, at_least=1, integer=True)
        X = self._training_rows(X)
        kernel = self._resolved(self._as_kernel(self.kernel), X, None)
        network, rng = kernel.architecture, check_random_state(self.random_state)
        bias = int(network.bias_variance > 0)
        sketched = max(1, count // 2) if network.fixed_layers < network.depth else 0
        units = max(1, count - sketched - bias)
        draws, layers = Draws("orthogonal", rng), []
        signal = tangent = X.shape[1] + bias
        for layer in range(network.depth):
            weights = draws.normals(units, signal).T
            trained = layer >= network.fixed_layers
            layers.append((weights, TensorSketch((units, tangent), sketched, rng) if trained else None))
            signal = units + bias
            tangent = signal + sketched * trained
        # One, two or three components have no room for all there is.
        self._folding = _count_sketch(tangent, count, rng) if tangent > count else None
        self.kernel_, self._layers, self._n_features_out = kernel, layers, count
        return self

    @by_blocks
    def transform(self, X: Any) -> np.ndarray:
        """Return the features of rows, shape (m, n_components).

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows.
        """
        check_is_fitted(self)
        X = self._rows_like([self.kernel_], X, reset=False)
        n, p = n_rows(X), self._n_features_out
        check_memory(n * p * X.dtype.itemsize, f"{n} x {p} features", "transform fewer rows at a time")
        features = np.empty((n, p), dtype=X.dtype)

        def fill(rows: slice) -> None:
            features[rows] = self._lifted(as_dense(take_rows(X, rows)))

        run(fill, blocks(n, max(1, BLOCK_BYTES // (8 * max(p, X.shape[1])))))
        return features

    def _lifted(self, X: np.ndarray) -> np.ndarray:
        network = self.kernel_.architecture
        signal = self._with_bias(X * np.sqrt(network.input_variance(X.shape[1])).astype(X.dtype))
        tangent = signal
        for weights, sketch in self._layers:
            scale = np.sqrt(network.weight_variance / weights.shape[1])
            Z = signal @ cast(weights, X.dtype)
            signal = self._with_bias(cast(network.activation.function(Z) * scale, X.dtype))
            if sketch is None:
                tangent = signal
            else:
                slopes = cast(network.activation.derivative(Z) * scale, X.dtype)
                tangent = np.hstack([signal, sketch(slopes, tangent)])
        return tangent if self._folding is None else tangent @ self._folding.astype(X.dtype)

    def _with_bias(self, features: np.ndarray) -> np.ndarray:
        bias = self.kernel_.architecture.bias_variance
        constant = np.full((len(features), 1), np.sqrt(bias), dtype=features.dtype)
        return np.hstack([features, constant]) if bias else features

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
