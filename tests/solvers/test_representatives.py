import numpy as np
import pytest

from kernelkit import Gaussian
from kernelkit.engine import KernelOperator, MatrixOperator
from kernelkit.solvers import farthest_points, leverage_sample
from kernelkit.solvers._representatives import _leverage, _weighted_choice

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 2))


def state():
    return np.random.RandomState(0)


def test_farthest_points_are_chosen_one_by_one():
    K = Gaussian(1.0)(X)
    chosen = farthest_points(KernelOperator(Gaussian(1.0), X), 30, state())
    squares = np.diagonal(K)[:, None] + np.diagonal(K)[None] - 2 * K
    for i in range(1, 30):
        distance = squares[:, chosen[:i]].min(axis=1)
        assert distance[chosen[i]] == pytest.approx(distance.max(), abs=1e-12)
    np.testing.assert_array_equal(farthest_points(MatrixOperator(K), 30, state()), chosen)


def test_copies_are_not_chosen_twice():
    few = np.repeat(X[:5], 20, axis=0)
    chosen = farthest_points(KernelOperator(Gaussian(1.0), few), 50, state())
    assert len({tuple(few[i]) for i in chosen}) == len(chosen) == 5


def test_leverage_scores_from_all_rows_are_exact():
    K = Gaussian(1.0)(X[:60])
    rank = 10
    ridge = np.linalg.eigvalsh(K)[:-rank].sum() / rank
    exact = np.diagonal(K @ np.linalg.inv(K + ridge * np.eye(60)))
    rows = np.arange(60)
    scores = _leverage(MatrixOperator(K), rows, rows, np.ones(60), rank)
    np.testing.assert_allclose(scores, exact, rtol=1e-8)


def test_rows_that_stand_alone_are_drawn():
    crowd, alone = 0.05 * rng.normal(size=(900, 2)), 5 * rng.normal(size=(40, 2))
    points = np.concatenate([crowd, alone])
    operator = KernelOperator(Gaussian(1.0), points)
    drawn = [leverage_sample(operator, 60, np.random.RandomState(seed)) for seed in range(5)]
    for chosen in drawn:
        assert len(set(chosen.tolist())) == 60
    assert np.mean([(chosen >= 900).sum() for chosen in drawn]) > 25  # a uniform draw has 2.5 of them
    np.testing.assert_array_equal(drawn[0], leverage_sample(operator, 60, np.random.RandomState(0)))


@pytest.mark.parametrize("p", [1, 2, 499, 500])
def test_any_number(p):
    assert len(set(leverage_sample(KernelOperator(Gaussian(1.0), X), p, state()).tolist())) == p


def test_weighted_choice():
    scores, counts = np.array([0.0, 0.1, 0.3, 0.6]), np.zeros(4)
    draws = state()
    for _ in range(4000):
        counts[_weighted_choice(scores, 1, draws)] += 1
    np.testing.assert_allclose(counts / 4000, scores, atol=0.03)
    assert set(_weighted_choice(scores, 4, draws).tolist()) == {0, 1, 2, 3}
