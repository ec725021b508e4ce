"""Features of any kernel, from its values at landmarks."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.linalg
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._arrays import (
    cast,
    columns_at,
    device_of,
    is_dask,
    is_foreign,
    like,
    n_rows,
    namespace,
    positions,
    solve_triangular,
    take_rows,
    widest_float,
)
from .._validation import check_number
from ..engine import blocks, check_memory, run
from ..kernels import Kernel, KernelEstimator, by_blocks, kernel_operator
from ..solvers import ridge_on_features, whitening
from ._error import KernelMap
from ._inverse import Invertible, where_invertible
from ._landmarks import Landmarks, choose_landmarks, instead_on_devices
from ._waves import DEVICE_BYTES, FEWER

DEFAULT = 100
HEIGHT, WIDTH = 512, 256  # what is worked on at a time


class Nystroem(KernelMap, Invertible, ClassNamePrefixFeaturesOutMixin, TransformerMixin, KernelEstimator):
    """Features z(x) = W'k(Z, x) of any kernel, from its values at landmarks Z.

    With W W' the pseudo-inverse of k(Z, Z), z(x).z(y) = k(x, Z) k(Z, Z)^-1 k(Z, y), which is exact for landmarks, and
    never above k(x, x) for x = y. n p kernel values are evaluated, never n^2.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        None is ``Gaussian(sigma="scale")``; see ``kernelkit.kernels.as_kernel`` for the others. "precomputed" takes
        kernel matrices in place of X.
    n_components : int, optional
        Number of landmarks p; None is 100 or all rows, or as many as are given. There are fewer features where the
        landmarks' kernel matrix has a lower rank.
    landmarks : {"rpcholesky", "uniform", "kmeans", "leverage", "farthest"} or array-like of shape (p, d)
        How they are chosen, see `choose_landmarks`, or the landmarks themselves.
    rank : int, optional
        Keep this many features, those of the largest eigenvalues of the landmarks' kernel matrix; None keeps all.
    fit_inverse_transform : bool
        Whether to learn `inverse_transform`: ridge regression from the features to X.
    alpha : float
        Ridge of that regression, > 0; not multiplied by n.
    random_state : int, RandomState or None
        For choosing landmarks.

    Attributes
    ----------
    kernel_ : Kernel or "precomputed"
        The kernel with numbers for parameters.
    components_ : array, sparse matrix or table of shape (p, d), or None
        The landmarks; None for kernel="precomputed".
    landmark_indices_ : array of shape (p,) or None
        Their positions among the training rows; None where they are none of these.
    normalization_ : array of shape (p, r)
        W.
    dual_coef_ : array of shape (r, d)
        Coefficients of the inverse.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    References
    ----------
    Williams and Seeger (2001), Using the Nystroem method to speed up kernel machines; Epperly, Tropp and Webber (2024)
    for "rpcholesky"; Musco and Musco (2017) for "leverage"; Zhang, Tsang and Kwok (2008) for "kmeans".

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import Gaussian, Nystroem
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> phi = Nystroem(Gaussian(2.0), n_components=60, random_state=0)
    >>> Z = phi.fit_transform(X)
    >>> bool(np.abs(Z @ Z.T - Gaussian(2.0)(X)).max() < 1e-3)
    True
    """

    regularisation = None
    first_number = "n_components"

    def __init__(
        self,
        kernel: Any = None,
        *,
        n_components: int | None = None,
        landmarks: Any = "rpcholesky",
        rank: int | None = None,
        fit_inverse_transform: bool = False,
        alpha: float = 1.0,
        random_state: Any = None,
    ):
        self.kernel = kernel
        self.n_components = n_components
        self.landmarks = landmarks
        self.rank = rank
        self.fit_inverse_transform = fit_inverse_transform
        self.alpha = alpha
        self.random_state = random_state

    @property
    def _not_for_dask(self) -> str | None:
        return "fit_inverse_transform=False" if self.fit_inverse_transform else None

    @property
    def _not_for_devices(self) -> str | None:
        return instead_on_devices(self.landmarks)

    @property
    def _made_of(self) -> Any:
        return self.normalization_

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose the landmarks.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : None
            Not used.

        Raises
        ------
        ValueError
            If there are fewer rows than landmarks, the input is not finite, or a parameter is out of its range.
        """
        self._fit(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Choose the landmarks and return the features of the training rows, shape (n, r).

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : None
            Not used.
        """
        X = self._fit(X)
        return self.transform(X) if is_dask(X) else self._features(X)

    def _fit(self, X: Any) -> Any:
        """Fit the model and return the checked rows."""
        self._check_settings()
        X = self._training_rows(X)
        count = self._count(n_rows(X))
        Y = self._reconstructed(X) if self.fit_inverse_transform else None
        kernel = self._resolved(self._as_kernel(self.kernel), X, None)
        found = choose_landmarks(kernel, X, count, self.landmarks, self.random_state)
        W = self._whitening(kernel, X, found)
        self.kernel_, self.components_, self.normalization_ = kernel, found.rows, W
        self.landmark_indices_ = None if found.indices is None else positions(found.indices, W)
        self.__dict__.pop("dual_coef_", None)  # of an earlier fit
        if Y is not None:
            self.dual_coef_ = self._inverse(X, Y)
        return X

    def _check_settings(self) -> None:
        self._check_has_rows()
        check_number("alpha", self.alpha, above=0)
        if self.rank is not None:
            check_number("rank", self.rank, at_least=1, integer=True)
        if self.n_components is not None:
            check_number("n_components", self.n_components, at_least=1, integer=True)

    def _count(self, n: int) -> int | None:
        """Return how many landmarks are to be chosen among n rows; None for those that are given."""
        chosen = isinstance(self.landmarks, str)
        if self.n_components is None:
            return min(DEFAULT, n) if chosen else None
        if chosen and self.n_components > n:
            raise ValueError(f"n_components must be at most the number of rows, got {self.n_components} and n={n}")
        return int(self.n_components)

    def _whitening(self, kernel: Any, X: Any, found: Landmarks) -> Any:
        if found.factor is not None and self.rank is None:
            return _inverse_of_lower(found.factor).T
        among = found.rows if found.rows is not None else take_rows(columns_at(X, found.indices), found.indices)  # type: ignore[arg-type]
        operator = kernel_operator(kernel, among)
        return whitening(operator.astype(widest_float(X)).dense(), operator.dtype, self.rank and int(self.rank))

    def _operator(self, X: Any) -> Any:
        """Return k(x, Z) for checked rows."""
        X = X if isinstance(self.kernel_, Kernel) else columns_at(X, self.landmark_indices_)  # type: ignore[arg-type]
        return kernel_operator(self.kernel_, X, self.components_)

    def _features(self, X: Any) -> Any:
        operator, W = self._operator(X), self.normalization_
        if is_foreign(X):
            return _products_on_device(operator, W)
        n, r = operator.shape[0], W.shape[1]
        check_memory(n * r * operator.dtype.itemsize, f"{n} x {r} features", FEWER)
        W, out = W.astype(operator.dtype, copy=False), np.empty((n, r), dtype=operator.dtype)
        # Of a triangular W only what is not zero: half the work.
        triangular = not np.tril(W, -1).any()
        columns = blocks(r, WIDTH) if triangular else [slice(0, r)]

        def write(rows: slice) -> None:
            K = operator.block(rows)
            for j in columns:
                stop = j.stop if triangular else len(W)
                np.matmul(K[:, :stop], W[:stop, j], out=out[rows, j])

        run(write, blocks(n, HEIGHT))
        return out

    @by_blocks
    def transform(self, X: Any) -> np.ndarray:
        """Return the features of rows, shape (m, r); a Dask array, of which nothing is computed yet, of a Dask array.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        """
        check_is_fitted(self)
        return self._features(self._rows_like([self.kernel_], X, reset=False))

    def _inverse(self, X: Any, Y: Any) -> Any:
        return cast(ridge_on_features(self._operator(X), self.normalization_, Y, self.alpha), Y.dtype)

    @where_invertible
    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return rows whose features are about those given, shape (m, d), by ridge regression.

        Parameters
        ----------
        X : array-like of shape (m, r)
            Features.

        Raises
        ------
        NotFittedError
            If the model was not fitted with ``fit_inverse_transform=True``.
        """
        Z = self._to_invert(X)
        return Z @ cast(self.dual_coef_, Z.dtype) if is_foreign(Z) else Z @ self.dual_coef_

    @property
    def _n_features_out(self) -> int:
        return self.normalization_.shape[1]


def _inverse_of_lower(L: Any) -> Any:
    if is_foreign(L):
        return solve_triangular(L, like(np.eye(L.shape[0]), L))
    return scipy.linalg.solve_triangular(L, np.eye(len(L)), lower=True, check_finite=False)


def _products_on_device(operator: Any, W: Any) -> Any:
    """Return K W, shape (n, r), in the type of K and block by block."""
    xp, n, W = namespace(W), operator.shape[0], cast(W, operator.dtype)
    features = xp.empty((n, W.shape[1]), dtype=operator.dtype, device=device_of(W))
    for rows in blocks(n, max(1, DEVICE_BYTES // (8 * W.shape[0]))):
        features[rows, :] = operator.block(rows) @ W
    return features
