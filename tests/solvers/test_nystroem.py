import numpy as np
import pytest
from sklearn.datasets import load_digits

from kernelkit import Gaussian, Linear
from kernelkit.engine import KernelOperator, MatrixOperator
from kernelkit.solvers import _nystroem as nystroem
from kernelkit.solvers import landmark_components, principal_components, ridge_on_landmarks
from kernelkit.solvers._nystroem import Moments, whitening

X = load_digits().data[:600] / 16
Z = X[::12]
kernel = Gaussian(1.5)


def features(kernel, X, Z):
    """K_xZ K_ZZ^-1/2 by the symmetric square root: the same inner products as any other whitening."""
    values, vectors = np.linalg.eigh(kernel(Z))
    usable = values > 1e-10 * values[-1]
    return kernel(X, Z) @ (vectors[:, usable] / np.sqrt(values[usable])) @ vectors[:, usable].T


def components(kernel, X, Z):
    return landmark_components(KernelOperator(kernel, X, Z), kernel(Z), None)


@pytest.fixture(params=[1, 2**23], ids=["row by row", "one block"])
def block_bytes(request, monkeypatch):
    monkeypatch.setattr(nystroem, "BLOCK_BYTES", request.param)


def test_whitening():
    W = whitening(kernel(Z))
    np.testing.assert_allclose(W.T @ kernel(Z) @ W, np.eye(len(Z)), atol=1e-10)
    low = whitening(Linear()(Z[:, 18:21]))
    assert low.shape == (len(Z), 3)
    twice = np.concatenate([Z, Z])
    np.testing.assert_allclose(whitening(kernel(twice)).shape[1], len(Z))
    with pytest.raises(ValueError, match="no positive eigenvalue, the largest is 0"):
        whitening(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="not finite"):
        whitening(np.full((2, 2), np.nan))


def test_moments(block_bytes):
    W, Y = whitening(kernel(Z)), X[:, :2]
    phi = kernel(X, Z) @ W
    sums = Moments.of(KernelOperator(kernel, X, Z), W, Y)
    np.testing.assert_allclose(sums.mean, phi.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(sums.covariance, len(X) * np.cov(phi.T, bias=True), atol=1e-10)
    np.testing.assert_allclose(sums.cross, (phi - phi.mean(axis=0)).T @ Y, atol=1e-10)
    np.testing.assert_allclose(sums.targets, Y.mean(axis=0), atol=1e-12)


def test_moments_of_weighted_rows_add_up(block_bytes):
    W, Y = whitening(kernel(Z)), X[:, :2]
    w = np.random.default_rng(0).integers(0, 4, size=len(X)).astype(float)
    sums = Moments.of(KernelOperator(kernel, X, Z), W, Y, w)
    repeated = np.repeat(np.arange(len(X)), w.astype(int))
    wanted = Moments.of(KernelOperator(kernel, X[repeated], Z), W, Y[repeated])
    for name in ("total", "mean", "covariance", "targets", "cross"):
        np.testing.assert_allclose(getattr(sums, name), getattr(wanted, name), atol=1e-9)


def test_components_are_those_of_the_features(block_bytes):
    phi = features(kernel, X, Z)
    phi -= phi.mean(axis=0)
    values = np.linalg.svd(phi, compute_uv=False) ** 2
    found = components(kernel, X, Z)
    np.testing.assert_allclose(found.values, values[: len(found.values)], rtol=1e-8)
    np.testing.assert_allclose(found.total, (phi**2).sum(), rtol=1e-10)
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(len(found.values)), atol=1e-8)
    scores = found.vectors * np.sqrt(found.values)
    np.testing.assert_allclose(scores @ scores.T, phi @ phi.T, atol=1e-8)
    np.testing.assert_allclose(kernel(X, Z) @ found.weights - found.offset, scores, atol=1e-10)


def test_all_rows_as_landmarks_are_exact():
    exact = principal_components(KernelOperator(kernel, X), 8)
    found = landmark_components(KernelOperator(kernel, X, X), kernel(X), 8)
    np.testing.assert_allclose(found.values, exact.values, rtol=1e-9)
    np.testing.assert_allclose(found.vectors, exact.vectors, atol=1e-7)
    np.testing.assert_allclose(found.total, exact.total, rtol=1e-7)


def test_values_grow_to_the_exact_ones_with_more_landmarks():
    exact = principal_components(KernelOperator(kernel, X), 5).values
    errors = []
    for step in (24, 12, 6, 3):
        values = landmark_components(KernelOperator(kernel, X, X[::step]), kernel(X[::step]), 5).values
        assert (values <= exact * (1 + 1e-9)).all()
        errors.append((1 - values / exact).max())
    assert (np.diff(errors) < 0).all() and errors[-1] < 0.2 * errors[0]


def test_more_components_than_the_landmarks_have():
    T = X[:, 18:21]
    found = landmark_components(KernelOperator(Linear(), T, T[:10]), Linear()(T[:10]), 6)
    assert (found.values[:3] > 0).all()
    for part in (found.values[3:], found.vectors[:, 3:], found.weights[:, 3:], found.offset[3:]):
        np.testing.assert_array_equal(part, 0.0)


def test_far_from_zero():
    far = landmark_components(KernelOperator(Linear(), X + 1000, Z + 1000), Linear()(Z + 1000), 3)
    exact = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)[:3] ** 2
    np.testing.assert_allclose(far.values, exact, rtol=1e-4)


def test_a_constant_part_does_not_drown_the_covariance():
    W = np.eye(3)
    F = np.random.default_rng(0).normal(size=(500, 3))
    sums = Moments.of(MatrixOperator(F + 1e7), W)
    np.testing.assert_allclose(sums.covariance, 500 * np.cov(F.T, bias=True), atol=1e-5)


def test_rows_that_are_all_the_same():
    ones = np.ones((50, 3))
    with pytest.raises(ValueError, match="does not tell the rows apart"):
        components(kernel, ones, ones[:5])


def test_ridge(block_bytes):
    Y, K, cross = X[:, 20:23], kernel(Z), kernel(X, Z)
    expected = np.linalg.solve(cross.T @ cross + 0.1 * K, cross.T @ Y)
    coef = ridge_on_landmarks(MatrixOperator(cross), K, Y, 0.1)
    np.testing.assert_allclose(cross @ coef, cross @ expected, atol=1e-7)
