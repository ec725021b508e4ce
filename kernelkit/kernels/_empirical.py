"""The tangent kernel of a finite network at its random start."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._arrays import cast, is_foreign, n_rows, products, row_sums
from .._validation import as_numbers, check_choice, check_columns, check_number
from ..engine import blocks, check_memory
from ._activations import as_activation
from ._base import Kernel
from ._rows import Rows

PARTS = ("both", "hidden", "output")
HEIGHT = 256  # rows of the diagonal that are worked on at a time
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Weights:
    """Standard normal weights a_i, rows of shape (m, d), and b, shape (m,)."""

    seed: int
    width: int
    n_features: int

    @cached_property
    def _drawn(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.RandomState(self.seed)
        return rng.normal(size=(self.width, self.n_features)), rng.normal(size=self.width)

    @property
    def hidden(self) -> np.ndarray:
        return self._drawn[0]

    @property
    def output(self) -> np.ndarray:
        return self._drawn[1]


class EmpiricalNTK(Kernel):
    """The tangent kernel of f(x) = m^(-1/2) sum_i b_i s(a_i.x), a network of m units, at random a_i, b_i ~ N(0, 1).

    It is the inner product of gradients, <grad f(x), grad f(y)> = k_hidden + k_output, where the weights a give
    k_hidden(x, y) = x.y / m sum_i b_i^2 s'(a_i.x) s'(a_i.y) and the weights b give
    k_output(x, y) = 1 / m sum_i s(a_i.x) s(a_i.y). Gradients, of m (d + 1) numbers, are not formed.

    As m grows it tends to ``NTK(activation=activation, weight_variance=1.0)`` of rows multiplied by sqrt(d), with
    errors like m^(-1/2). For "relu" the limits are k_hidden = x.y (pi - t) / (2 pi) and k_output =
    |x| |y| (sin t + (pi - t) cos t) / (2 pi) for the angle t between x and y.

    Parameters
    ----------
    width : int
        m, at least 1.
    activation : str or Activation
        s: a name or an object, as for `NTK`.
    random_state : int, RandomState or None
        The seed of the weights; what is not an integer becomes one in `resolve`.
    part : {"both", "hidden", "output"}
        Which weights are trained.

    References
    ----------
    Jacot, Gabriel and Hongler (2018), Neural tangent kernel, section 4; Cho and Saul (2009), Kernel methods for deep
    learning, for the limits.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelkit import NTK, EmpiricalNTK
    >>> X = np.array([[1.0, 0.0], [0.6, 0.8]])
    >>> NTK(weight_variance=1.0)(np.sqrt(2) * X).round(2)
    array([[1.  , 0.55],
           [0.55, 1.  ]])
    >>> [float(EmpiricalNTK(m, random_state=0)(X)[0, 1].round(2)) for m in (10, 1000, 100000)]
    [1.54, 0.49, 0.55]
    """

    def __init__(self, width: int = 1024, activation: Any = "relu", random_state: Any = None, part: str = "both"):
        self.width = width
        self.activation = activation
        self.random_state = random_state
        self.part = part

    @property
    def costly(self) -> bool:
        return True

    @property
    def needs_numpy(self) -> bool:
        return True

    def _definite(self, X: Any, w: np.ndarray | None) -> dict[str, Any]:
        if isinstance(self.random_state, (int, np.integer)):
            return {}
        return {"random_state": int(check_random_state(self.random_state).randint(LARGEST_SEED))}

    def _weights(self, n_features: int) -> Weights:
        width = check_number("width", self.width, at_least=1, integer=True)
        if not isinstance(self.random_state, (int, np.integer)):
            raise ValueError(
                f"random_state={self.random_state!r} is not a number yet: call resolve(X) on the kernel first"
            )
        seed = check_number("random_state", self.random_state, at_least=0, at_most=2**32 - 1, integer=True)
        return Weights(seed, width, n_features)

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        X = as_numbers(X, accept_sparse=False)
        if is_foreign(X):
            raise TypeError(f"EmpiricalNTK takes NumPy arrays, got {type(X).__name__}")
        if like is None:
            weights, dtype = self._weights(X.shape[1]), X.dtype
        else:
            weights, dtype = like.shared, like.dtype
            check_columns(X, weights.n_features, "the rows they meet have")
        return Rows((cast(X, dtype), *self._units(X, weights, dtype)), dtype, weights)

    def _units(self, X: Any, weights: Weights, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return s(a_i.x) / sqrt(m) and b_i s'(a_i.x) / sqrt(m), shape (n, m); no columns for a part left out."""
        part = check_choice("part", self.part, PARTS)
        s, m, n = as_activation(self.activation), self.width, n_rows(X)
        size = 8 * m * (4 * n + weights.n_features + 1)
        check_memory(size, f"{m} hidden units of {n} rows", "use fewer rows or a smaller width")
        Z = cast(X, np.float64) @ weights.hidden.T
        nothing = np.empty((n, 0), dtype=dtype)
        values = nothing if part == "hidden" else (s.function(Z) / np.sqrt(m)).astype(dtype)
        slopes = nothing if part == "output" else (s.derivative(Z) * (weights.output / np.sqrt(m))).astype(dtype)
        return values, slopes

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        a.check_shared(b)
        (x, values_x, slopes_x), (y, values_y, slopes_y) = a.parts, b.parts
        K = products(values_x, values_y, out)
        if self.part != "output":
            K += products(x, y) * products(slopes_x, slopes_y)
        return K

    def diag(self, X: Any) -> Any:
        X = as_numbers(X, accept_sparse=False)
        weights, diagonal = self._weights(X.shape[1]), np.empty(n_rows(X), dtype=X.dtype)
        for rows in blocks(len(X), HEIGHT):
            values, slopes = self._units(X[rows], weights, X.dtype)
            diagonal[rows] = row_sums(values, values) + row_sums(X[rows], X[rows]) * row_sums(slopes, slopes)
        return diagonal

    def lift(self, X: Any) -> Any:
        """Return the gradients of f: in each b_i, then in each a_i, shape (n, m (d + 1)) for both parts."""
        X = as_numbers(X, accept_sparse=False)
        values, slopes = self._units(X, self._weights(X.shape[1]), X.dtype)
        (n, d), m = X.shape, values.shape[1]
        gradients = np.empty((n, m + slopes.shape[1] * d), dtype=X.dtype)
        gradients[:, :m] = values
        np.multiply(slopes[:, :, None], X[:, None, :], out=gradients[:, m:].reshape(n, slopes.shape[1], d))
        return gradients
