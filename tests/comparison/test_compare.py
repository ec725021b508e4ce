import json
import math
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score

from kernelkit import Gaussian, Linear
from kernelkit.comparison import ComparisonResult, InputError, _plan, compare
from kernelkit.comparison._candidates import CANDIDATES
from kernelkit.comparison._report import without_unicode
from kernelkit.comparison._splits import Splitter
from kernelkit.comparison._table import make_table

MODELS = "linear,interactions,poly2-lifted,poly2-kernel,poly3-lifted,gaussian"


@pytest.fixture(scope="module")
def result():
    return compare(*load_diabetes(return_X_y=True), candidates=MODELS, name="diabetes")


def sample(kind, seed, n=250):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    if kind == "linear":
        return X, X @ [1.0, -1.0, 0.5, 0.0] + rng.normal(size=n)
    if kind == "noise":
        return X, np.where(rng.normal(size=n) > 0, "a", "b")
    if kind == "xor":
        return X, np.where(X[:, 0] * X[:, 1] > 0, "a", "b")
    if kind == "smooth":
        return X[:, :2], np.sin(3 * X[:, 0]) + np.cos(3 * X[:, 1]) + 0.1 * rng.normal(size=n)
    return X, X[:, 0] ** 3 - X[:, 0] * X[:, 1] * X[:, 2] + 0.2 * rng.normal(size=n)


@pytest.mark.parametrize(
    ("kind", "right", "words"),
    [
        ("linear", {"linear"}, "Use the linear model: no nonlinearity shown."),
        ("noise", {"linear"}, "Use the linear model: no nonlinearity shown."),
        ("xor", {"interactions", "poly2-lifted"}, "Use explicit lifting"),
        ("smooth", {"gaussian"}, "The kernel trick is worth it here: use the Gaussian kernel."),
        ("cubic", {"poly3-lifted"}, "Use explicit lifting (Polynomial 3"),
    ],
)
@pytest.mark.parametrize("seed", [0, 2])
def test_verdict(kind, right, words, seed):
    result = compare(*sample(kind, seed), candidates=MODELS, seed=seed)
    assert result.recommended in right
    assert result.verdict.startswith(words)
    assert (": nonlinearity is shown." in result.verdict) == (right != {"linear"})
    assert ": no difference shown." in result.verdict or right != {"linear"}


def test_table_has_a_row_a_candidate(result):
    table = result.table
    assert list(table.index) == MODELS.split(",")
    assert {"r2", "rmse", "sd", "fit_seconds", "predict_seconds_per_row", "tune_seconds"} <= set(table.columns)
    assert table.loc["poly2-lifted", "explicit_features"] == 66
    assert np.isnan(table.loc["gaussian", "explicit_features"])


def test_pairs_agree_and_have_their_costs(result):
    (pair,) = result.to_dict()["pairs"]
    assert (pair["lifted"], pair["kernel"]) == ("poly2-lifted", "poly2-kernel")
    assert pair["largest_difference_in_sd"] < 1e-8
    assert pair["fit_time_ratio"] > 0 and pair["predict_time_ratio"] > 0
    folds = {c["name"]: c["folds"] for c in result.to_dict()["candidates"]}
    for lifted, kernel in zip(folds["poly2-lifted"], folds["poly2-kernel"], strict=True):
        assert lifted["hyperparameters"] == kernel["hyperparameters"]
        assert lifted["r2"] == pytest.approx(kernel["r2"], abs=1e-9)
    assert "Same model, two ways" in result.verdict


def test_json_is_complete_and_strict(result, tmp_path):
    text = result.to_json(tmp_path / "out.json")
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert found == json.loads(text)
    assert found["data"]["rows"] == 442 and found["data"]["held_out_rows"] == 89
    assert found["settings"]["seed"] == 0
    assert {candidate["settings_tried"] for candidate in found["candidates"]} == {24}
    assert len(found["candidates"]) == 6
    for candidate in found["candidates"]:
        assert candidate["status"] == "ok" and len(candidate["folds"]) == 10
        assert candidate["r2"] == pytest.approx(np.mean([fold["r2"] for fold in candidate["folds"]]))
    assert found["verdict"]["headline"] in result.verdict
    assert found["recommended"] == result.recommended
    assert set(found["held_out"]["linear"]) == {"r2", "rmse"}


def test_report_fits_and_survives_plain_terminals(result):
    text = repr(result)
    assert isinstance(result, ComparisonResult)
    assert max(map(len, text.splitlines())) <= 110
    for needed in ("R²", "explicit", "VERDICT", "Held out (89 rows", "override: --task classification", "▶ "):
        assert needed in text
    plain = without_unicode(text)
    assert plain.isascii() and "?" not in plain and len(plain.splitlines()) == len(text.splitlines())


def test_same_seed_same_numbers():
    X, y = sample("smooth", 3, n=60)
    options = {"candidates": "linear,matern,svm", "cv": 2}

    def numbers(seed):
        found = compare(X, y, seed=seed, **options).to_dict()
        return [[fold["r2"] for fold in c["folds"]] for c in found["candidates"]], found["held_out"]["linear"]

    assert numbers(1) == numbers(1)
    assert numbers(1) != numbers(2)


def test_best_estimator_predicts_from_the_users_columns():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=150), "color": rng.choice(["red", "green"], size=150)})
    X.loc[::9, "a"] = np.nan
    X.loc[::8, "color"] = None
    y = 3 * X["a"].fillna(0).to_numpy() ** 2 + (X["color"] == "red") + 0.1 * rng.normal(size=150)
    result = compare(X, y, candidates="linear,poly2-lifted,gaussian", cv=3)
    held = Splitter(make_table(X, y), 0).hold_out(150)[1]
    model = result.best_estimator_
    assert result.recommended == "poly2-lifted"
    score = r2_score(y[held], model.predict(X.iloc[held]))
    assert score == pytest.approx(result.to_dict()["held_out"]["recommended"]["r2"])
    assert clone(model).fit(X, y).predict(X.head(3)).shape == (3,)


def test_labels_come_back_as_they_were():
    X, y = sample("xor", 0, n=120)
    for labels in (y, y == "a", np.where(y == "a", 7, 3)):
        result = compare(X, labels, candidates="linear,gaussian", cv=2)
        assert set(result.best_estimator_.predict(X)) <= set(labels)


def test_columns_by_name_groups_and_time():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 2)), columns=["a", "b"]).assign(who=np.arange(120) // 4)
    X["y"] = X["a"] + rng.normal(size=120)
    by_group = compare(X, "y", groups="who", candidates="linear", cv=3)
    assert any("same group (who)" in notice for notice in by_group.to_dict()["data"]["notices"])
    by_time = compare(X, "y", time="who", candidates="linear", cv=3)
    assert "forward folds" in repr(by_time) and len(by_time.to_dict()["candidates"][0]["folds"]) == 3
    assert by_time.to_dict()["data"]["numeric_columns"] == ["a", "b"]


def test_only_the_linear_model():
    result = compare(*sample("linear", 0, n=60), candidates="linear", cv=2)
    assert result.verdict.startswith("Only the linear model was compared.")


def test_unstable_models_are_not_recommended():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    X[::40] *= 30  # polynomials explode on these
    y = np.where(X[:, 0] > 0, np.sqrt(np.abs(X[:, 0])), -1.0) + 0.1 * rng.normal(size=300)
    result = compare(X, y, candidates="linear,poly2-lifted,poly3-lifted,gaussian")
    table = result.table
    assert table.loc[result.recommended, "r2"] >= table.loc["linear", "r2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cv": 1}, "cv must be"),
        ({"budget": 0}, "budget must be"),
        ({"budget": math.nan}, "budget must be"),
        ({"max_rows": 5}, "max_rows must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 1.5}, "seed must be"),
        ({"task": "both"}, "unknown task"),
        ({"candidates": "ridge"}, "unknown candidate"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        compare(*sample("linear", 0, n=60), **options)


def test_too_many_classes_for_the_rows_that_are_compared():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 2)), [f"c{k % 40}" for k in range(2000)]
    with pytest.raises(InputError, match="40 classes need 320 rows to compare on, and there are 300: .*--max-rows 300"):
        compare(X, y, candidates="linear", max_rows=300)
    result = compare(X, y, candidates="linear,svm", max_rows=320, cv=2)
    assert result.to_dict()["candidates"][1]["status"] == "skipped: 780 pairs of classes"


def test_input_is_left_alone():
    X, y = sample("linear", 0, n=60)
    frame = pd.DataFrame(X, columns=list("abcd")).assign(y=y)
    frame.loc[3, "a"] = np.inf
    before = frame.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare(frame, "y", candidates="linear,gaussian", cv=2)
    pd.testing.assert_frame_equal(frame, before)


def test_remarks_of_solvers_are_shown(monkeypatch):
    monkeypatch.setattr("kernelkit.comparison._models.SVM_STEPS", 5)
    result = compare(*sample("linear", 0, n=60), candidates="linear,svm", cv=2)
    assert "note: Gaussian SVM, 4 of 4 fits: stopped after" in repr(result)


def test_every_candidate_is_simple_to_rank():
    ranks = [candidate.rank for candidate in CANDIDATES]
    assert ranks == sorted(ranks) and CANDIDATES[0].name == "linear"


def test_own_kernels_join():
    X, y = sample("smooth", 0, n=120)
    kernels = {"mine": Gaussian(0.6), "two": [Linear(), Gaussian(0.5)]}
    result = compare(X, y, candidates="linear", kernels=kernels, cv=3)
    assert list(result.table.index) == ["linear", "mine", "two"]
    tried = {candidate["name"]: candidate["settings_tried"] for candidate in result.to_dict()["candidates"]}
    assert tried == {"linear": 24, "mine": 6, "two": 12}
    assert "; 6 to 24 settings each, tuned in 3 inner folds" in " ".join(repr(result).split())
    assert result.verdict.startswith(
        f"Use the kernel '{result.recommended}': it is better than the linear model, and no"
    )
    assert result.to_dict()["held_out"]["recommended"]["r2"] > 0.8


@pytest.mark.parametrize("error", [TypeError("no\nmore"), RuntimeError(""), KeyError("k"), ValueError()])
def test_a_kernel_that_raises_loses_alone(error):
    def broken(X, Y):
        raise error

    X, y = sample("linear", 0, n=60)
    result = compare(X, y, candidates="linear", kernels={"broken": broken}, cv=2)
    assert result.recommended == "linear"
    assert result.table.loc["broken", "status"].startswith("failed: ") and len(result.table.loc["broken", "status"]) > 8


def test_a_slow_kernel_of_ones_own_is_found_out_before_it_takes_the_budget(monkeypatch):
    monkeypatch.setattr(_plan, "UNPROBED_SECONDS", 1)

    def slow(X, Y):
        time.sleep(len(X) * len(Y) / 100_000)
        return X @ Y.T

    X, y = sample("linear", 0, n=400)
    result = compare(X, y, candidates="linear", kernels={"slow": slow}, cv=5, budget=8)
    said = result.table.loc["slow", "status"]
    assert said.startswith("skipped: about") or "compared on the same" in repr(result)


def test_classes_as_a_category_of_whole_numbers_stay_numbers():
    X, y = sample("xor", 0, n=80)
    frame = pd.DataFrame(X, columns=list("abcd")).assign(y=pd.Categorical(np.where(y == "a", 3, 7)))
    result = compare(frame, "y", candidates="linear", cv=2)
    assert set(result.best_estimator_.predict(frame.drop(columns="y"))) <= {3, 7}


def test_a_fold_whose_target_is_constant_can_be_told():
    X, y = sample("linear", 0, n=80)
    result = compare(X, np.where(np.arange(80) < 2, y, 0.0), task="regression", candidates="linear", cv=2)
    assert "Linear" in str(result) and "the same as above" in result.to_html()


def test_classes_that_are_no_whole_numbers():
    X, y = sample("xor", 0, n=80)
    result = compare(X, np.where(y == "a", 0.5, 1.5), task="classification", candidates="linear", cv=2)
    assert set(result.best_estimator_.predict(X)) <= {"0.5", "1.5"}


def test_names_that_are_no_strings():
    X, y = sample("linear", 0, n=60)
    with pytest.raises(InputError, match=r"column names must be strings, got 0: set X.columns"):
        compare(pd.DataFrame(X), y, candidates="linear", cv=2)


def test_names_that_would_be_formulas_or_placeholders():
    X, y = sample("smooth", 0, n=80)
    frame = pd.DataFrame(X, columns=["IMPORTS", "$x$"])
    kernels = {r"$\frac{a$": Gaussian(0.6), "nothing": lambda X, Y: np.zeros((len(X), len(Y)))}
    page = compare(frame.assign(IMPORTS_y=y), "IMPORTS_y", candidates="linear", kernels=kernels, cv=2).to_html()
    assert r"$\frac{a$" in page
