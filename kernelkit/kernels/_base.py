"""The kernel protocol: two verbs, ``rows`` and ``tile``, and everything that follows from them."""

from __future__ import annotations

import copy
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.gaussian_process.kernels import Kernel as SklearnKernel

from .._arrays import (
    as_sliceable,
    cast,
    is_float32,
    is_foreign,
    live_together,
    n_rows,
    namespace,
    positive,
    take_rows,
    whereabouts,
    widest_float,
)
from .._validation import check_columns, check_numbers, check_row_weights
from ..engine import check_memory, operator_for
from ._interop import GaussianProcessProtocol
from ._rows import Rows


class Kernel(GaussianProcessProtocol, BaseEstimator, SklearnKernel, ABC):
    """A kernel function k(x, y) as an object that works in every estimator, here and in scikit-learn.

    A kernel of one's own writes ``__init__``, `rows`, `tile` and `diag`; tiling, threads, memory guards, operators,
    cloning and searching come with this class. A parameter that has a ``<name>_bounds`` sibling in ``__init__`` is a
    hyperparameter that Gaussian processes tune.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit.kernels import Kernel, Rows
    >>> class Brownian(Kernel):
    ...     def rows(self, X, like=None):
    ...         return Rows((X,))
    ...
    ...     def tile(self, a, b, out=None):
    ...         return np.minimum(a.parts[0], b.parts[0].T)
    ...
    ...     def diag(self, X):
    ...         return X[:, 0].copy()
    >>> (2 * Brownian())(np.array([[1.0], [3.0]]))
    array([[2., 2.],
           [2., 6.]])
    """

    @abstractmethod
    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        """Return what each row of `X` contributes alone.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Numbers, checked before; float64 and float32 pass without a copy.
        like : Rows, optional
            The rows that these will meet in tiles; they fix the origin and the type.
        """

    @abstractmethod
    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        """Return the kernel values between two sets of rows, shape (len(a), len(b)).

        The result is `out`, a loan of that shape, or a fresh array; never a view of anything else.
        """

    @abstractmethod
    def diag(self, X: Any) -> Any:
        """Return k(x, x) for each row of `X`, shape (n,), in O(n) work."""

    @property
    def positive_definite(self) -> bool:
        """Whether every matrix k(X, X) is sure to be positive semi-definite."""
        return all(child.positive_definite for _, child in self._children())

    @property
    def accepts_sparse(self) -> bool:
        """Whether X may be a sparse matrix."""
        children = list(self._children())
        return bool(children) and all(child.accepts_sparse for _, child in children)

    @property
    def requires_vector_input(self) -> bool:
        """Whether X must be a matrix of numbers; if not, it is passed on as it comes."""
        return all(child.requires_vector_input for _, child in self._children())

    @property
    def costly(self) -> bool:
        """Whether a value takes so long that a solver should not evaluate the matrix more than once."""
        return any(child.costly for _, child in self._children())

    @property
    def has_noise(self) -> bool:
        """Whether a white-noise kernel of scikit-learn is part of this kernel."""
        return any(child.has_noise for _, child in self._children())

    @property
    def needs_numpy(self) -> bool:
        """Whether it works on NumPy arrays alone, whatever scikit-learn was told to follow."""
        return any(child.needs_numpy for _, child in self._children())

    def _children(self) -> Iterator[tuple[str, Kernel]]:
        for name, value in self.get_params(deep=False).items():
            if isinstance(value, Kernel):
                yield name, value

    def resolve(self, X: Any, sample_weight: Any = None) -> Self:
        """Return a copy whose parameters are all numbers.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            The training rows.
        sample_weight : array-like of shape (n,), optional
            Rows of weight zero do not count; variances are weighted.
        """
        X = self._input(X)
        w = check_row_weights(sample_weight, X)
        if w is not None and namespace(w).any(w == 0) and not self._of_numbers():
            X, w = take_rows(X, positive(w)), w[w > 0]
        return self._resolved(X, w)

    def _of_numbers(self) -> bool:
        """Tell whether no parameter can depend on the rows, which then need not be copied to leave some out."""
        known = (numbers.Real, np.ndarray, type(None), Kernel)
        values = self.get_params().items()
        return all(isinstance(value, known) or name.endswith("_bounds") for name, value in values)

    def _resolved(self, X: Any, w: np.ndarray | None) -> Self:
        kernel = copy.deepcopy(self)
        for name, child in self._children():
            setattr(kernel, name, child._resolved(X, w))
        return kernel.set_params(**self._definite(X, w))

    def _definite(self, X: Any, w: np.ndarray | None) -> dict[str, Any]:
        """Return the parameters that depend on the data, as numbers."""
        return {}

    def _without_noise(self) -> Self:
        kernel = copy.copy(self)
        for name, child in self._children():
            setattr(kernel, name, child._without_noise())
        return kernel

    def _input(self, X: Any) -> Any:
        if is_foreign(X) and self.needs_numpy:
            raise TypeError(f"kernel={self!r} needs NumPy arrays, got {whereabouts(X)}: move X to the host")
        return check_numbers(X, self.accepts_sparse) if self.requires_vector_input else as_sliceable(X)

    def _inputs(self, X: Any, Y: Any) -> tuple[Any, Any]:
        X = self._input(X)
        if Y is None:
            return X, None
        Y = self._input(Y)
        if not live_together(X, Y):
            raise ValueError(f"Y must be of the library and on the device of X, {whereabouts(X)}, got {whereabouts(Y)}")
        if getattr(X, "ndim", 0) == getattr(Y, "ndim", 0) == 2:
            check_columns(X, Y.shape[1], "Y has")
        if is_float32(X) != is_float32(Y):
            X, Y = (cast(Z, widest_float(Z)) if is_float32(Z) else Z for Z in (X, Y))
        return X, Y

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
        """Return the matrix of kernel values.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Finite numbers.
        Y : array-like or sparse matrix of shape (m, d), optional
            None means X, and includes the noise of a white-noise kernel, which k(X, X) does not.
        eval_gradient : bool
            Return also the gradient with respect to ``theta``; only for Y=None.

        Returns
        -------
        K : array of shape (n, m)
            float32 if X and Y are, float64 otherwise.
        gradient : array of shape (n, n, p)
            Only with eval_gradient.

        Raises
        ------
        ValueError
            If a parameter is not a number yet (see `resolve`), or the input is not finite.
        MemoryError
            If the matrix does not fit.
        """
        if eval_gradient and Y is not None:
            raise ValueError("eval_gradient=True needs Y=None: the gradient is that of k(X, X)")
        noisy = Y is None and self.has_noise
        X, Y = self._inputs(X, None if Y is X else Y)
        if eval_gradient:
            n, p = n_rows(X), self.n_dims
            check_memory(8 * (p + 3) * n * n, f"the gradient of a {n} x {n} kernel matrix", "use fewer rows")
            return self.value_and_gradient(self.rows(X))
        K = operator_for(self, X, Y).dense()
        if noisy:
            K[np.diag_indices(len(K))] += self.diag(X) - self._without_noise().diag(X)
        return K

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Return k(X, X) and its gradient with respect to ``theta``, shapes (n, n) and (n, n, p).

        The hyperparameters come in the order of ``hyperparameters``; fixed ones are left out.
        """
        if self.n_dims:
            raise NotImplementedError(f"gradients are not available for {type(self).__name__}")
        return self.tile(rows, rows), np.empty((len(rows), len(rows), 0))

    def frequencies(self, n_features: int, count: int, draws: Any) -> tuple[np.ndarray, np.ndarray]:
        """Draw from the spectral measure: k(x, y) is the mean of sum_i weights_i cos(frequencies_i . (x - y)).

        Parameters
        ----------
        n_features : int
            The number of columns d.
        count : int
            How many.
        draws : object
            Where chance comes from: ``normals(count, d)``, ``uniforms(count, k)`` in (0, 1) and ``permutation(count)``.

        Returns
        -------
        frequencies : array of shape (count, d)
            In radians for each unit of X.
        weights : array of shape (count,)
            At least 0; their sum is k(x, x).

        Raises
        ------
        ValueError
            If the kernel has no spectral measure that is known: it must be a function of x - y.
        """
        raise ValueError(
            f"random Fourier features are not available for {self!r}, whose spectral measure is not known: "
            "take landmarks, which every kernel has (kernelkit.features.Nystroem)"
        )

    def _stack(self, K: np.ndarray, gradients: dict[str, Any]) -> np.ndarray:
        """Return the gradients of the free hyperparameters, in their order, as one array of shape (n, n, p)."""
        free = [np.atleast_3d(gradients[h.name]) for h in self._own_hyperparameters() if not h.fixed]
        return np.concatenate(free, axis=2) if free else np.empty((*K.shape, 0))

    def __add__(self, other: Any) -> Kernel:
        from ._algebra import Sum, combine

        return combine(Sum, self, other)

    def __radd__(self, other: Any) -> Kernel:
        from ._algebra import Sum, combine

        return combine(Sum, other, self)

    def __mul__(self, other: Any) -> Kernel:
        from ._algebra import Product, combine

        return combine(Product, self, other)

    def __rmul__(self, other: Any) -> Kernel:
        from ._algebra import Product, combine

        return combine(Product, other, self)

    def __pow__(self, exponent: Any) -> Kernel:
        from ._algebra import Power

        if not isinstance(exponent, numbers.Real):
            return NotImplemented
        return Power(copy.deepcopy(self), exponent)  # type: ignore[arg-type]
