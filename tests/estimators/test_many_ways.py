"""What is predicted depends neither on the tiles nor on the threads, nor on whether an open file still has a name."""

from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from kernelkit import FeatureKernel, Gaussian, KernelPCA, KernelRidge, Matern, Nystroem, RandomFourier
from kernelkit.engine import _operator, plan, tile_shape
from kernelkit.estimators import _many_rows
from kernelkit.features import _feature_operator, _waves
from kernelkit.solvers import _nystroem

rng = np.random.default_rng(0)
X = rng.normal(size=(700, 3))
Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1] ** 2, X[:, 2] + 3])
NEW = rng.normal(size=(300, 3))
KERNEL = Matern(1.5, nu=1.5)
LIFTED = FeatureKernel(RandomFourier(KERNEL, n_components=60, random_state=0).fit(X))
SETTINGS = dict(alpha=[0.1, 0.2], fit_intercept=True, random_state=0)
MODELS = {
    "cholesky": KernelRidge(KERNEL, solver="cholesky", **SETTINGS),
    "eigen": KernelRidge(KERNEL, solver="eigen", **SETTINGS),
    "cg": KernelRidge(KERNEL, solver="cg", preconditioner_rank=50, tol=1e-11, **SETTINGS),
    "normal equations": KernelRidge(KERNEL, solver="nystroem", landmarks=X[:50], **SETTINGS),
    "landmarks by cg": KernelRidge(KERNEL, solver="nystroem", landmarks=X[:50], tol=1e-11, **SETTINGS),
    "primal": KernelRidge(LIFTED, solver="primal", **SETTINGS),
    "lifted": KernelRidge(LIFTED, solver="cholesky", **SETTINGS),
}


@pytest.fixture(params=MODELS)
def model(request, monkeypatch):
    if request.param == "landmarks by cg":
        monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
    return MODELS[request.param]


def small_tiles(monkeypatch):
    """Work in tiles of some hundred values instead of a quarter of a million."""
    monkeypatch.setattr(_operator, "tile_shape", partial(tile_shape, budget=2**12))
    monkeypatch.setattr(_operator, "plan", partial(plan, budget=2**12))
    for module, name, value in [
        (_operator, "PASS_BYTES", 2**13),
        (_operator, "PART_ROWS", 64),
        (_nystroem, "BLOCK_BYTES", 2**12),
        (_feature_operator, "BLOCK_BYTES", 2**12),
        (_waves, "TILE_BYTES", 2**10),
    ]:
        monkeypatch.setattr(module, name, value)


def test_ridge_in_small_tiles(model, monkeypatch):
    wanted = model.fit(X, Y).predict(NEW)
    small_tiles(monkeypatch)
    found = model.fit(X, Y).predict(NEW)
    assert (found != wanted).any()  # the tiles were others
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-8)


def test_ridge_on_one_thread(model):
    wanted = model.fit(X, Y).predict(NEW)
    with threadpool_limits(1):
        found = model.fit(X, Y).predict(NEW)
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    "feature_map",
    [
        RandomFourier(Gaussian(), n_components=9, random_state=0),
        Nystroem(Gaussian(), n_components=20, random_state=0),
        KernelPCA(Gaussian(), n_components=4, n_landmarks=30, random_state=0),
    ],
    ids=lambda feature_map: type(feature_map).__name__,
)
def test_features(feature_map, monkeypatch):
    wanted = feature_map.fit(X).transform(NEW)
    with threadpool_limits(1):
        np.testing.assert_allclose(feature_map.fit(X).transform(NEW), wanted, rtol=1e-8, atol=1e-8)
    small_tiles(monkeypatch)
    np.testing.assert_allclose(feature_map.fit(X).transform(NEW), wanted, rtol=1e-8, atol=1e-8)


@pytest.mark.skipif("sys.platform != 'linux'", reason="other systems do not delete open files")
@pytest.mark.parametrize("solver", ["cg", "nystroem", "primal"])
def test_an_open_file_may_be_deleted(solver, tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, X)
    rows = np.load(path, mmap_mode="r")
    path.unlink()
    model = KernelRidge(LIFTED, alpha=0.1, solver=solver, n_landmarks=50, preconditioner_rank=50, random_state=0)
    wanted = model.fit(X, Y).predict(X)
    np.testing.assert_array_equal(model.fit(rows, Y).predict(rows), wanted)
