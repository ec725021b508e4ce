import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import RidgeCV
from sklearn.metrics import get_scorer, make_scorer, max_error, mean_absolute_error, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)

from kernelkit import (
    Gaussian,
    KernelRidge,
    KernelRidgeClassifier,
    KernelRidgeClassifierCV,
    KernelRidgeCV,
    Laplacian,
    Linear,
    Polynomial,
    Sigmoid,
)
from tests import references as ref

rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3))
y = np.sin(2 * X[:, 0]) + X[:, 1] + 3 + 0.1 * rng.normal(size=50)
Y = np.column_stack([y, X[:, 2] ** 2])
w = rng.uniform(0.5, 2, size=50)
ALPHAS = [1e-6, 1e-2, 1.0]


@pytest.fixture(params=[0, 1e9], ids=["eigenvectors", "factors"])
def way(request, monkeypatch):
    """Splits are validated in closed form, or refitted by Cholesky factors, whatever is cheaper."""
    monkeypatch.setattr("kernelkit.estimators._trial.EVD_IN_FACTORS", request.param)


@pytest.mark.parametrize("kernel", [Gaussian("scale"), Laplacian(2.0), Linear(), Polynomial(degree=2)])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weights", [None, w])
@pytest.mark.parametrize("targets", [y, Y], ids=["one", "two"])
def test_leave_one_out_equals_the_refits(kernel, fit_intercept, weights, targets):
    model = KernelRidgeCV(kernel, alphas=ALPHAS, fit_intercept=fit_intercept).fit(X, targets, sample_weight=weights)
    K = model.kernel_(X)
    for alpha, score in zip(ALPHAS, model.cv_results_["mean_test_score"], strict=True):
        expected = ref.leave_one_out_predictions(K, targets, alpha, weights, fit_intercept)
        bound = max(1e-8, 100 * np.finfo(float).eps * np.linalg.cond(K + alpha * np.eye(50)))
        errors = np.average((targets - expected) ** 2, axis=0, weights=weights)
        assert score == pytest.approx(-np.mean(errors), rel=bound)
        if alpha == model.alpha_:
            np.testing.assert_allclose(model.loo_predictions_, expected, rtol=bound, atol=bound)
    assert model.best_score_ == model.cv_results_["mean_test_score"].max()


def test_the_chosen_model_is_the_ridge_fit():
    model = KernelRidgeCV(
        [Gaussian(), Laplacian("scale")], alphas=ALPHAS, fit_intercept=True, param_grid={"kernel__sigma": [0.5, 2.0]}
    ).fit(X, Y, sample_weight=w)
    again = KernelRidge(**model.best_params_, fit_intercept=True).fit(X, Y, sample_weight=w)
    np.testing.assert_allclose(model.predict(X[:9] + 0.1), again.predict(X[:9] + 0.1), rtol=1e-7)
    assert len(model.cv_results_["params"]) == 12
    assert set(model.cv_results_) == {"params", "mean_test_score", "rank_test_score"}
    assert model.cv_results_["params"][model.best_index_] == model.best_params_
    assert model.cv_results_["rank_test_score"][model.best_index_] == 1


def test_equals_ridge_cv():
    ours = KernelRidgeCV(Linear(), alphas=ALPHAS, fit_intercept=True).fit(X, y)
    theirs = RidgeCV(alphas=ALPHAS).fit(X, y)
    assert ours.alpha_ == theirs.alpha_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-8)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-8)


@pytest.mark.parametrize(
    "cv",
    [
        4,
        KFold(5, shuffle=True, random_state=0),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
        ShuffleSplit(3, test_size=0.3, random_state=0),
        ShuffleSplit(3, test_size=0.2, train_size=0.5, random_state=0),
        TimeSeriesSplit(3),
        [(np.arange(30), np.arange(30, 50)), (np.arange(20, 50), np.arange(5))],
    ],
    ids=repr,
)
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("scoring", [None, "r2", make_scorer(mean_absolute_error, greater_is_better=False)])
@pytest.mark.usefixtures("way")
def test_folds_equal_a_grid_search(cv, fit_intercept, scoring):
    settings = {"alphas": ALPHAS[1:], "cv": cv, "scoring": scoring, "fit_intercept": fit_intercept}
    ours = KernelRidgeCV(Gaussian(1.5), **settings).fit(X, Y)
    theirs = GridSearchCV(
        KernelRidge(Gaussian(1.5), fit_intercept=fit_intercept),
        {"alpha": ALPHAS[1:]},
        cv=cv,
        scoring=scoring or "neg_mean_squared_error",
    ).fit(X, Y)
    for name in [n for n in theirs.cv_results_ if n.endswith("test_score")]:
        np.testing.assert_allclose(ours.cv_results_[name], theirs.cv_results_[name], rtol=1e-7, err_msg=name)
    assert ours.alpha_ == theirs.best_params_["alpha"]
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-7)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.usefixtures("way")
def test_weighted_folds_equal_the_refits(fit_intercept):
    model = KernelRidgeCV(Gaussian(1.5), alphas=[0.1], cv=KFold(4), fit_intercept=fit_intercept)
    model.fit(X, y, sample_weight=w)
    folds = [test for _, test in KFold(4).split(X)]
    expected = ref.held_out_predictions(Gaussian(1.5)(X), y, 0.1, folds, w, fit_intercept)
    for i, fold in enumerate(folds):
        score = -np.average((y[fold] - expected[fold]) ** 2, weights=w[fold])
        assert model.cv_results_[f"split{i}_test_score"][0] == pytest.approx(score, rel=1e-8)


@pytest.mark.parametrize("cv", [None, 3, "gcv", TimeSeriesSplit(3)])
def test_rows_of_weight_zero_do_not_count(cv):
    zero = w.copy()
    zero[::5] = 0
    kept = zero > 0
    settings = {"kernel": Gaussian("scale"), "alphas": ALPHAS, "fit_intercept": True}
    if cv is not None and cv != "gcv":
        splitter = KFold(3) if cv == 3 else cv
        position = np.flatnonzero(kept)
        few = list(splitter.split(X[kept]))
        cv, cv_few = [(position[train], position[test]) for train, test in few], few
    else:
        cv_few = cv
    all_rows = KernelRidgeCV(**settings, cv=cv).fit(X, y, sample_weight=zero)
    fewer = KernelRidgeCV(**settings, cv=cv_few).fit(X[kept], y[kept], sample_weight=zero[kept])
    np.testing.assert_allclose(all_rows.cv_results_["mean_test_score"], fewer.cv_results_["mean_test_score"], rtol=1e-8)
    np.testing.assert_allclose(all_rows.predict(X), fewer.predict(X), rtol=1e-8)
    if cv is None:
        np.testing.assert_allclose(all_rows.loo_predictions_[kept], fewer.loo_predictions_, rtol=1e-8)
        np.testing.assert_allclose(all_rows.loo_predictions_[~kept], fewer.predict(X[~kept]), rtol=1e-8)


def test_generalised_cross_validation():
    model = KernelRidgeCV(Gaussian(1.5), alphas=ALPHAS, cv="gcv").fit(X, y)
    for alpha, score in zip(ALPHAS, model.cv_results_["mean_test_score"], strict=True):
        K = Gaussian(1.5)(X)
        H = K @ np.linalg.inv(K + alpha * np.eye(50))
        expected = np.mean((y - H @ y) ** 2) / (1 - np.trace(H) / 50) ** 2
        assert score == pytest.approx(-expected, rel=1e-6)
    assert not hasattr(model, "loo_predictions_")


def test_alpha_for_each_target():
    noisy = np.column_stack([y, rng.normal(size=50)])
    model = KernelRidgeCV(Gaussian(1.5), alphas=ALPHAS, alpha_per_target=True).fit(X, noisy)
    for t in range(2):
        alone = KernelRidgeCV(Gaussian(1.5), alphas=ALPHAS).fit(X, noisy[:, t])
        assert model.alpha_[t] == alone.alpha_
        assert model.best_score_[t] == pytest.approx(alone.best_score_)
        np.testing.assert_allclose(model.predict(X)[:, t], alone.predict(X), rtol=1e-8)
        np.testing.assert_allclose(model.loo_predictions_[:, t], alone.loo_predictions_, rtol=1e-8)
    assert model.alpha_[0] != model.alpha_[1]
    assert KernelRidgeCV(alphas=ALPHAS, alpha_per_target=True).fit(X, y).alpha_ in ALPHAS


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error"])
def test_leave_one_out_with_a_scorer(scoring):
    model = KernelRidgeCV(Gaussian(1.5), alphas=[0.1], scoring=scoring).fit(X, y)
    predictions = ref.leave_one_out_predictions(Gaussian(1.5)(X), y, 0.1)
    function = get_scorer(scoring)._score_func
    assert model.best_score_ == pytest.approx(get_scorer(scoring)._sign * function(y, predictions), rel=1e-8)


def test_precomputed():
    K = Gaussian(1.5)(X)
    before = K.copy()
    for cv in (None, 3, TimeSeriesSplit(3)):
        ours = KernelRidgeCV("precomputed", alphas=ALPHAS, cv=cv).fit(K, y, sample_weight=w)
        expected = KernelRidgeCV(Gaussian(1.5), alphas=ALPHAS, cv=cv).fit(X, y, sample_weight=w)
        np.testing.assert_allclose(
            ours.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"], rtol=1e-7
        )
        np.testing.assert_allclose(ours.predict(K), expected.predict(X), rtol=1e-7)
    np.testing.assert_array_equal(K, before)


LABELS = np.array(["setosa", "versicolor", "virginica"])


@pytest.mark.parametrize("scoring", [None, "accuracy", "f1_macro", "balanced_accuracy"])
@pytest.mark.parametrize("cv", [None, StratifiedKFold(4)])
@pytest.mark.usefixtures("way")
def test_classifier(scoring, cv):
    A, b = load_iris(return_X_y=True)
    A, b = A[::2], LABELS[b[::2]]
    model = KernelRidgeClassifierCV(alphas=ALPHAS[1:], scoring=scoring, cv=cv).fit(A, b)
    fixed = KernelRidgeClassifier(model.kernel_, alpha=model.alpha_).fit(A, b)
    np.testing.assert_allclose(model.decision_function(A), fixed.decision_function(A), rtol=1e-6, atol=1e-9)
    assert model.score(A, b) > 0.9
    if cv is None:
        loo = cross_val_predict(fixed, A, b, cv=KFold(len(b)), method="decision_function")
        np.testing.assert_allclose(model.loo_predictions_, loo, rtol=1e-6, atol=1e-9)
    if scoring is not None and cv is None:
        labels = LABELS[model.loo_predictions_.argmax(axis=1)]
        expected = get_scorer(scoring)._score_func(b, labels, **get_scorer(scoring)._kwargs)
        assert model.best_score_ == pytest.approx(expected)
    if cv is not None:
        search = GridSearchCV(KernelRidgeClassifier(model.kernel_), {"alpha": ALPHAS[1:]}, cv=cv, scoring=scoring)
        if scoring is not None:
            expected = search.fit(A, b).cv_results_["mean_test_score"]
            np.testing.assert_allclose(model.cv_results_["mean_test_score"], expected)


def test_binary_classifier_with_a_threshold_scorer_and_class_weights():
    b = np.where(y > np.quantile(y, 0.7), "yes", "no")
    model = KernelRidgeClassifierCV(alphas=[0.1], scoring="roc_auc", class_weight="balanced").fit(X, b)
    assert model.loo_predictions_.shape == (50,)
    weights = np.where(b == "yes", 50 / (2 * (b == "yes").sum()), 50 / (2 * (b == "no").sum()))
    expected = roc_auc_score(b == "yes", model.loo_predictions_, sample_weight=weights)
    assert model.best_score_ == pytest.approx(expected)


def test_multilabel():
    labels = (Y > Y.mean(axis=0)).astype(int)
    folds = KernelRidgeClassifierCV(scoring="f1_micro", cv=3)
    for model in (KernelRidgeClassifier(), KernelRidgeClassifierCV(), folds):
        predicted = model.fit(X, labels).predict(X)
        assert predicted.shape == labels.shape
        assert (predicted == labels).mean() > 0.75


def test_balanced_classes_count_weights_as_repeated_rows():
    b = np.where(y > np.quantile(y, 0.8), 1, 0)
    times = rng.integers(0, 4, size=50)
    weighted = KernelRidgeClassifier(class_weight="balanced").fit(X, b, sample_weight=times.astype(float))
    repeated = KernelRidgeClassifier(class_weight="balanced").fit(np.repeat(X, times, axis=0), np.repeat(b, times))
    np.testing.assert_allclose(weighted.decision_function(X), repeated.decision_function(X), rtol=1e-9)


def test_metadata_is_routed_to_the_splitter_and_the_scorer():
    groups = np.arange(50) // 5
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(mean_absolute_error, greater_is_better=False).set_score_request(sample_weight=True)
        model = KernelRidgeCV(Gaussian(1.5), alphas=[0.1], cv=GroupKFold(5), scoring=scorer)
        model.fit(X, y, sample_weight=w, groups=groups)
    folds = [test for _, test in GroupKFold(5).split(X, y, groups)]
    expected = ref.held_out_predictions(Gaussian(1.5)(X), y, 0.1, folds, w)
    for i, fold in enumerate(folds):
        error = np.average(np.abs(y[fold] - expected[fold]), weights=w[fold])
        assert model.cv_results_[f"split{i}_test_score"][0] == pytest.approx(-error, rel=1e-8)
    with pytest.raises(ValueError, match="groups"):
        model.fit(X, y, groups=groups)


def test_routing_without_a_scorer():
    assert KernelRidgeCV().get_metadata_routing() is not None
    groups = np.arange(50) // 5
    with sklearn.config_context(enable_metadata_routing=True):
        model = KernelRidgeCV(Gaussian(1.5), alphas=[0.1], cv=GroupKFold(5)).fit(X, y, groups=groups, sample_weight=w)
        KernelRidgeClassifierCV(class_weight="balanced").fit(X, y > 3)
    folds = [test for _, test in GroupKFold(5).split(X, y, groups)]
    expected = ref.held_out_predictions(Gaussian(1.5)(X), y, 0.1, folds, w)
    score = -np.average((y - expected)[folds[0]] ** 2, weights=w[folds[0]])
    assert model.cv_results_["split0_test_score"][0] == pytest.approx(score, rel=1e-8)


def test_a_scorer_that_takes_no_weights():
    scorer = make_scorer(max_error, greater_is_better=False)
    with pytest.warns(UserWarning, match="takes no sample_weight: the weights count in the fits only"):
        model = KernelRidgeCV(Gaussian(1.5), alphas=[0.1], scoring=scorer).fit(X, y, sample_weight=w)
    assert model.best_score_ == pytest.approx(-max_error(y, model.loo_predictions_))


def test_labels_in_a_column_are_scored_as_labels():
    b = np.where(y > np.median(y), "yes", "no")
    flat = KernelRidgeClassifierCV(alphas=ALPHAS, scoring="accuracy").fit(X, b)
    with pytest.warns(sklearn.exceptions.DataConversionWarning):
        column = KernelRidgeClassifierCV(alphas=ALPHAS, scoring="accuracy").fit(X, b[:, None])
    np.testing.assert_array_equal(column.cv_results_["mean_test_score"], flat.cv_results_["mean_test_score"])


def test_a_refit_forgets_what_it_does_not_make():
    model = KernelRidgeCV(cv=None).fit(X, y)
    assert not hasattr(model.set_params(cv=3).fit(X, y), "loo_predictions_")


def test_kernels_of_scikit_learn_are_searched():
    model = KernelRidgeCV(RBF(), param_grid={"kernel__length_scale": [0.01, 1.5]}, alphas=[0.1]).fit(X, y)
    assert model.best_params_["kernel"].kernel.length_scale == 1.5


def test_a_kernel_that_cannot_be_fitted_gets_no_score():
    kernels = [Sigmoid(gamma=2.0, coef0=-2.0), Gaussian(1.5)]
    with pytest.warns(FitFailedWarning, match="Sigmoid.*gets no score.*smallest eigenvalue"):
        model = KernelRidgeCV(kernels, alphas=[1e-4, 1e3]).fit(X, y)
    scores = model.cv_results_["mean_test_score"]
    assert np.isnan(scores[0])
    assert np.isfinite(scores[1:]).all()
    assert model.best_params_["kernel"] == Gaussian(1.5)
    assert model.cv_results_["rank_test_score"][0] == 4
    with pytest.warns(FitFailedWarning), pytest.raises(ValueError, match="every score is NaN"):
        KernelRidgeCV(kernels[:1], alphas=[1e-4]).fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alphas": [0.0, 1.0]}, "alphas must be a number > 0, got 0.0"),
        ({"alphas": []}, "alphas must be a list of numbers > 0"),
        ({"kernel": []}, "kernel must be a kernel or a list of kernels, got an empty list"),
        ({"kernel": [Gaussian(), 0.5]}, r"did you mean alpha=0.5\?"),
        ({"param_grid": {"sigma": [1.0]}}, "param_grid must name kernel parameters as 'kernel__sigma', got 'sigma'"),
        ({"kernel": Gaussian(), "param_grid": {"kernel__degree": [1]}}, "Invalid parameter 'degree'"),
        ({"param_grid": {"kernel__sigma": [1]}}, "kernel=None, which has none"),
        ({"kernel": ["precomputed", Gaussian()]}, "no other kernel can join it"),
        ({"alphas": None}, "alphas must be a list of numbers > 0, got None"),
        ({"alphas": "abc"}, "alphas must be numbers, got 'abc'"),
        ({"cv": []}, "cv must have at least one split"),
        ({"kernel": "precomputed", "param_grid": {"kernel__sigma": [1]}}, "kernel='precomputed', which has none"),
        ({"cv": "loo"}, "cv must be None, 'gcv', an integer"),
        ({"cv": "gcv", "scoring": "r2"}, "cv='gcv' has a score of its own"),
        ({"cv": 3, "alpha_per_target": True}, "alpha_per_target=True needs cv=None"),
        ({"scoring": "wrong"}, "scoring"),
        ({"scoring": {"a": "r2"}}, r"scoring must be one scorer, by which to choose, got \{'a': 'r2'\}"),
        ({"cv": [(np.arange(50), np.array([], dtype=int))]}, "no row of positive weight"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises((TypeError, ValueError), match=message):
        KernelRidgeCV(**params).fit(X, y)
