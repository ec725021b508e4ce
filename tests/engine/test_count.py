"""Kernel values are counted where they are made: once each, whatever the threads, solver and size."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, KernelRidge, KernelSVC, Nystroem, RandomFourier
from kernelkit.engine import KernelOperator, MatrixOperator, counted, plan

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(1200, 3)), rng.normal(size=(300, 3))
y = np.sign(X[:, 0] * X[:, 1])
UPPER = sum((i.stop - i.start) * (j.stop - j.start) for i, j in plan(1200, 1200, symmetric=True))


def values(work):
    with counted() as count:
        work()
    return count.values


def test_tiles_on_and_above_the_diagonal():
    assert 1200 * 1201 / 2 < UPPER < 0.75 * 1200**2


@pytest.mark.parametrize("threads", [1, 2])
def test_operators(threads):
    square, oblong = KernelOperator(Gaussian(), X), KernelOperator(Gaussian(), X, Y)
    with threadpool_limits(threads, user_api="blas"):
        assert values(square.dense) == UPPER
        assert values(lambda: square @ np.ones(1200)) == UPPER
        assert values(lambda: square @ np.ones((1200, 50))) == 1200**2
        assert values(lambda: square.columns([0, 5])) == 2 * 1200
        assert values(lambda: square.part(np.arange(7), np.arange(4))) == 28
        assert values(lambda: square.product(np.arange(7), np.arange(9), np.ones(9))) == 63
        assert values(oblong.dense) == values(lambda: oblong @ np.ones(300)) == 1200 * 300
        assert values(lambda: oblong.block(slice(10, 30))) == 20 * 300
        assert values(lambda: oblong.transposed_sum(lambda i, K: K[:, :1], 1)) == 1200 * 300
    assert values(square.diag) == 0
    assert values(MatrixOperator(np.eye(3)).dense) == 0


def test_foreign_arrays(array_api):
    A, B = array_api.asarray(X[:50]), array_api.asarray(Y[:20])
    assert values(lambda: Gaussian()(A, B)) == 1000


def test_ridge_makes_the_matrix_once_and_predicts_from_all_rows():
    model = KernelRidge(Gaussian())
    assert values(lambda: model.fit(X, y)) == UPPER
    assert values(lambda: model.predict(Y)) == 300 * 1200


def test_machines_predict_from_support_vectors():
    for solver in ("libsvm", "smo"):
        if solver == "smo":
            pytest.importorskip("numba")
        model = KernelSVC(Gaussian(), solver=solver)
        assert UPPER <= values(lambda model=model: model.fit(X, y)) < 1200**2  # float32 tiles are larger
        assert values(lambda model=model: model.predict(Y)) == 300 * len(model.support_)


def test_maps():
    model = Nystroem(Gaussian(), n_components=40, landmarks="uniform", random_state=0).fit(X)
    assert values(lambda: model.transform(X)) == 1200 * 40
    waves = RandomFourier(Gaussian(), n_components=40, random_state=0)
    assert values(lambda: waves.fit(X).transform(X)) == 0


def test_counts_overlap_and_end():
    operator = KernelOperator(Gaussian(), X, Y)
    with counted() as outer:
        operator.columns([0])
        with counted() as inner:
            operator.columns([0, 1])
        operator.columns([0])
    operator.columns([0])
    assert (inner.values, outer.values) == (2400, 4800)
    with pytest.raises(ValueError, match="V must"), counted() as count:
        operator @ np.ones(3)
    operator.columns([0])
    assert count.values == 0


def test_no_value_is_lost_between_threads():
    operator = KernelOperator(Gaussian(), X[:10], Y[:10])

    def often():
        for _ in range(300):
            operator.dense()

    with counted() as count:
        threads = [threading.Thread(target=often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert count.values == 4 * 300 * 100
