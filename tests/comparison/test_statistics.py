import math

import numpy as np
import pytest
from scipy import stats

from kernelkit.comparison._scores import gains, scores
from kernelkit.comparison._statistics import mean_with_error, paired_difference


def test_corrected_t_test_by_hand():
    d = paired_difference([0.9, 0.8, 0.7, 0.9, 0.7], [0.5, 0.5, 0.6, 0.6, 0.6], test_share=0.25)
    # d = .4 .3 .1 .3 .1: mean .24, squares about it .0256 .0036 .0196 .0036 .0196, variance .018
    error = math.sqrt((1 / 5 + 1 / 4) * 0.018)
    assert d.mean == pytest.approx(0.24)
    assert d.p == pytest.approx(2 * stats.t.sf(0.24 / error, 4))
    assert d.low == pytest.approx(0.24 - 2.7764451 * error)
    assert d.high == pytest.approx(0.24 + 2.7764451 * error)
    assert d.shown is (d.p < 0.05)


def test_correction_is_wider_than_the_naive_test():
    a, b = np.array([0.9, 0.8, 0.7, 0.9, 0.7]), np.array([0.5, 0.5, 0.6, 0.6, 0.6])
    assert paired_difference(a, b, test_share=0.25).p > stats.ttest_rel(a, b).pvalue
    assert paired_difference(a, b, test_share=0.0).p == pytest.approx(stats.ttest_rel(a, b).pvalue)


def test_swapping_the_models_swaps_the_sign():
    a, b = [0.9, 0.8, 0.7], [0.5, 0.5, 0.6]
    forth, back = paired_difference(a, b, 0.5), paired_difference(b, a, 0.5)
    assert (back.mean, back.low, back.high, back.p) == pytest.approx((-forth.mean, -forth.high, -forth.low, forth.p))
    assert not back.shown


def test_rounding_is_no_difference():
    d = paired_difference([0.5, 0.6, 0.7], [0.5 + 1e-13, 0.6 - 2e-13, 0.7 - 1e-13], 0.25)
    assert (d.mean, d.p, d.shown) == (0.0, 1.0, False)


def test_constant_difference_is_certain():
    d = paired_difference([0.6, 0.7, 0.8], [0.5, 0.6, 0.7], 0.25)
    assert d.p == 0.0 and d.shown


def test_false_alarms_are_rare_where_there_is_nothing():
    rng = np.random.default_rng(0)
    alarms = [paired_difference(*rng.normal(size=(2, 5)), test_share=0.25).p < 0.05 for _ in range(400)]
    assert np.mean(alarms) < 0.05


def test_scores():
    y = np.array([1.0, 2.0, 3.0])
    found = scores("regression", y, np.array([1.0, 2.0, 4.0]))
    assert found == pytest.approx({"r2": 0.5, "rmse": math.sqrt(1 / 3)})
    labels = np.array(["a", "a", "a", "b"])
    found = scores("classification", labels, np.array(["a", "a", "b", "c"]))
    assert found == pytest.approx({"accuracy": 0.5, "balanced_accuracy": 1 / 3})


def test_mean_gain_is_the_difference_of_scores():
    rng = np.random.default_rng(1)
    y, a, b = rng.normal(size=(3, 50))
    mean, error = mean_with_error(gains("regression", y, a, b))
    assert mean == pytest.approx(scores("regression", y, a)["r2"] - scores("regression", y, b)["r2"])
    assert error == pytest.approx(gains("regression", y, a, b).std(ddof=1) / math.sqrt(50))
    y, a, b = rng.integers(0, 2, size=(3, 50))
    mean, _ = mean_with_error(gains("classification", y, a, b))
    assert mean == pytest.approx(np.mean(y == a) - np.mean(y == b))
