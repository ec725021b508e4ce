"""Closed-form cross-validation of ridge on landmarks for many alphas, in two passes over the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh

from ..engine import blocks
from ._nystroem import BLOCK_BYTES, Moments, whitening


@dataclass(frozen=True, eq=False)
class LandmarkSpectrum:
    """The features that landmarks span, along the axes of their sums of products, where every alpha is diagonal.

    With coordinates g_i of row i (centred if there is an intercept), ridge has the coefficients
    b_j = cross_j / (lambda_j + alpha). The residual of a row left out is (y_i - f(x_i)) / (1 - h_i) with the leverage
    h_i = w_i sum_j g_ij^2 / (lambda_j + alpha), and w_i / sum w more with an intercept.

    Attributes
    ----------
    operator : KernelOperator or MatrixOperator
        k(x, Z), shape (n, p).
    w : array of shape (n,)
        Weights > 0.
    values : array of shape (r,)
        lambda.
    axes, offset : arrays of shape (p, r) and (r,)
        g = k(x, Z) axes - offset.
    cross : array of shape (r, t)
        Sums of products of coordinates and targets.
    targets : array of shape (t,)
        What is taken off the targets: their means, or zero without an intercept.
    intercept : bool
        Whether there is one.

    References
    ----------
    Allen (1974); Golub, Heath and Wahba (1979), equation 1.4.
    """

    operator: Any
    w: np.ndarray
    values: np.ndarray
    axes: np.ndarray
    offset: np.ndarray
    cross: np.ndarray
    targets: np.ndarray
    intercept: bool

    @classmethod
    def from_operator(
        cls, operator: Any, K: np.ndarray, Y: np.ndarray, *, scale: np.ndarray | None = None, intercept: bool = False
    ) -> LandmarkSpectrum:
        """Sum over the rows, with n r^2 multiplications, and decompose.

        Parameters
        ----------
        operator : KernelOperator or MatrixOperator
            k(x, Z), shape (n, p).
        K : array of shape (p, p)
            k(Z, Z).
        Y : array of shape (n, t)
            Targets.
        scale : array of shape (n,), optional
            Square roots of the weights, > 0; None means one.
        intercept : bool
            Whether the model has an unpenalised intercept.
        """
        w = np.ones(operator.shape[0]) if scale is None else scale**2
        W = whitening(K, operator.dtype)
        sums = Moments.of(operator, W, Y, w)
        products, cross, targets, mean = sums.covariance, sums.cross, sums.targets, sums.mean
        if not intercept:
            products = products + sums.total * np.outer(mean, mean)
            cross = cross + sums.total * np.outer(mean, targets)
            targets, mean = np.zeros_like(targets), np.zeros_like(mean)
        values, Q = eigh(products, driver="evd", check_finite=False)
        return cls(operator, w, np.maximum(values, 0.0), W @ Q, mean @ Q, Q.T @ cross, targets, intercept)

    def solve(self, alphas: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return c, shape (p, t), and b, shape (t,), for one alpha > 0 or one for each target."""
        coef = self.cross / (self.values[:, None] + np.broadcast_to(alphas, self.targets.shape))
        return self.axes @ coef, self.targets - self.offset @ coef

    def loo_residuals(self, Y: np.ndarray, alphas: Any) -> np.ndarray:
        """Return y_i - f_-i(x_i), f_-i fitted without row i on the same landmarks, shape (a, n, t).

        Parameters
        ----------
        Y : array of shape (n, t)
            Targets.
        alphas : array of shape (a,)
            Ridge, > 0.
        """
        inverse = 1 / (self.values[:, None] + alphas)
        coef = (inverse[:, :, None] * self.cross[:, None, :]).reshape(len(inverse), -1)
        residuals = np.empty((len(alphas), *Y.shape))
        least = 1 / self.w.sum() if self.intercept else 0.0
        for rows in blocks(len(Y), max(1, BLOCK_BYTES // (8 * len(self.axes)))):
            G = self.operator.block(rows).astype(np.float64, copy=False) @ self.axes - self.offset
            left = 1 - self.w[rows, None] * (least + G**2 @ inverse)
            fits = self.targets + (G @ coef).reshape(len(G), len(alphas), -1)
            residuals[:, rows] = ((Y[rows, None] - fits) / left[:, :, None]).transpose(1, 0, 2)
        return residuals

    def gcv(self, Y: np.ndarray, alphas: Any) -> np.ndarray:
        """Return generalised cross-validation scores as `Spectrum.gcv` does, shape (a, t)."""
        n, shifted = len(Y), self.values[:, None] + alphas
        explained = (self.cross**2).T @ ((shifted + alphas) / shifted**2)
        squares = self.w @ (Y - self.targets) ** 2
        freedom = n - self.intercept - (self.values[:, None] / shifted).sum(axis=0)
        return n**2 * (squares - explained.T) / (self.w.sum() * freedom[:, None] ** 2)
