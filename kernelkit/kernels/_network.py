"""Kernels of infinitely wide fully connected networks, by one recursion over the layers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._arrays import cast, is_foreign, products, row_sums
from .._validation import as_numbers, check_columns
from ..engine import blocks
from ._activation import Pairs, RowsOfLayer
from ._base import Kernel
from ._rows import Rows

NEAR = 5e-5  # (1 - u) / 2 below which half the digits of a matrix product are lost
OPPOSITE = 1e-2  # likewise of 1 - half, for whose square root float32 is too coarse
SMALL = 0.1  # relative to sqrt(k(x, x) k(y, y)): below it float32 arithmetic would show in the fifth digit
MANY = 1 / 16  # the share of such values from which on all are made in float64
LARGEST = 1e140  # squared norms; smaller ones than its inverse count as zero
FORMED = 2**18  # numbers in the differences of rows that are formed together
CHUNK = 2**15  # pairs that are worked on together: what they need stays in the cache
SIZE, OUTPUT, LAYERS, PER_LAYER = 0, 1, 2, 5  # rows of the table: sqrt(k(x, x)), standard deviation of outputs, layers
STEP = 5e-4
DIFFERENCES = {-2: 1 / (12 * STEP), -1: -8 / (12 * STEP), 1: 8 / (12 * STEP), 2: -1 / (12 * STEP)}


@dataclass(frozen=True)
class Architecture:
    """A network of infinite width.

    Attributes
    ----------
    depth : int
        Number of hidden layers.
    activation : Activation, Rectifier or RectifiedPower
        Of each of them.
    weight_variance, bias_variance : float
        Of weights, over the number of inputs of their layer, and of biases.
    fixed_layers : int
        How many of the first layers of weights are not trained, at most `depth`.
    mean_input : bool
        Whether the first layer divides by its number of inputs too.
    """

    depth: int
    activation: Any
    weight_variance: float
    bias_variance: float
    fixed_layers: int
    mean_input: bool = True

    def input_variance(self, n_features: int) -> float:
        """Return the factor of x.y in the covariance of the first layer."""
        return self.weight_variance / n_features if self.mean_input else 1.0


class Network(Kernel):
    """A kernel of an infinitely wide network: a member names its parameters.

    With rows z of squared norm 1/2, z.z' is half the correlation u of the inputs of the first activation, for all pairs
    in one matrix product. Each layer turns (1 - u) / 2 into that of the next, so that nothing is lost near u = 1.
    """

    @property
    @abstractmethod
    def architecture(self) -> Architecture:
        """The network, its numbers checked."""

    @property
    def accepts_sparse(self) -> bool:
        return True

    @property
    def costly(self) -> bool:
        return True

    def rows(self, X: Any, like: Rows | None = None) -> Rows:
        X = as_numbers(X)
        if is_foreign(X):
            raise TypeError(f"{type(self).__name__} takes NumPy arrays and sparse matrices, got {type(X).__name__}")
        if like is not None:
            check_columns(X, like.parts[0].shape[1] - (self.architecture.bias_variance > 0), "the rows they meet have")
        dtype = X.dtype if like is None else like.dtype
        unit, variance = self._unit_rows(cast(X, np.float64))
        return Rows((unit, *self._contributions(variance)), dtype)

    def _unit_rows(self, X: Any) -> tuple[Any, np.ndarray]:
        """Return [sqrt(v / d) x, sqrt(b)] with squared norm 1/2, or 0 where it is zero, and its squared norms."""
        network = self.architecture
        scaled, bias = X * np.sqrt(network.input_variance(X.shape[1])), network.bias_variance
        variance = row_sums(scaled, scaled) + bias
        if variance.max(initial=0.0) > LARGEST:
            raise ValueError(f"X has rows of norms above {LARGEST**0.5:.0e}, whose products overflow: scale it")
        variance[variance < 1 / LARGEST] = 0.0
        norms = np.sqrt(np.where(variance > 0, 2 * variance, 1.0))
        if sp.issparse(X):
            unit = sp.diags_array(1 / norms) @ scaled
            return sp.csr_array(sp.hstack([unit, np.sqrt(bias) / norms[:, None]]) if bias else unit), variance
        unit = np.empty((X.shape[0], X.shape[1] + (bias > 0)))
        np.divide(scaled, norms[:, None], out=unit[:, : X.shape[1]])
        if bias:
            np.divide(np.sqrt(bias), norms, out=unit[:, -1])
        return unit, variance

    def _contributions(self, variance: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return a table of numbers for each row, then series for each layer whose activation has one."""
        network = self.architecture
        weight, bias = network.weight_variance, network.bias_variance
        half = np.where(variance == 0, 0.5, 0.0)
        numbers, series = [], []
        for _ in range(network.depth):
            row, moment = network.activation.rows(variance)
            variance = weight * moment + bias
            share = np.divide(weight * moment, variance, out=np.ones_like(variance), where=variance > 0)
            numbers += [row.deviation, row.inverse, *_rotation(share)]
            if row.series is not None:
                series.append(row.series)
        side = [np.stack([np.zeros_like(variance), np.sqrt(variance), *numbers]), *series]
        side[0][SIZE] = np.sqrt(self._values(half, 1 - half, False, side, side))
        return tuple(part.T for part in side)

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        u = products(a.parts[0], b.parts[0], out)
        K = u if b.dtype == u.dtype else np.empty(u.shape, dtype=b.dtype)
        columns = [part.T for part in b.parts[1:]]
        for i in blocks(len(a), max(1, CHUNK // max(1, len(b)))):
            first = _first_pairs(u[i], a.parts[0][i], b.parts[0])
            lines = [part[i].T for part in a.parts[1:]]
            if b.dtype == np.float64 or not self.architecture.activation.float32:
                K[i] = self._values(*first, *_outer(lines, columns))
            else:
                self._narrow(*first, lines, columns, out=K[i])
        return K

    def _narrow(self, half: Any, rest: Any, opposite: bool, lines: Any, columns: Any, out: np.ndarray) -> None:
        """Write the values from float32 arithmetic; from float64 where its errors would show beside a small value."""
        sides = _outer(*([part.astype(np.float32) for part in side] for side in (lines, columns)))
        self._values(half.astype(np.float32), rest.astype(np.float32), opposite, *sides, out=out)
        small = np.abs(out) < (SMALL * sides[0][0][SIZE]) * sides[1][0][SIZE]
        count = np.count_nonzero(small)
        if count > MANY * small.size:
            out[...] = self._values(half, rest, opposite, *_outer(lines, columns))
        elif count:
            i, j = np.nonzero(small)
            values = half[i, j], rest[i, j], opposite
            out[i, j] = self._values(*values, [part[:, i] for part in lines], [part[:, j] for part in columns])

    def diag(self, X: Any) -> Any:
        X = as_numbers(X)
        return cast(self.rows(X).parts[1][:, SIZE] ** 2, X.dtype)

    def _values(self, half: Any, rest: Any, opposite: bool, x: Any, y: Any, out: Any = None) -> Any:
        """Return kernel values of pairs with (1 - u) / 2 and (1 + u) / 2 at first, both of which it may overwrite."""
        network = self.architecture
        u = rest - half
        tangent: Any = u.copy() if network.fixed_layers == 0 else None
        for layer in range(network.depth):
            (row_x, turn_x), (row_y, turn_y) = _of_layer(x, layer), _of_layer(y, layer)
            pairs = Pairs(half, rest, u, row_x, row_y, opposite and layer == 0)
            half, rate = network.activation.pairs(pairs, tangent is not None)
            if tangent is not None:
                tangent *= rate
            if network.bias_variance:
                half = _rotate(half, tangent, turn_x, turn_y)
            rest = 1 - half
            u = rest - half
            if tangent is not None:
                tangent += u
            elif layer + 1 == network.fixed_layers:
                tangent = u.copy()
        return np.multiply(tangent, x[0][OUTPUT] * y[0][OUTPUT], out=out)

    def value_and_gradient(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        # Differences of fourth order in theta are good to some 12 digits.
        K, theta = self.tile(rows, rows), self.theta
        if not len(theta):
            return K, np.empty((*K.shape, 0))
        X = self._inputs_of(rows)
        gradient = np.empty((*K.shape, len(theta)))
        for k in range(len(theta)):
            gradient[:, :, k] = sum(c * self._moved(k, s)(X) for s, c in DIFFERENCES.items())
        return K, gradient

    def _inputs_of(self, rows: Rows) -> Any:
        """Return X from what its rows contribute."""
        unit = rows.parts[0]
        d = unit.shape[1] - (self.architecture.bias_variance > 0)
        scale = rows.parts[1][:, LAYERS : LAYERS + 1] * np.sqrt(2 / self.architecture.input_variance(d))
        return sp.csr_array(unit[:, :d].multiply(scale)) if sp.issparse(unit) else unit[:, :d] * scale

    def _moved(self, k: int, steps: int) -> Any:
        return self.clone_with_theta(self.theta + steps * STEP * np.eye(self.n_dims)[k])


def _outer(lines: Any, columns: Any) -> tuple[list[Any], list[Any]]:
    """Return what two sides contribute as arrays whose last two axes broadcast to all pairs."""
    return [part[..., None] for part in lines], [part[:, None, :] for part in columns]


def _rotation(share: np.ndarray) -> Iterator[np.ndarray]:
    """Yield cos t, sin(t / 2) and cos(t / 2) for a bias that turns each row by the angle t; `share` is cos^2 t."""
    cosine = np.sqrt(share)
    half_cosine = np.sqrt((1 + cosine) / 2)
    yield cosine
    yield np.sqrt(1 - share) / (2 * half_cosine)
    yield half_cosine


def _rotate(half: Any, tangent: Any, x: Any, y: Any) -> Any:
    """Add a bias: u becomes cos t cos t' u + sin t sin t', and its derivative cos t cos t' of itself."""
    (cosine_x, sine_half_x, cosine_half_x), (cosine_y, sine_half_y, cosine_half_y) = x, y
    both = cosine_x * cosine_y
    half *= both
    if tangent is not None:
        tangent *= both
    apart = np.multiply(sine_half_x, cosine_half_y, out=both)
    apart -= cosine_half_x * sine_half_y
    apart *= apart
    half += apart
    return half


def _of_layer(side: Any, layer: int) -> tuple[RowsOfLayer, Any]:
    """Return what one side contributes to a layer, and how its bias turns it."""
    table, series = side[0], side[1 + layer] if len(side) > 1 else None
    start = LAYERS + PER_LAYER * layer
    return RowsOfLayer(table[start], table[start + 1], series), table[start + 2 : start + PER_LAYER]


def _first_pairs(halved: np.ndarray, a: Any, b: Any) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return (1 - u) / 2 and (1 + u) / 2 from u / 2, which is overwritten, and whether some pair is nearly opposite.

    Where one of them is small it is formed from a difference of rows.
    """
    rest = 0.5 + halved
    half = np.subtract(0.5, halved, out=halved)
    if half.min() < NEAR:
        _form(half, half < NEAR, a, b, -1)
    opposite = bool(rest.min() < OPPOSITE)
    if opposite:
        _form(rest, rest < NEAR, a, b, 1)
    return half, rest, opposite


def _form(values: np.ndarray, where: np.ndarray, a: Any, b: Any, sign: int) -> None:
    i, j = np.nonzero(where)
    size = max(1, FORMED // a.shape[1])
    for start in range(0, len(i), size):
        k, m = i[start : start + size], j[start : start + size]
        difference = a[k] + sign * b[m]
        values[k, m] = row_sums(difference, difference) / 2
