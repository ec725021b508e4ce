import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC, SVR

from kernelkit import Gaussian, KernelRidge, Sigmoid
from kernelkit.comparison import InputError, _lifts
from kernelkit.comparison._candidates import ALPHAS, CANDIDATES, SETTINGS, choose
from kernelkit.comparison._evaluate import evaluate, make_fold
from kernelkit.comparison._models import kernels, lifting
from kernelkit.comparison._own_kernels import own_candidates
from kernelkit.comparison._splits import Splitter
from kernelkit.comparison._table import make_table
from kernelkit.comparison._tuning import _tune_kernel, _tune_lifted, _tune_machine, ridge_path, ridge_scores, tune

BY_NAME = {candidate.name: candidate for candidate in CANDIDATES}


def fold_of(y=None, n=90, d=3, seed=0, time=None):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = np.sin(X[:, 0]) + X[:, 1] ** 2 + 0.1 * rng.normal(size=n) if y is None else y(X)
    table = make_table(X, y, time=time)
    return make_fold(table, Splitter(table, seed), np.arange(n * 2 // 3), np.arange(n * 2 // 3, n))


@pytest.mark.parametrize("p", [5, 80])
def test_ridge_path_is_ridge(p):
    rng = np.random.default_rng(0)
    X, Z, Y = rng.normal(size=(40, p)), rng.normal(size=(7, p)), rng.normal(size=(40, 2))
    for alpha, predicted in zip((0.01, 3.0), ridge_path(X, Y, Z, (0.01, 3.0)), strict=True):
        np.testing.assert_allclose(predicted, Ridge(alpha=alpha).fit(X, Y).predict(Z), rtol=1e-8)


@pytest.mark.parametrize("labels", [None, 2, 3])
def test_ridge_scores_are_a_grid_search(labels):
    cut = None if labels is None else lambda X: np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5][: labels - 1])
    rows = fold_of(cut).training
    estimator, scoring = (Ridge(), "neg_mean_squared_error") if labels is None else (RidgeClassifier(), "accuracy")
    search = GridSearchCV(estimator, {"alpha": ALPHAS}, cv=rows.inner, scoring=scoring).fit(rows.X, rows.y)
    np.testing.assert_allclose(ridge_scores(rows.X, rows), search.cv_results_["mean_test_score"], rtol=1e-6)


@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize("forward", [False, True])
def test_a_kernel_and_its_lifting_are_tuned_alike(classes, forward):
    cut = (lambda X: np.where(X[:, 0] * X[:, 1] > 0, "a", "b")) if classes else None
    rows = fold_of(cut, time=np.arange(90) if forward else None).training
    for degree in (2, 3):
        lifted = _tune_lifted(BY_NAME[f"poly{degree}-lifted"], rows)
        kernel = _tune_kernel(BY_NAME[f"poly{degree}-kernel"], rows)
        assert lifted.shape == kernel.shape
        np.testing.assert_allclose(lifted, kernel, rtol=1e-5)


def test_a_kernel_and_its_lifting_predict_the_same():
    fold = fold_of()
    for degree in (2, 3):
        for setting in ((0, 0), (2, 3)):
            lifted = evaluate(BY_NAME[f"poly{degree}-lifted"], fold, setting)
            kernel = evaluate(BY_NAME[f"poly{degree}-kernel"], fold, setting)
            np.testing.assert_allclose(lifted.predicted, kernel.predicted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize("name", ["fourier", "nystroem"])
def test_features_that_approximate_a_kernel_do_about_as_well(name, classes, monkeypatch):
    cut = (lambda X: np.where(X[:, 0] * X[:, 1] > 0, "a", "b")) if classes else None
    fold = fold_of(cut, n=200)
    exact = evaluate(BY_NAME["gaussian"], fold, (1, 2)).decided
    near = evaluate(BY_NAME[name], fold, (1, 2))
    assert near.model[0].kernel.sigma == pytest.approx(Gaussian("scale").resolve(fold.training.X).sigma)
    assert np.corrcoef(near.decided.ravel(), exact.ravel())[0, 1] > 0.97
    monkeypatch.setattr(_lifts, "APPROXIMATE_FEATURES", 20)
    rough = evaluate(BY_NAME[name], fold, (1, 2)).decided
    assert np.abs(rough - exact).mean() > np.abs(near.decided - exact).mean()
    assert tune(BY_NAME[name], fold.training) == tune(BY_NAME[name], fold.training)


def test_every_candidate_has_as_many_settings():
    for candidate in CANDIDATES:
        first, second = candidate.axes
        assert len(first.values) * len(second.values) == SETTINGS
    assert len({candidate.name for candidate in CANDIDATES}) == len(CANDIDATES)
    assert {candidate.twin for candidate in CANDIDATES} <= {*BY_NAME, None}


def test_equals_keep_the_smoothest():
    fold = fold_of(lambda X: np.arange(len(X)) % 2)
    object.__setattr__(fold.training, "X", np.zeros_like(fold.training.X))
    assert tune(BY_NAME["linear"], fold.training) == (0, 0)


def test_lifting_matches_the_kernel_matrix():
    rows = fold_of().training
    candidate = BY_NAME["poly3-lifted"]
    features = lifting(candidate, rows.X, rows.n_numeric, 1).fit_transform(rows.X)
    gamma = candidate.axes[0].values[1] / rows.X.shape[1] / rows.X.var()
    np.testing.assert_allclose(features @ features.T, (gamma * rows.X @ rows.X.T + 1) ** 3, rtol=1e-9)


def test_obstacles():
    assert BY_NAME["poly2-kernel"].obstacle(0, 3) == "no numeric columns"
    assert BY_NAME["interactions"].obstacle(1, 3) == "only one numeric column"
    assert BY_NAME["poly3-lifted"].obstacle(61, 0) == "41,664 features"
    assert BY_NAME["poly3-kernel"].obstacle(61, 0) is None
    assert all(BY_NAME[name].obstacle(0, 3) is None for name in ("linear", "gaussian", "svm", "forest"))


def test_candidates_by_name():
    notices: list[str] = []
    assert [c.name for c in choose("svm, gaussian", notices)] == ["linear", "gaussian", "svm"]
    assert "linear model was added" in notices[0]
    assert choose(None, []) == list(CANDIDATES)
    with pytest.raises(InputError, match="unknown candidate 'gausian'; did you mean 'gaussian'"):
        choose(["gausian"], [])
    with pytest.raises(InputError, match="no candidate"):
        choose(",", [])


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_forests_are_smaller_while_they_are_tuned(task):
    forest = BY_NAME["forest"]
    model = forest.make(task, 1.0, 1.0, 0)
    assert all(model.get_params()[name] > value for name, value in forest.while_tuning.items())


@pytest.mark.parametrize("name", ["svm", "svm-sigmoid"])
@pytest.mark.parametrize("classes", [False, True])
def test_machines_are_tuned_as_by_a_grid_search(name, classes):
    cut = (lambda X: np.where(X[:, 0] * X[:, 1] > 0, "a", "b")) if classes else None
    rows = fold_of(cut).training
    candidate = BY_NAME[name]
    Cs, axis = candidate.axes[1].values, candidate.axes[0].name
    grid = {axis: [getattr(kernel, axis) for kernel in kernels(candidate, rows.X, 3)]}
    if classes:
        machine, y = SVC(), rows.y
    else:
        machine, y = SVR(), (rows.y - rows.y.mean()) / rows.y.std()
    libsvm = {"gamma": [1 / (2 * s**2) for s in grid["sigma"]]} if name == "svm" else {"gamma": grid["gamma"]}
    machine.set_params(kernel="rbf" if name == "svm" else "sigmoid", max_iter=20_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search = GridSearchCV(machine, {"C": Cs, **libsvm}, cv=rows.inner).fit(rows.X, y)
    expected = search.cv_results_["mean_test_score"].reshape(len(Cs), -1).T
    # Sigmoid is indefinite, and settings that do not converge end where they are stopped: those are left out.
    calm = np.isclose(_tune_machine(candidate, rows), expected, atol=2e-3)
    assert calm.mean() > (0.95 if name == "svm" else 0.6)


def test_splines_are_additive():
    fold = fold_of(lambda X: np.abs(X[:, 0]) + np.sin(3 * X[:, 1]), n=400)
    splines = evaluate(BY_NAME["splines"], fold)
    assert splines.scores["r2"] > 0.95
    crossed = fold_of(lambda X: X[:, 0] * X[:, 1], n=400)
    assert evaluate(BY_NAME["splines"], crossed).scores["r2"] < 0.2


def test_number_of_features_is_that_of_the_lifting():
    fold = fold_of(n=150)
    for candidate in CANDIDATES:
        if candidate.lift is not None and candidate.name not in ("fourier", "nystroem"):
            for i in range(4):
                features = lifting(candidate, fold.training.X, 3, i).fit_transform(fold.training.X)
                assert features.shape[1] == candidate.n_features(3, 0, i), candidate.name


def test_own_kernels_are_used_as_they_are():
    fold = fold_of()
    one, several = own_candidates({"mine": Gaussian(2.0), "some": [Gaussian(0.01), Gaussian(1.5), "rbf"]})
    assert evaluate(one, fold, (0, 2)).model.kernel == Gaussian(2.0)
    assert one.describe((0, 2)) == "alpha 0.1" and several.describe((1, 2)) == "kernel 2, alpha 0.1"
    assert several.values((1, 2)) == {"kernel": "Gaussian(sigma=1.5)", "alpha": 0.1}
    assert tune(several, fold.training)[0] > 0  # the narrow one predicts the mean
    model = evaluate(several, fold, (0, 3)).model
    expected = KernelRidge(Gaussian(0.01), alpha=1e-2, fit_intercept=True).fit(fold.training.X, fold.training.y)
    np.testing.assert_allclose(model.predict(fold.test_X), expected.predict(fold.test_X))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Gaussian(), "kernels must be a dict"),
        ({"svm": Gaussian()}, "'svm' is the name of a candidate"),
        ({3: Gaussian()}, "3 is no name"),
        ({"mine": []}, "empty list"),
        ({"mine": 0.5}, r"kernels\['mine'\]: "),
        ({"mine": "precomputed"}, "must work on the rows"),
    ],
)
def test_bad_own_kernels(given, message):
    with pytest.raises(InputError, match=message):
        own_candidates(given)


def test_a_setting_that_cannot_be_fitted_loses():
    rows = fold_of().training
    indefinite = own_candidates({"bad": [Sigmoid(1.0, -1.0), Gaussian(1.0)]})[0]
    scores = _tune_kernel(indefinite, rows)
    assert np.isnan(scores[0]).any() and np.isfinite(scores[1]).all()
    assert tune(indefinite, rows)[0] == 1
    with pytest.raises(ValueError, match="no kernel could be fitted"):
        tune(own_candidates({"bad": lambda X, Y: -X @ Y.T})[0], rows)
