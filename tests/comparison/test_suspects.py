import warnings

import numpy as np
import pandas as pd
import pytest

from kernelkit.comparison import compare
from kernelkit.comparison._candidates import CANDIDATES
from kernelkit.comparison._read import BUNDLED, bundled
from kernelkit.comparison._splits import Splitter
from kernelkit.comparison._suspects import SUSPECT, first_seen, suspects
from kernelkit.comparison._table import make_table
from kernelkit.comparison._target import too_many_classes


def said(X, y, **options):
    table = make_table(X, y, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return suspects(table, Splitter(table, 0))


def columns(n=400, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"]).assign(color=rng.choice(["red", "blue"], n))
    return X, X["a"].to_numpy() + np.sin(3 * X["b"].to_numpy()) + 0.5 * rng.normal(size=n), rng


def labels(y):
    return np.where(y > 0.3, "up", np.where(y < -0.6, "down", "level"))


@pytest.mark.parametrize("name", BUNDLED)
def test_nothing_is_said_of_good_tables(name):
    assert said(*bundled(name)) == []


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_said_of_plain_data(seed):
    X, y, _ = columns(seed=seed)
    assert said(X, y) == [] and said(X, labels(y)) == []


@pytest.mark.parametrize(
    ("make", "how"),
    [
        (lambda y: y, "the same, up to scale"),
        (lambda y: 3 - 2 * y, "the same, up to scale"),
        (lambda y: np.exp(y), "in the same order"),
        (lambda y: np.abs(y) + 0.01 * np.random.default_rng(1).normal(size=len(y)), None),
        (lambda y: y + 0.05 * np.random.default_rng(1).normal(size=len(y)), "R² 0.99"),
    ],
)
def test_a_column_that_gives_a_number_away(make, how):
    X, y, _ = columns()
    found = [notice for notice in said(X.assign(after=make(y)), y) if notice.startswith(SUSPECT)]
    assert bool(found) == (how is not None)
    if how:
        assert f"after ({how}" in found[0] and "leave out what is not known before y is" in found[0]
        assert "a (" not in found[0]


def test_a_column_that_gives_a_number_away_though_no_function_of_rank():
    X, y, _ = columns(2000)
    assert any("after (R² 0.99" in notice for notice in said(X.assign(after=np.where(y > 0, y, 40 - y)), y))


@pytest.mark.parametrize(
    ("make", "how"),
    [
        (lambda y: y, "the same in other words"),
        (lambda y: np.char.upper(y), "the same in other words"),
        (lambda y: np.array([f"{v}{i % 4}" for i, v in enumerate(y)]), "accuracy 1.000"),
        (lambda y: np.unique(y, return_inverse=True)[1] + 0.3 * np.random.default_rng(1).random(len(y)), "accuracy"),
    ],
)
def test_a_column_that_gives_a_class_away(make, how):
    X, y, _ = columns()
    y = labels(y)
    found = said(X.assign(after=make(y)), y)
    assert len(found) == 1 and found[0].startswith(f"{SUSPECT}after ({how}")


def test_one_column_alone_is_what_is_asked_for():
    x = np.random.default_rng(0).normal(size=(200, 1))
    assert said(x, 2 * x[:, 0]) == []


def test_an_exact_sum_of_columns():
    X, _, _ = columns()
    found = said(X, (X["a"] + 2 * X["b"]).to_numpy())
    assert found == [f"{SUSPECT}y is an exact sum of a, b: if it was computed from them, leave them out"]
    assert said(X, (X["a"] + 2 * X["b"] + 0.01 * X["c"] ** 2).to_numpy()) == []


def test_neighbouring_rows_that_are_alike():
    X, _, rng = columns()
    walk = np.cumsum(rng.normal(size=400))
    (found,) = said(X, walk)
    assert found.startswith(SUSPECT) and "--time-column or --groups" in found
    assert said(X, walk, time=np.arange(400)) == [] and said(X, walk, groups=np.arange(400) // 8) == []
    visits = np.repeat(rng.choice(["x", "y", "z"], 50), 8)
    assert any("of one class" in notice for notice in said(X, visits))


def test_a_file_sorted_by_its_target_says_nothing_of_time():
    X, y, _ = columns()
    order = np.argsort(y)
    assert said(X.iloc[order], y[order]) == []
    twice = np.concatenate([np.sort(y[:200]), np.sort(y[200:])])
    assert said(X, twice) == [] and said(X, np.sort(labels(y))) == []


def test_columns_that_say_the_same():
    X, y, rng = columns()
    X = X.assign(inches=X["a"] / 2.54, farbe=X["color"].map({"red": "rot", "blue": "blau"}), spike=0.0, spike2=0.0)
    X.loc[:4, ["spike", "spike2"]] = 1.0  # too few rows to say that these are the same
    assert said(X, y) == ["these say the same, so that one of each is enough: inches and a, farbe and color"]
    assert said(X.assign(near=X["a"] + 0.05 * rng.normal(size=400)), y) == said(X, y)


def test_mostly_missing():
    X, y, _ = columns()
    X.loc[100:, "c"] = np.nan
    X.loc[:150, "b"] = np.nan
    (found,) = said(X, y)
    assert found.startswith("mostly missing: c (75%);")


def test_classes_that_make_the_accuracy_mislead():
    X, _, _ = columns()
    y = np.array(["no"] * 390 + ["yes"] * 10)[np.random.default_rng(0).permutation(400)]
    assert said(X, y) == [
        "always guessing 'no' has accuracy 0.975 and the rarest class, 'yes', has 2.5% of the rows: "
        "judge by balanced accuracy too"
    ]
    letters = np.random.default_rng(0).permutation(np.arange(400) % 26)
    assert said(X, letters, task="classification") == []


def test_a_long_tail():
    X, y, rng = columns(1000)
    (found,) = said(X, np.exp(2 * y))
    assert found.endswith("consider its logarithm") and "of what R² measures of y" in found
    y[::500] = -300
    (found,) = said(X, y)
    assert found.endswith("look at these first")


def test_what_copies_with_other_targets_leave_to_reach():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(100, 3)), 4, axis=0)
    y = np.tile([0, 0, 0, 1], 100)
    order = rng.permutation(400)
    found = said(X[order], y[order])
    assert found == [
        "400 rows have the same columns as a row with another y: on these data no model passes accuracy 0.750"
    ]
    y = np.repeat(rng.normal(size=100), 4) + np.tile([1.0, -1.0, 1.0, -1.0], 100)
    (found,) = said(X[order], y[order])
    reachable = 1 - 1 / np.var(y)
    assert found.endswith(f"no model passes R² {reachable:.3f}")
    assert said(X[order], np.repeat(rng.normal(size=100), 4)[order]) == []


def test_the_same_is_said_of_many_rows_every_time():
    X, y, _ = columns(20_000)
    X = X.assign(after=np.exp(y))
    assert said(X, y) == said(X, y) != []


def test_first_seen_is_equal_for_columns_that_differ_in_words_only():
    assert first_seen(np.array([7, 3, 7, 9])).tolist() == [0, 1, 0, 2]


def test_what_is_suspected_stands_next_to_the_verdict():
    X, y, _ = columns(150)
    result = compare(X.assign(after=np.exp(y)), y, candidates="linear", cv=2)
    assert "The scores are in doubt: after (in the same order) alone almost predicts y" in result.verdict


def test_a_machine_for_each_pair_of_many_classes_is_left_out():
    by_name = {candidate.name: candidate for candidate in CANDIDATES}
    assert too_many_classes(by_name["svm"], 200) == "19,900 pairs of classes"
    assert too_many_classes(by_name["svm"], 10) is None and too_many_classes(by_name["gaussian"], 200) is None
