"""Kernels of infinitely wide fully connected networks, by one recursion over the layers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._arrays import (
    add,
    cast,
    into,
    is_float32,
    is_foreign,
    largest,
    multiply,
    n_rows,
    namespace,
    products,
    ratio,
    row_sums,
    take_rows,
    widest_float,
)
from .._validation import as_numbers, check_columns
from ..engine import blocks, bytes_at_once
from ._activation import Pairs, Room, RowsOfLayer
from ._base import Kernel
from ._rows import Rows

NEAR = 1e-4  # 1 - abs(u) below which half the digits of a matrix product are lost
NEAR32 = 4e-3  # the same where the arithmetic is float32
SMALL = 0.1  # relative to sqrt(k(x, x) k(y, y)): below it float32 arithmetic would show in the fifth digit
MANY = 1 / 16  # the share of such values from which on all are made in float64
LARGEST = 1e140  # squared norms; smaller ones than its inverse count as zero
FORMED = 2**18  # numbers in the differences of rows that are formed together
FOREIGN = 2**22  # pairs of foreign rows, and numbers in their differences, that are formed together
CHUNK = 2**16  # pairs that are worked on together: what they need stays in the cache
SIZE, OUTPUT, LAYERS, PER_LAYER = 0, 1, 2, 6  # rows of the table: sqrt(k(x, x)), standard deviation of outputs, layers
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

    With rows z of norm 1, z.z' is the correlation u of the inputs of the first activation, for all pairs in one matrix
    product. Each layer turns it into that of the next; where some angle is small, it is (1 - u) / 2 that is handed on,
    so that nothing is lost.
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
        if like is not None:
            check_columns(X, like.parts[0].shape[1] - (self.architecture.bias_variance > 0), "the rows they meet have")
        dtype = X.dtype if like is None else like.dtype
        unit, variance = self._unit_rows(cast(X, widest_float(X)))
        return Rows((unit, *self._contributions(variance)), dtype)

    def _unit_rows(self, X: Any) -> tuple[Any, Any]:
        """Return [sqrt(v / d) x, sqrt(b)] with norm 1, or 0 where it is zero, and its squared norms."""
        network = self.architecture
        scaled, bias, xp = X * network.input_variance(X.shape[1]) ** 0.5, network.bias_variance, namespace(X)
        variance = row_sums(scaled, scaled) + bias
        if largest(variance) > LARGEST:
            raise ValueError(f"X has rows of norms above {LARGEST**0.5:.0e}, whose products overflow: scale it")
        variance = xp.where(variance < 1 / LARGEST, xp.zeros_like(variance), variance)
        norms = xp.sqrt(xp.where(variance > 0, variance, xp.ones_like(variance)))
        if is_foreign(X):
            last = [(bias**0.5 / norms)[:, None]] if bias else []
            return xp.concat([scaled / norms[:, None], *last], axis=1), variance
        if sp.issparse(X):
            unit = sp.diags_array(1 / norms) @ scaled
            return sp.csr_array(sp.hstack([unit, np.sqrt(bias) / norms[:, None]]) if bias else unit), variance
        unit = np.empty((X.shape[0], X.shape[1] + (bias > 0)))
        np.divide(scaled, norms[:, None], out=unit[:, : X.shape[1]])
        if bias:
            np.divide(np.sqrt(bias), norms, out=unit[:, -1])
        return unit, variance

    def _contributions(self, variance: Any) -> tuple[Any, ...]:
        """Return a table of numbers for each row, then series for each layer whose activation has one."""
        network = self.architecture
        weight, bias, xp = network.weight_variance, network.bias_variance, namespace(variance)
        half = 0.5 * cast(variance == 0, variance.dtype)
        numbers, series = [], []
        for _ in range(network.depth):
            row, moment = network.activation.rows(variance)
            variance = weight * moment + bias
            share = ratio(weight * moment, variance, 1.0)
            numbers += [row.deviation, row.inverse, *_rotation(share)]
            if row.series is not None:
                series.append(row.series)
        side = [xp.stack([xp.zeros_like(variance), xp.sqrt(variance), *numbers]), *series]
        side[0][SIZE, ...] = xp.sqrt(self._values(FirstPairs(1 - 2 * half, half), side, side, Room()))
        return tuple(part.T for part in side)

    def tile(self, a: Rows, b: Rows, out: np.ndarray | None = None) -> Any:
        u = products(a.parts[0], b.parts[0], out)
        if is_foreign(u):
            return cast(self._on_device(u, a, b), b.dtype)
        K = u if b.dtype == u.dtype else np.empty(u.shape, dtype=b.dtype)
        narrow, room = b.dtype != np.float64 and self.architecture.activation.float32, Room()
        near, small = Places(), Places()
        for i in blocks(len(a), max(1, CHUNK // max(1, len(b)))):
            near.add(i.start, _cut_out(u[i], NEAR32 if narrow else NEAR))
            if narrow:
                small.add(i.start, self._narrow(u[i], *_sides(a[i], b), room, K[i]))
            else:
                K[i] = self._values(FirstPairs(u[i]), *_sides(a[i], b), room)
        for r, c in small.pieces():
            K[r, c] = self._values(FirstPairs(u[r, c]), _at(a, r), _at(b, c), Room())
        for r, c in near.pieces():
            K[r, c] = self._near(a, b, r, c)
        return K

    def _on_device(self, u: Any, a: Rows, b: Rows) -> Any:
        """Replace a foreign tile u by its values, in strips whose arrays fit where they lie; in its widest floats."""
        for i in blocks(len(a), max(1, bytes_at_once(u, 8 * CHUNK) // (8 * max(1, len(b))))):
            u[i, :] = self._strip(u[i, :], a[i], b)
        return u

    def _strip(self, u: Any, a: Rows, b: Rows) -> Any:
        xp = namespace(u)
        near = xp.abs(u) > 1 - (NEAR32 if is_float32(u) else NEAR)
        K = self._values(FirstPairs(xp.where(near, xp.zeros_like(u), u)), *_sides(a, b), Room())
        i, j = xp.nonzero(near)
        if 0 not in i.shape:
            K[near] = xp.concat([self._near(a, b, i[k], j[k]) for k in blocks(n_rows(i), FOREIGN)])
        return K

    def _near(self, a: Rows, b: Rows, i: Any, j: Any) -> Any:
        """Return the values of pairs whose angle is near 0 or pi."""
        return self._values(_formed(a.parts[0], b.parts[0], i, j), _at(a, i), _at(b, j), Room())

    def _narrow(self, u: np.ndarray, x: Any, y: Any, room: Room, out: np.ndarray) -> Any:
        """Write the values from float32 arithmetic; return where its errors would show beside a small value."""
        narrow_x, narrow_y = ([part.astype(np.float32) for part in side] for side in (x, y))
        self._values(FirstPairs(u.astype(np.float32)), narrow_x, narrow_y, room, out)
        small = np.abs(out) < (SMALL * narrow_x[0][SIZE]) * narrow_y[0][SIZE]
        count = np.count_nonzero(small)
        if count > MANY * small.size:
            out[...] = self._values(FirstPairs(u), x, y, room)
            return None
        return np.nonzero(small) if count else None

    def diag(self, X: Any) -> Any:
        X = as_numbers(X)
        return cast(self.rows(X).parts[1][:, SIZE] ** 2, X.dtype)

    def _values(self, first: FirstPairs, x: Any, y: Any, room: Room, out: Any = None) -> Any:
        """Return kernel values, in memory of their own or of `room`; overwrites the arrays of `first`."""
        network, u, half, rest = self.architecture, first.u, first.half, first.rest
        tangent: Any = None
        for layer in range(network.depth + 1):
            if layer > network.fixed_layers:
                tangent = add(tangent, u)
            elif layer == network.fixed_layers:
                tangent = into(room("tangent", u), "multiply", u, 1.0)
            if layer == network.depth:
                break
            (row_x, turn_x), (row_y, turn_y) = _of_layer(x, layer), _of_layer(y, layer)
            u, half, rate = network.activation.pairs(Pairs(u, half, rest, row_x, row_y, room), tangent is not None)
            rest = None
            if tangent is not None:
                tangent = multiply(tangent, rate)
            if network.bias_variance:
                u, half, tangent = _rotated(u, half, tangent, turn_x, turn_y, room)
        sizes = into(room("sine", u), "multiply", x[0][OUTPUT, ...], y[0][OUTPUT, ...])
        return multiply(tangent, sizes) if out is None else into(out, "multiply", tangent, sizes)

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
        scale = rows.parts[1][:, LAYERS : LAYERS + 1] / np.sqrt(self.architecture.input_variance(d))
        return sp.csr_array(unit[:, :d].multiply(scale)) if sp.issparse(unit) else unit[:, :d] * scale

    def _moved(self, k: int, steps: int) -> Any:
        return self.clone_with_theta(self.theta + steps * STEP * np.eye(self.n_dims)[k])


def _sides(a: Rows, b: Rows) -> tuple[list[Any], list[Any]]:
    """Return what rows contribute, transposed, as arrays whose last two axes broadcast to all pairs."""
    return [part.T[..., None] for part in a.parts[1:]], [part.T[:, None, :] for part in b.parts[1:]]


def _at(rows: Rows, index: Any) -> list[Any]:
    """Return what some rows contribute, transposed."""
    return [take_rows(part, index).T for part in rows.parts[1:]]


def _rotation(share: Any) -> Iterator[Any]:
    """Yield cos t, sin t, sin(t / 2) and cos(t / 2) for a bias that turns rows by the angle t; `share` is cos^2 t."""
    xp = namespace(share)
    cosine, sine = xp.sqrt(share), xp.sqrt(1 - share)
    half_cosine = xp.sqrt((1 + cosine) / 2)
    yield cosine
    yield sine
    yield sine / (2 * half_cosine)
    yield half_cosine


def _rotated(u: Any, half: Any, tangent: Any, x: Any, y: Any, room: Room) -> tuple[Any, Any, Any]:
    """Add a bias: u becomes cos t cos t' u + sin t sin t', and its derivative cos t cos t' of itself."""
    both = into(room("sine", u), "multiply", x[0], y[0])
    if tangent is not None:
        tangent = multiply(tangent, both)
    if half is None:
        u = multiply(u, both)
        return add(u, into(room("sine", u), "multiply", x[1], y[1])), None, tangent
    # 1 less that, over 2: cos t cos t' (1 - u) / 2 + sin^2((t - t') / 2).
    half = half * both + (x[2] * y[3] - x[3] * y[2]) ** 2
    return 1 - 2 * half, half, tangent


def _of_layer(side: Any, layer: int) -> tuple[RowsOfLayer, Any]:
    """Return what one side contributes to a layer, and how its bias turns it."""
    table, series = side[0], side[1 + layer] if len(side) > 1 else None
    start = LAYERS + PER_LAYER * layer
    numbers = [table[i, ...] for i in range(start, start + PER_LAYER)]
    return RowsOfLayer(numbers[0], numbers[1], series), numbers[2:]


@dataclass
class FirstPairs:
    """What pairs of rows are to the first activation: see `Pairs`."""

    u: Any
    half: Any = None
    rest: Any = None


class Places:
    """Places in a tile whose pairs are worked on by themselves."""

    def __init__(self) -> None:
        self._found: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, start: int, found: Any) -> None:
        """Add places in the rows from `start` on; None for none."""
        if found is not None:
            self._found.append((found[0] + start, found[1]))

    def pieces(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield rows and columns of at most `CHUNK` of them."""
        if self._found:
            i, j = (np.concatenate(part) for part in zip(*self._found, strict=True))
            for k in blocks(len(i), CHUNK):
                yield i[k], j[k]


def _cut_out(u: np.ndarray, near: float) -> Any:
    """Return where rows are so nearly parallel or opposite that u does not tell their angle, and set it to 0 there."""
    if max(u.max(initial=0.0), -u.min(initial=0.0)) <= 1 - near:
        return None
    found = np.nonzero(np.abs(u) > 1 - near)
    u[found] = 0.0
    return found


def _formed(a: Any, b: Any, i: Any, j: Any) -> FirstPairs:
    """Return the pairs of rows i of `a` and j of `b`, with (1 - u) / 2 and (1 + u) / 2 from differences and sums."""
    xp, parts = namespace(i), []
    for k in blocks(n_rows(i), max(1, (FOREIGN if is_foreign(i) else FORMED) // a.shape[1])):
        x, y = take_rows(a, i[k]), take_rows(b, j[k])
        parts.append([row_sums(difference, difference) / 4 for difference in (x - y, x + y)])
    half, rest = (xp.concat(part) for part in zip(*parts, strict=True))
    acute = half < rest
    half, rest = xp.where(acute, half, 1 - rest), xp.where(acute, 1 - half, rest)
    return FirstPairs(rest - half, half, rest)
