"""What a candidate may see: nothing of the test rows, nothing of the hold-out."""

import numpy as np
import pandas as pd
import pytest

from kernelkit.comparison import compare
from kernelkit.comparison._candidates import CANDIDATES
from kernelkit.comparison._evaluate import evaluate, make_fold
from kernelkit.comparison._preprocess import as_numbers, as_text
from kernelkit.comparison._splits import Splitter
from kernelkit.comparison._table import make_table

BY_NAME = {candidate.name: candidate for candidate in CANDIDATES}


def mixed(n=120, seed=0):
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 60, size=n)
    X = pd.DataFrame(
        {
            "a": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "b": rng.normal(size=n),
            "color": rng.choice(["red", "green", None], size=n),
            "shop": [f"s{i}" for i in level],
        }
    )
    return X, X["b"].to_numpy() ** 2 + level / 30 + rng.normal(size=n) / 10


def fold_of(X, y):
    table = make_table(X, y)
    assert table.columns.many_levels == ["shop"]
    splitter = Splitter(table, 0)
    splitter.groups = np.arange(len(y))
    train, test = splitter.split(np.arange(len(y)), 4)[0]
    return make_fold(table, splitter, train, test), train, test


def test_preparation_sees_training_rows_only():
    X, y = mixed()
    fold, train, test = fold_of(X, y)
    other_X, other_y = X.copy(), y.copy()
    other_X.loc[test, ["a", "b"]] = 1e6
    other_X.loc[test, "color"] = "violet"
    other_y[test] = -1e6
    other, _, _ = fold_of(other_X, other_y)
    np.testing.assert_array_equal(other.training.X, fold.training.X)
    np.testing.assert_array_equal(other.training.y, y[train])
    for name in ("linear", "gaussian", "poly2-kernel", "svm"):
        assert evaluate(BY_NAME[name], other).setting == evaluate(BY_NAME[name], fold).setting


def test_target_encoding_ignores_the_test_targets_and_the_own_target():
    X, y = mixed()
    fold, train, test = fold_of(X, y)
    changed = y.copy()
    changed[test] += 100
    other, _, _ = fold_of(X, changed)
    np.testing.assert_array_equal(other.test_X, fold.test_X)
    # cross-fitted: a level that occurs once in training is encoded by the mean of other rows, not by its own target
    shops = X["shop"].to_numpy()[train]
    once = np.flatnonzero([np.sum(shops == shop) == 1 for shop in shops])[0]
    changed = y.copy()
    changed[train[once]] += 1e4
    encoder = fold.prepared_by.named_transformers_["many levels"].named_steps["targetencoder"]
    levels = as_text(X[["shop"]].iloc[train])
    before = encoder.fit_transform(levels, y[train])[once]
    after = encoder.fit_transform(levels, changed[train])[once]
    np.testing.assert_array_equal(after, before)


def test_hold_out_is_never_used_before_it_is_scored():
    X, y = mixed()
    held = Splitter(make_table(X, y), 0).hold_out(len(y))[1]
    changed = y.copy()
    changed[held] = changed[held][::-1]
    options = {"candidates": "linear,gaussian", "cv": 3}
    first, second = compare(X, y, **options).to_dict(), compare(X, changed, **options).to_dict()
    for a, b in zip(first["candidates"], second["candidates"], strict=True):
        assert [fold["r2"] for fold in a["folds"]] == [fold["r2"] for fold in b["folds"]]
    assert first["held_out"]["linear"] != second["held_out"]["linear"]


def test_numeric_columns_come_first_and_are_scaled():
    fold, _, _ = fold_of(*mixed())
    assert fold.training.n_numeric == 2 and fold.n_other == 4  # red, green, missing; one encoded column
    numeric = fold.training.X[:, :2]
    np.testing.assert_allclose(numeric.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(numeric.std(axis=0), 1)


def test_polynomials_lift_the_numeric_columns_only():
    fold, _, _ = fold_of(*mixed())
    X = fold.training.X
    for name, count in (("poly2-lifted", 6 + 4), ("poly3-lifted", 10 + 4), ("interactions", 3 + 4), ("linear", 2 + 4)):
        assert BY_NAME[name].n_features(2, 4) == count
        model = evaluate(BY_NAME[name], fold, (0, 0)).model
        assert model[:-1].transform(X).shape == (len(X), count)


def test_unseen_and_rare_levels():
    X, y = mixed(200)
    X["color"] = ["common"] * 199 + ["rare"]
    X.loc[:99, "color"] = "other"
    table = make_table(X, y)
    fold = make_fold(table, Splitter(table, 0), np.arange(150), np.arange(150, 200))
    assert fold.n_other == 2 + 1
    np.testing.assert_array_equal(fold.test_X[-1, 2:4], 0)


def test_as_numbers_and_as_text():
    X = pd.DataFrame({"a": [1, None, "x"], "b": ["1.5", np.inf, True]}, dtype=object)
    np.testing.assert_array_equal(as_numbers(X), [[1, 1.5], [np.nan, np.nan], [np.nan, 1]])
    assert as_text(X).tolist() == [["1", "1.5"], ["missing", "inf"], ["x", "True"]]
    assert as_text(np.array([["u", None]], dtype=object)).tolist() == [["u", "missing"]]


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_candidate_runs_on_both_tasks(name):
    X, y = mixed(90)
    for target, metrics in ((y, {"r2", "rmse"}), (np.where(y > 1.2, "hi", "lo"), {"accuracy", "balanced_accuracy"})):
        table = make_table(X, target)
        fold = make_fold(table, Splitter(table, 0), np.arange(60), np.arange(60, 90))
        result = evaluate(BY_NAME[name], fold)
        assert set(result.scores) == metrics and all(np.isfinite(value) for value in result.scores.values())
        assert result.fit_seconds > 0 and result.predict_seconds > 0 and result.note is None
