import math

import numpy as np
import pytest
from scipy import stats

from kernelkit.comparison._scores import gains, scores
from kernelkit.comparison._statistics import compare_scores, mean_with_error, paired_test

A, B = [0.9, 0.8, 0.7, 0.9, 0.7], [0.5, 0.5, 0.6, 0.6, 0.6]


def test_corrected_t_test_by_hand():
    mean, low, high, p = paired_test(A, B, test_share=0.25)
    # d = .4 .3 .1 .3 .1: mean .24, squares about it .0256 .0036 .0196 .0036 .0196, variance .018
    error = math.sqrt((1 / 5 + 1 / 4) * 0.018)
    assert mean == pytest.approx(0.24)
    assert p == pytest.approx(2 * stats.t.sf(0.24 / error, 4))
    assert (low, high) == pytest.approx((0.24 - 2.7764451 * error, 0.24 + 2.7764451 * error))


def test_correction_is_wider_than_the_naive_test():
    naive = stats.ttest_rel(A, B).pvalue
    assert paired_test(A, B, test_share=0.25)[3] > naive
    assert paired_test(A, B, test_share=0.0)[3] == pytest.approx(naive)


def test_accuracy_is_tested_as_it_is_and_r2_as_log_error():
    plain = compare_scores("classification", A, B, 0.25)
    assert plain.gain == plain.mean == pytest.approx(0.24) and plain.p > 0.05 and not plain.shown
    logs = compare_scores("regression", A, B, 0.25)
    expected = paired_test(-np.log(1 - np.array(A)), -np.log(1 - np.array(B)), 0.25)
    assert logs.gain == pytest.approx(0.24)
    assert (logs.mean, logs.low, logs.high, logs.p) == pytest.approx(expected)


def test_one_hard_fold_does_not_hide_what_all_folds_agree_on():
    good, bad = [0.9, 0.92, 0.91, 0.9, 0.3], [0.6, 0.65, 0.62, 0.6, -4.0]
    assert compare_scores("regression", good, bad, 0.25).shown
    assert not compare_scores("classification", good, bad, 0.25).shown


def test_a_model_that_usually_wins_and_then_fails_badly_is_not_shown_better():
    unstable, steady = [0.9, 0.92, 0.91, 0.9, -9.0], [0.6, 0.65, 0.62, 0.6, 0.6]
    assert not compare_scores("regression", unstable, steady, 0.25).shown


def test_exact_models_do_not_differ():
    exact, nearly = [1.0, 1 - 1e-15, 1.0], [1 - 1e-10, 1 - 1e-12, 1 - 1e-11]
    found = compare_scores("regression", exact, nearly, 0.5)
    assert (found.mean, found.p) == (0.0, 1.0) and not found.shown and not found.shown_worse


def test_swapping_the_models_swaps_the_sign():
    for task in ("regression", "classification"):
        first, second = [0.9, 0.85, 0.88], [0.5, 0.48, 0.5]
        forth, back = compare_scores(task, first, second, 0.25), compare_scores(task, second, first, 0.25)
        assert (back.gain, back.low, back.high, back.p) == pytest.approx(
            (-forth.gain, -forth.high, -forth.low, forth.p)
        )
        assert forth.shown and back.shown_worse and not back.shown and not forth.shown_worse


def test_rounding_is_no_difference_and_a_constant_one_is_certain():
    assert paired_test([0.5, 0.6, 0.7], [0.5 + 1e-13, 0.6 - 2e-13, 0.7 - 1e-13], 0.25) == (0.0, 0.0, 0.0, 1.0)
    assert paired_test([0.6, 0.7, 0.8], [0.5, 0.6, 0.7], 0.25)[3] == 0.0


def test_the_same_few_rows_in_every_fold_are_no_certainty():
    """Five folds of 20 rows: one more right in each could be luck (1 in 32), four more in each hardly are."""
    base = np.array([0.5, 0.6, 0.55, 0.65, 0.7])
    assert compare_scores("classification", base + 0.05, base, 0.25).p == 0.0
    found = compare_scores("classification", base + 0.05, base, 0.25, fold_rows=20)
    assert found.p == pytest.approx(2 * stats.t.sf(1 / math.sqrt(0.45), 4)) and not found.shown
    assert compare_scores("classification", base + 0.2, base, 0.25, fold_rows=20).shown
    assert compare_scores("classification", base, base, 0.25, fold_rows=20).p == 1.0


def test_false_alarms_are_rare_where_there_is_nothing():
    rng = np.random.default_rng(0)
    alarms = [paired_test(*rng.normal(size=(2, 5)), test_share=0.25)[3] < 0.05 for _ in range(400)]
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
