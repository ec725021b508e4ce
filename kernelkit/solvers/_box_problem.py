"""The dual problem of a support vector machine: a quadratic within bounds, with one sum kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class BoxProblem:
    """Minimise b'Kb / 2 - y'b + epsilon |b|_1 over lower <= b <= upper with sum(b) = 0.

    Attributes
    ----------
    y, lower, upper : arrays of shape (n,)
        Targets and bounds; lower <= 0 <= upper.
    epsilon : float
        Half the width of the tube; 0 for classes, whose targets are +-1 and whose bounds are 0 on one side.
    """

    y: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    epsilon: float = 0.0

    @classmethod
    def of_classes(cls, first: np.ndarray, C: np.ndarray) -> BoxProblem:
        """Return the problem that tells the rows of the first class (+1) from the others (-1)."""
        return cls(np.where(first, 1.0, -1.0), np.where(first, 0.0, -C), np.where(first, C, 0.0))

    def slopes(self, b: np.ndarray, F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return minus the slopes for growing and for shrinking b; -inf and inf where bounds forbid it."""
        residual = self.y - F
        up = residual + np.where(b < 0, self.epsilon, -self.epsilon)
        low = residual + np.where(b > 0, -self.epsilon, self.epsilon)
        return np.where(b < self.upper, up, -np.inf), np.where(b > self.lower, low, np.inf)

    def feasible(self, b: np.ndarray) -> np.ndarray:
        """Return a point of the same signs within the bounds with the sum zero; rows at bounds stay if they can."""
        b = np.clip(b, self.lower, self.upper)
        excess = b.sum()
        side = b * excess > 0
        inside = side & (b > self.lower) & (b < self.upper)
        moved = inside if np.abs(b[inside]).sum() >= abs(excess) else side
        if moved.any():
            b[moved] *= 1 - excess / b[moved].sum()
        return b
