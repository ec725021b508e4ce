import numpy as np
import pytest

from kernelkit.comparison import InputError
from kernelkit.comparison._splits import Splitter, assign_folds, check_folds, copy_labels, forward_folds, joined
from kernelkit.comparison._table import make_table


def table_of(n=60, seed=0, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return make_table(X, X[:, 0] + rng.normal(size=n), **options)


def test_folds_cover_all_rows_once_and_evenly():
    splitter = Splitter(table_of(), seed=3)
    rows = np.arange(10, 57)
    splits = splitter.split(rows, 5)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(47))
    assert {len(test) for _, test in splits} == {9, 10}
    for train, test in splits:
        assert not set(train) & set(test) and len(train) + len(test) == 47


def test_same_seed_same_folds_and_repeats_differ():
    first, second = Splitter(table_of(), 1), Splitter(table_of(), 1)
    rows = np.arange(60)
    same = zip(first.split(rows, 3), second.split(rows, 3), strict=True)
    assert all(np.array_equal(a[1], b[1]) for a, b in same)
    assert not np.array_equal(first.split(rows, 3)[0][1], first.split(rows, 3, repeat=1)[0][1])
    assert not np.array_equal(first.split(rows, 3)[0][1], Splitter(table_of(), 2).split(rows, 3)[0][1])


def test_groups_stay_whole_and_classes_spread():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, size=400)
    strata = (rng.random(40) < 0.25).astype(int)[groups]
    fold = assign_folds(strata, groups, 5, seed=0)
    assert all(len(set(fold[groups == g])) == 1 for g in np.unique(groups))
    share = [strata[fold == k].mean() for k in range(5)]
    assert max(share) - min(share) < 0.1
    assert np.bincount(fold).max() - np.bincount(fold).min() <= 20


def test_rare_class_reaches_every_fold():
    strata = np.array([0] * 95 + [1] * 5)
    fold = assign_folds(strata, np.arange(100), 5, seed=0)
    assert set(fold[strata == 1]) == set(range(5))


def test_copies_stay_in_one_fold_and_are_reported():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(50, 2))] * 2)
    table = make_table(X, rng.normal(size=100))
    splitter = Splitter(table, 0)
    assert any("50 rows" in notice and "kept in one fold" in notice for notice in table.notices)
    developed, held = splitter.hold_out(100)
    assert {i % 50 for i in developed}.isdisjoint({i % 50 for i in held})
    for train, test in splitter.split(developed, 4):
        assert {i % 50 for i in developed[train]}.isdisjoint({i % 50 for i in developed[test]})


def test_few_distinct_values_are_no_copies():
    rng = np.random.default_rng(0)
    table = make_table(rng.integers(0, 2, size=(100, 1)), rng.normal(size=100))
    splitter = Splitter(table, 0)
    assert len(np.unique(splitter.groups)) == 100
    assert any("split like any others" in notice for notice in table.notices)


def test_combinations_of_few_levels_are_no_copies_if_their_targets_differ():
    rng = np.random.default_rng(0)
    X = np.array(list("abcde"))[rng.integers(0, 5, size=(2000, 4))]
    splitter = Splitter(table := make_table(X, rng.normal(size=2000)), 0)
    assert len(np.unique(splitter.groups)) == 2000
    assert any("few distinct values rather than copies" in notice for notice in table.notices)
    labels = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    splitter = Splitter(make_table(X, labels + 0.5), 0)
    assert len(np.unique(splitter.groups)) == len(np.unique(labels))


def test_clusters_are_groups_or_stretches_of_time():
    groups = np.arange(60) // 3
    rows = np.arange(0, 60, 2)
    assert len(np.unique(Splitter(table_of(groups=groups), 0).clusters(rows))) == 20
    time = np.random.default_rng(0).permutation(60)
    clusters = Splitter(table_of(time=time), 0).clusters(np.arange(60))
    assert (np.diff(clusters[np.argsort(time)]) >= 0).all() and np.bincount(clusters).tolist() == [3] * 20


def test_copy_labels_and_joined_groups():
    table = make_table(np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 2.0], [4.0, 2.0]] * 5), np.arange(20.0))
    labels = copy_labels(table)
    assert labels[0] == labels[2] and len(set(labels[:4])) == 3
    assert len(set(joined(np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])))) == 2


def test_hold_out_is_a_fifth():
    developed, held = Splitter(table_of(100), 0).hold_out(100)
    assert len(held) == 20 and sorted([*developed, *held]) == list(range(100))


def test_sample_keeps_classes_in_proportion_and_rare_ones_present():
    rng = np.random.default_rng(0)
    y = np.array(["a"] * 600 + ["b"] * 380 + ["c"] * 20)
    splitter = Splitter(make_table(rng.normal(size=(1000, 2)), y), 0)
    rows = splitter.sample(np.arange(1000), 200, fewest=8)
    assert len(rows) == 200
    assert sum(y[rows] == "c") == 8
    assert 110 < sum(y[rows] == "a") < 130


def test_forward_folds_train_on_the_past():
    time = np.repeat(np.arange(30), 4)[np.random.default_rng(0).permutation(120)]
    splits = forward_folds(time, 4)
    assert len(splits) == 4
    for train, test in splits:
        assert len(train) and len(test)
        assert time[train].max() < time[test].min()
    with pytest.raises(InputError, match="too few distinct"):
        forward_folds(np.array([0, 0, 1, 1]), 5)


def test_hold_out_in_time_is_the_end():
    rng = np.random.default_rng(0)
    time = rng.permutation(100).astype(float)
    splitter = Splitter(table_of(100, time=time), 0)
    developed, held = splitter.hold_out(100)
    assert len(held) == 20 and time[developed].max() < time[held].min()


def test_time_without_order():
    with pytest.raises(InputError, match="too few distinct"):
        Splitter(table_of(100, time=np.zeros(100)), 0).hold_out(100)


@pytest.mark.parametrize("cv", [1, 0, 2.0, True, "5"])
def test_cv_must_be_a_number_of_folds(cv):
    table = table_of()
    with pytest.raises(InputError, match="cv must be"):
        check_folds(table, Splitter(table, 0), cv)


def test_too_many_folds_too_few_groups_too_rare_a_class():
    table = table_of()
    with pytest.raises(InputError, match="60 rows with a target: 20 folds and a hold-out need at least 100"):
        check_folds(table, Splitter(table, 0), 20)
    table = table_of(groups=np.arange(60) % 4)
    with pytest.raises(InputError, match="only 4 groups"):
        check_folds(table, Splitter(table, 0), 5)
    table = make_table(np.random.default_rng(0).normal(size=(60, 2)), ["a"] * 57 + ["rare"] * 3)
    with pytest.raises(InputError, match="class 'rare' has 3 rows"):
        check_folds(table, Splitter(table, 0), 5)
    with pytest.raises(InputError, match="cannot be combined"):
        Splitter(table_of(groups=np.arange(60), time=np.arange(60)), 0)
