"""Searches over support vector machines are scikit-learn's GridSearchCV, kernel by kernel."""

import pickle
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning, NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process.kernels import RBF
from sklearn.metrics import make_scorer, max_error, mean_absolute_error
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, RepeatedKFold, ShuffleSplit
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from kernelkit import (
    FeatureKernel,
    Gaussian,
    KernelSVC,
    KernelSVCCV,
    KernelSVR,
    KernelSVRCV,
    Laplacian,
    Linear,
)
from kernelkit.engine import _memory
from kernelkit.estimators import _svm_folds

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
LABELS = np.array(["few", "many", "some"])
three = LABELS[(X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int) + (X[:, 2] > 0.6)]
two = np.where(X[:, 0] * X[:, 1] + 0.5 * rng.normal(size=120) > 0.3, "yes", "no")
target = np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=120)
w = rng.uniform(0.3, 2, size=120)
SIGMAS, CS, EPSILONS = [0.7, 2.0, 5.0], [0.1, 1.0, 20.0], [0.01, 0.3]
GRID = {"kernel__sigma": SIGMAS}


def classifier(**settings):
    return KernelSVCCV(**{"kernel": Gaussian(), "Cs": CS, "param_grid": GRID, **settings})


def regressor(**settings):
    kind = {"kernel": Gaussian(), "Cs": CS, "epsilons": EPSILONS, "param_grid": GRID}
    return KernelSVRCV(**{**kind, **settings})


def grid_search(ours, **grid):
    """scikit-learn's search over the same machines, with the same settings."""
    kind = KernelSVC if isinstance(ours, KernelSVCCV) else KernelSVR
    shared = {name: value for name, value in ours.get_params(deep=False).items() if name in kind().get_params()}
    lists = {"C": ours.Cs, **({"epsilon": ours.epsilons} if kind is KernelSVR else {})}
    return GridSearchCV(kind(**shared), {**lists, **GRID, **grid}, cv=ours.cv, scoring=ours.scoring)


def check_equal(ours, theirs, tolerance=0.0):
    """Scores are the same to the last digit, or as far as sums in another order are, and as two kernel matrices are."""
    names = [name for name in theirs.cv_results_ if name.endswith("test_score")]
    for name in names[:-1] if tolerance else names:
        expected = theirs.cv_results_[name]
        np.testing.assert_allclose(ours.cv_results_[name], expected, rtol=tolerance, atol=tolerance, err_msg=name)
    assert ours.best_index_ == theirs.best_index_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=tolerance, abs=tolerance)
    assert ours.n_splits_ == theirs.n_splits_


SUMS, MATRICES = 1e-12, 1e-6
# Before that version only with metadata routing.
scores_are_weighted = hasattr(GridSearchCV, "_check_scorers_accept_sample_weight")
WEIGHTS = [
    pytest.param(None, id="unweighted"),
    pytest.param(w, id="weighted", marks=pytest.mark.skipif(not scores_are_weighted, reason="scores without weights")),
]


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("class_weight", [None, "balanced", "dictionary"])
@pytest.mark.parametrize("scoring", [None, "f1_macro", "decision"])
@pytest.mark.parametrize("labels", [two, three], ids=["two", "three"])
def test_classes(labels, scoring, class_weight, weights):
    if class_weight == "dictionary":
        class_weight = dict(zip(np.unique(labels), [2.0, 0.5, 1.0], strict=False))
    settings = {"scoring": scoring, "class_weight": class_weight}
    if scoring == "decision":
        # For more classes scikit-learn's want probabilities. Values are as near as the solver is to the solution.
        settings |= {"scoring": "roc_auc" if labels is two else one_against_rest, "tol": 1e-9}
    ours = classifier(**settings).fit(X, labels, sample_weight=weights)
    theirs = grid_search(ours).fit(X, labels, sample_weight=weights)
    check_equal(ours, theirs, MATRICES if scoring == "decision" else 0.0)
    np.testing.assert_array_equal(ours.decision_function(X), theirs.decision_function(X))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def one_against_rest(model, X, y, sample_weight=None):
    """A callable scorer that looks at decision values."""
    values = model.decision_function(X)
    right = values[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    return np.average(right - values.mean(axis=1), weights=sample_weight)


def sparsity(model, X, y, sample_weight=None):
    """A callable scorer that looks at the model."""
    return -float(model.n_support_.sum())


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(
    "scoring",
    [None, "neg_mean_squared_error", "neg_median_absolute_error", sparsity],
    ids=lambda scoring: getattr(scoring, "__name__", str(scoring)),
)
def test_numbers(scoring, weights):
    ours = regressor(scoring=scoring, tol=1e-9).fit(X, target, sample_weight=weights)
    theirs = grid_search(ours).fit(X, target, sample_weight=weights)
    check_equal(ours, theirs, MATRICES)
    assert ours.best_params_ == {
        "kernel": Gaussian(theirs.best_params_["kernel__sigma"]),
        "C": theirs.best_params_["C"],
        "epsilon": theirs.best_params_["epsilon"],
    }
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6, atol=1e-6)


SPLITTERS = [
    None,
    4,
    KFold(5, shuffle=True, random_state=0),
    RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    ShuffleSplit(3, test_size=0.2, train_size=0.5, random_state=0),
    [(np.arange(90), np.arange(90, 120)), (np.arange(30, 120), np.arange(5))],
    [(np.arange(120) < 90, np.arange(120) >= 90)],
    [(np.arange(120), np.arange(120))],
    [([*range(60), *range(60)], list(range(100, 60, -1)))],
]


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
def test_splits(cv):
    ours = classifier(cv=cv).fit(X, three)
    check_equal(ours, grid_search(ours).fit(X, three))
    ours = regressor(cv=cv, tol=1e-9).fit(X, target)
    check_equal(ours, grid_search(ours).fit(X, target), MATRICES)


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
@pytest.mark.parametrize("labels", [two, three], ids=["two", "three"])
@pytest.mark.parametrize("cv", [4, KFold(3, shuffle=True, random_state=0)])
def test_the_same_matrix_gives_the_same_values(labels, cv, n_jobs):
    K = Gaussian(2.0)(X)
    scoring = "roc_auc" if labels is two else one_against_rest
    ours = KernelSVCCV("precomputed", Cs=CS, scoring=scoring, cv=cv, n_jobs=n_jobs).fit(K, labels)
    theirs = GridSearchCV(KernelSVC("precomputed"), {"C": CS}, scoring=scoring, cv=cv).fit(K, labels)
    check_equal(ours, theirs, SUMS)


def test_a_given_matrix():
    K = Gaussian(2.0)(X)
    K.flags.writeable = False
    ours = KernelSVRCV("precomputed", Cs=CS, epsilons=EPSILONS).fit(K, target)
    theirs = GridSearchCV(KernelSVR("precomputed"), {"C": CS, "epsilon": EPSILONS}).fit(K, target)
    check_equal(ours, theirs, SUMS)
    assert ours.best_params_ == {"kernel": "precomputed", **theirs.best_params_}
    np.testing.assert_allclose(ours.predict(K), theirs.predict(K), rtol=1e-12)
    assert ours.__sklearn_tags__().input_tags.pairwise


def test_results_are_in_the_shape_of_a_grid_search():
    ours = classifier().fit(X, three)
    theirs = grid_search(ours, kernel=[Gaussian()]).fit(X, three)
    assert list(ours.cv_results_) == [name for name in [*theirs.cv_results_] if name in ours.cv_results_]
    assert set(ours.cv_results_) == set(theirs.cv_results_)
    for name, expected in theirs.cv_results_.items():
        found = ours.cv_results_[name]
        assert type(found) is type(expected), name
        assert len(found) == len(expected)
        if name != "params":
            assert found.dtype == expected.dtype, name
    for name in ("param_C", "param_kernel__sigma"):
        np.testing.assert_array_equal(ours.cv_results_[name], theirs.cv_results_[name])
    assert (ours.cv_results_["mean_fit_time"] > 0).all() and (ours.cv_results_["mean_score_time"] > 0).all()
    for params, kernel, C in zip(*(ours.cv_results_[n] for n in ("params", "param_kernel", "param_C")), strict=True):
        assert params == {"kernel": kernel, "C": C}


def test_a_list_of_kernels_and_grids_of_some():
    grids = [{"kernel": [Gaussian(), Laplacian()], "kernel__sigma": [1.0, "scale"]}, {"kernel": [Linear()]}]
    ours = classifier(param_grid=grids).fit(X, two)
    widths = ours.cv_results_["param_kernel__sigma"][:5]
    assert widths.tolist() == [1.0, "scale", 1.0, "scale", None]
    assert widths.mask.tolist() == [False] * 4 + [True]
    kernels = [Gaussian(), Gaussian("scale"), Laplacian(), Laplacian("scale"), Linear()]
    assert ours.cv_results_["param_kernel"][:5].tolist() == kernels
    listed = classifier(kernel=kernels, param_grid=None).fit(X, two)
    assert "param_kernel__sigma" not in listed.cv_results_
    np.testing.assert_array_equal(listed.cv_results_["mean_test_score"], ours.cv_results_["mean_test_score"])
    assert listed.cv_results_["param_C"].tolist() == [C for C in CS for _ in kernels]


@pytest.mark.parametrize("kernel", [Gaussian("scale"), [Laplacian(), Gaussian("median")], RBF(1.5), "rbf"], ids=repr)
def test_the_chosen_machine_is_the_fit_to_all_rows(kernel):
    for search, kind, y in ((classifier, KernelSVC, three), (regressor, KernelSVR, target)):
        ours = search(kernel=kernel, param_grid=None).fit(X, y, sample_weight=w)
        again = kind(**ours.best_params_).fit(X, y, sample_weight=w)
        for name in [name for name in vars(again) if name.endswith("_") and name != "kernel_"]:
            np.testing.assert_array_equal(getattr(ours, name), getattr(again, name), err_msg=name)
        assert ours.kernel_ == again.kernel_
        assert ours.C_ == ours.best_params_["C"] and ours.cv_results_["params"][ours.best_index_] == ours.best_params_
        assert ours.cv_results_["rank_test_score"][ours.best_index_] == 1
    assert ours.epsilon_ == ours.best_params_["epsilon"]


def test_kernel_parameters_that_depend_on_the_data_are_those_of_all_rows():
    ours = classifier(kernel=Gaussian("scale"), param_grid=None).fit(X, three)
    numbers = classifier(kernel=ours.kernel_, param_grid=None).fit(X, three)
    np.testing.assert_array_equal(ours.cv_results_["mean_test_score"], numbers.cv_results_["mean_test_score"])
    assert ours.best_params_["kernel"] == Gaussian("scale")


def test_the_kernel_is_evaluated_once_for_each_candidate(monkeypatch):
    cells = []
    tile = Gaussian.tile
    monkeypatch.setattr(
        Gaussian, "tile", lambda self, a, b, out=None: cells.append(len(a) * len(b)) or tile(self, a, b, out)
    )
    classifier(refit=False).fit(X, three)
    assert sum(cells) == 120**2 * len(SIGMAS)
    cells.clear()
    classifier(param_grid=None).fit(X, three)
    assert sum(cells) == 120**2


@pytest.mark.parametrize("layout", [sp.csr_array, sp.csc_matrix, np.asfortranarray, lambda X: X.astype(np.float32)])
def test_other_layouts_of_the_rows(layout):
    expected = classifier().fit(X, three)
    found = classifier().fit(layout(X), three)
    np.testing.assert_allclose(found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"], atol=0.02)
    assert (found.predict(layout(X)) == expected.predict(X)).mean() > 0.98


def test_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X, columns=list("abcd"))
    found = classifier().fit(table, pandas.Series(three, dtype=object))
    assert list(found.feature_names_in_) == list("abcd")
    check_equal(found, grid_search(found).fit(X, three))
    assert (found.predict(table) == classifier().fit(X, three).predict(X)).all()


@pytest.mark.parametrize("weights", [None, w], ids=["unweighted", "weighted"])
def test_one_machine_for_each_class_is_one_against_the_rest(weights):
    ours = KernelSVC(Gaussian(2.0), C=3.0, multi_class="ovr").fit(X, three, sample_weight=weights)
    for k, name in enumerate(LABELS):
        single = KernelSVC(Gaussian(2.0), C=3.0).fit(X, three == name, sample_weight=weights)
        np.testing.assert_allclose(ours.decision_function(X)[:, k], single.decision_function(X), rtol=1e-12, atol=1e-12)
        assert ours.n_iter_[k] == single.n_iter_[0]
    assert (ours.predict(X) == LABELS[ours.decision_function(X).argmax(axis=1)]).all()
    assert ours.dual_coef_.shape == (3, len(ours.support_)) and ours.intercept_.shape == (3,)
    classes_of_support = np.searchsorted(LABELS, three[ours.support_])
    assert (np.diff(classes_of_support) >= 0).all()
    np.testing.assert_array_equal(ours.n_support_, np.bincount(classes_of_support))
    np.testing.assert_array_equal(ours.support_vectors_, X[ours.support_])


def test_a_search_of_one_machine_for_each_class():
    ours = classifier(multi_class="ovr", kernel=Gaussian(2.0), param_grid=None).fit(X, three)
    rest = OneVsRestClassifier(KernelSVC(Gaussian(2.0)))
    theirs = GridSearchCV(rest, {"estimator__C": CS}).fit(X, three)
    check_equal(ours, theirs)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-12, atol=1e-12)


def test_class_weights_of_one_machine_for_each_class_are_those_of_its_rows():
    ours = KernelSVC(Gaussian(2.0), class_weight="balanced", multi_class="ovr").fit(X, three)
    same = KernelSVC(Gaussian(2.0), multi_class="ovr")
    same.fit(X, three, sample_weight=compute_sample_weight("balanced", three))
    np.testing.assert_array_equal(ours.decision_function(X), same.decision_function(X))


def test_settings_of_the_decision_reach_the_scorer():
    scorer = lambda model, A, b: model.decision_function(A).shape[1]  # noqa: E731
    A, b = load_iris(return_X_y=True)
    b = np.where(A[:, 0] > 6.5, 3, b)
    ovo = KernelSVCCV(decision_function_shape="ovo", scoring=scorer).fit(A, b)
    assert ovo.best_score_ == 6 == ovo.decision_function(A).shape[1]
    assert KernelSVCCV(scoring=scorer, break_ties=True).fit(A, b).best_score_ == 4


@pytest.mark.parametrize("scoring", [lambda m, A, b: m.score(A, b), make_scorer(max_error, greater_is_better=False)])
def test_a_scorer_that_takes_no_weights(scoring):
    model = regressor(scoring=scoring, tol=1e-9)
    with pytest.warns(UserWarning, match="takes no sample_weight: the weights count in the fits only"):
        model.fit(X, target, sample_weight=w)
    theirs = grid_search(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        check_equal(model, theirs.fit(X, target, sample_weight=w), MATRICES)


def test_metadata_is_routed_to_the_splitter_and_the_scorer():
    groups = np.arange(120) // 10
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(mean_absolute_error, greater_is_better=False).set_score_request(sample_weight=True)
        ours = regressor(scoring=scorer, cv=GroupKFold(4), tol=1e-9)
        ours.fit(X, target, sample_weight=w, groups=groups)
        theirs = grid_search(ours)
        theirs.estimator.set_fit_request(sample_weight=True)
        theirs.fit(X, target, sample_weight=w, groups=groups)
        assert KernelSVRCV(cv=GroupKFold(4)).fit(X, target, groups=groups).n_splits_ == 4
    check_equal(ours, theirs, MATRICES)
    with pytest.raises(ValueError, match="groups"):
        ours.fit(X, target, groups=groups)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_configuration_is_that_of_the_caller_in_every_thread(threads, monkeypatch):
    monkeypatch.setattr(_svm_folds, "run", lambda work, jobs, most: run_on(threads, work, jobs))
    seen = set()

    def scorer(model, A, b):
        seen.add((threading.current_thread() is threading.main_thread(), sklearn.get_config()["working_memory"]))
        return 1.0

    with sklearn.config_context(working_memory=77):
        classifier(scoring=scorer, refit=False).fit(X, two)
    assert seen == {(threads == 1, 77)}


def run_on(threads, work, jobs):
    if threads == 1:
        return [work(job) for job in jobs]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, jobs))


ONE_CLASS = np.where(np.arange(120) < 30, "few", "many")
UNFIT = (np.arange(40, 120), np.arange(40))  # of those labels: one class to train on
FIT = (np.arange(100), np.arange(100, 120))


def test_a_candidate_that_fails_in_some_split_has_no_score():
    with pytest.raises(ValueError, match="every candidate failed in some split.*\n9 times: .* got 1 class: 'many'"):
        classifier(cv=[FIT, UNFIT]).fit(X, ONE_CLASS)

    def broken(A, B):
        return np.where(np.arange(len(A))[:, None] == 5, np.nan, Gaussian()(A, B))

    def sign(model, A, b):
        if model.C > 10:
            raise ValueError("too large")
        return model.decision_function(A).mean()

    model = classifier(kernel=[broken, Gaussian()], param_grid=None, scoring=sign, cv=4)
    with pytest.warns(FitFailedWarning, match="16 of 24 fits failed, and have the score NaN:\n12 times: .*finite"):
        model.fit(X, two)
    scores = model.cv_results_["mean_test_score"]
    assert np.isnan(scores).tolist() == [True, False, True, False, True, True]
    assert model.cv_results_["rank_test_score"].tolist()[::2] == [3, 3, 3]
    assert model.best_params_["kernel"] == Gaussian()


def test_rows_that_are_all_the_same_in_a_split():
    rows = np.where(np.arange(120)[:, None] < 40, X, 1.0)
    cv = [(np.arange(40, 120), np.arange(40)), (np.arange(100), np.arange(100, 120))]
    with pytest.raises(ValueError, match="9 times: X has constant columns only: 80 rows"):
        classifier(cv=cv).fit(rows, two)
    with pytest.raises(ValueError, match="9 times: a support vector machine needs 2 rows of positive weight, got 0"):
        classifier(cv=[FIT, UNFIT]).fit(X, two, sample_weight=(np.arange(120) < 40).astype(float))


@pytest.mark.parametrize("scoring", ["neg_log_loss", lambda model, A, b: model.predict_proba(A).mean()])
def test_a_scorer_of_probabilities_is_refused(scoring):
    with pytest.raises(AttributeError, match="has no probabilities.*CalibratedClassifierCV.*predict_proba"):
        classifier(scoring=scoring).fit(X, two)


def test_mistakes_in_a_scorer_are_not_failures_of_the_data():
    with pytest.raises(TypeError, match=r"scoring must return a number, got \{'a': 1\}"):
        classifier(scoring=lambda model, A, b: {"a": 1}).fit(X, two)
    with pytest.raises(KeyError, match="mistake"):
        classifier(scoring=lambda model, A, b: {}["mistake"]).fit(X, two)


def test_an_interrupted_search_leaves_the_model_as_it_was():
    def interrupt(model, A, b):
        raise KeyboardInterrupt

    model = classifier().fit(X, two)
    before = {name: value for name, value in vars(model).items() if name.endswith("_")}
    with pytest.raises(KeyboardInterrupt):
        model.set_params(scoring=interrupt).fit(X[:, :2], two)
    assert {name: value for name, value in vars(model).items() if name.endswith("_")} == before


def test_without_a_refit_there_are_results_only():
    for search, y in ((classifier, two), (regressor, target)):
        full = search().fit(X, y)
        model = search().fit(X, y).set_params(refit=False).fit(X, y)
        assert model.best_params_ == full.best_params_ and model.C_ == full.C_
        assert not hasattr(model, "dual_coef_")
        with pytest.raises(NotFittedError):
            model.predict(X)


def test_rows_of_weight_zero_are_not_trained_on():
    zero = np.where(np.arange(120) % 4 == 0, 0.0, w)
    kept = np.flatnonzero(zero)
    few = list(KFold(3).split(kept))
    ours = classifier(cv=[(np.r_[kept[train], 0, 4], kept[test]) for train, test in few])
    fewer = classifier(cv=few).fit(X[kept], two[kept], sample_weight=zero[kept])
    ours.fit(X, two, sample_weight=zero)
    np.testing.assert_allclose(ours.cv_results_["mean_test_score"], fewer.cv_results_["mean_test_score"], rtol=1e-12)
    np.testing.assert_array_equal(ours.support_, kept[fewer.support_])
    K = Gaussian()(X)
    K[0, 0] = -5.0  # indefinite there, which does not count
    KernelSVCCV("precomputed", cv=3).fit(K, two, sample_weight=zero)
    with pytest.raises(ValueError, match="positive semi-definite"):
        KernelSVCCV("precomputed", cv=3).fit(K, two)


def test_text_in_a_pipeline_that_is_searched_itself():
    words = [f"{label} {i % 7}" for i, label in enumerate(three)]
    search = KernelSVCCV(FeatureKernel(TfidfVectorizer()), Cs=[1.0, 10.0], cv=3).fit(words, three)
    assert search.best_score_ > 0.9 and search.predict(words[:5]).tolist() == three[:5].tolist()
    pipeline = make_pipeline(StandardScaler(), classifier(cv=3))
    outer = GridSearchCV(pipeline, {"kernelsvccv__class_weight": [None, "balanced"]}, cv=3, n_jobs=2).fit(X, three)
    again = pickle.loads(pickle.dumps(clone(outer).fit(X, three)))
    assert (again.predict(X) == outer.predict(X)).all()


def test_the_solver_may_end_early():
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        assert classifier(max_iter=2).fit(X, two).fit_status_ == 1


def test_a_search_tells_how_it_goes_on_request(capfd):
    classifier(verbose=True).fit(X, two)
    lines = capfd.readouterr()
    assert lines.out == ""
    assert [line.split(": ")[0] for line in lines.err.splitlines()] == [
        f"kernel {i + 1} of 3, Gaussian(sigma={sigma})" for i, sigma in enumerate(SIGMAS)
    ]


def test_what_does_not_fit_into_memory_is_refused(monkeypatch):
    K = Gaussian()(X)
    cache = 4 * 120 * 120
    for available, kernel, rows in ((8 * 120 * 120 + cache - 1, Gaussian(), X), (cache - 1, "precomputed", K)):
        model = classifier(kernel=kernel, param_grid=None, n_jobs=1, cv=KFold(4))
        monkeypatch.setattr(_memory, "available_bytes", lambda size=available: size)
        with pytest.raises(MemoryError, match="120 x 120 kernel matrix of a search, with 1 fits.*needs.*n_jobs=1"):
            model.fit(rows, two)
        monkeypatch.setattr(_memory, "available_bytes", lambda size=available: size + 1)
        model.fit(rows, two)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Cs": [0.0, 1.0]}, "Cs must be a number > 0, got 0.0"),
        ({"Cs": []}, r"Cs must be a list of numbers, got \[\]"),
        ({"Cs": None}, "Cs must be a list of numbers, got None"),
        ({"Cs": "abc"}, "Cs must be numbers, got 'abc'"),
        ({"epsilons": [-1.0]}, "epsilons must be a number >= 0, got -1.0"),
        ({"param_grid": {"C": [1.0]}}, "'kernel__sigma', got 'C'; penalties are listed in Cs, tubes in epsilons"),
        ({"kernel": None, "param_grid": GRID}, "kernel=None, which has none"),
        ({"kernel": [], "param_grid": None}, "kernel must be a kernel or a list of kernels, got an empty list"),
        ({"kernel": ["precomputed", Gaussian()], "param_grid": None}, "no other kernel can join it"),
        (
            {"scoring": ["r2", "max_error"]},
            r"scoring must be one scorer, by which to choose, got \['r2'",
        ),
        ({"cv": []}, "cv must have at least one split"),
        ({"cv": "loo"}, "cv"),
        ({"refit": "r2"}, "refit must be one of True, False, got 'r2'"),
        ({"n_jobs": 1.5}, "n_jobs must be an integer"),
        ({"n_jobs": 0}, "n_jobs == 0"),
        ({"solver": "fast"}, "solver must be one of 'auto'"),
        ({"tol": -1.0}, "tol must be a number > 0"),
    ],
)
def test_bad_parameters(params, message):
    model = regressor(**params)
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(X, target)
    assert not [name for name in vars(model) if name.endswith("_")]


@pytest.mark.parametrize("model", [KernelSVC(), KernelSVCCV()])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"multi_class": "all"}, "multi_class must be one of 'ovo', 'ovr', got 'all'"),
        ({"multi_class": "ovr", "decision_function_shape": "ovo"}, "needs the pairs of classes of multi_class='ovo'"),
        ({"class_weight": "even"}, "class_weight must be None, 'balanced' or a dictionary, got 'even'"),
    ],
)
def test_bad_parameters_of_classifiers(model, params, message):
    with pytest.raises(ValueError, match=message):
        clone(model).set_params(**params).fit(X, three)


class TestSequentialMinimalOptimisation:
    """The same searches by the compiled solver, whose fits on a fold start from one another along C."""

    @pytest.fixture(autouse=True)
    def compiled(self):
        pytest.importorskip("numba")

    @pytest.mark.parametrize("weights", WEIGHTS)
    @pytest.mark.parametrize("multi_class", ["ovo", "ovr"])
    @pytest.mark.parametrize("labels", [two, three], ids=["two", "three"])
    def test_scores_are_those_of_libsvm(self, labels, multi_class, weights):
        scoring = "roc_auc" if labels is two else one_against_rest
        settings = {"scoring": scoring, "class_weight": "balanced", "multi_class": multi_class, "tol": 1e-8}
        ours = classifier(solver="smo", cv=4, **settings).fit(X, labels, sample_weight=weights)
        theirs = grid_search(classifier(solver="libsvm", cv=4, **settings)).fit(X, labels, sample_weight=weights)
        check_equal(ours, theirs, 1e-5)
        assert ours.solver_ == "smo"
        np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-4)

    @pytest.mark.parametrize("weights", WEIGHTS)
    @pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
    def test_numbers(self, scoring, weights):
        settings = {"scoring": scoring, "tol": 1e-8, "cv": KFold(4, shuffle=True, random_state=0)}
        ours = regressor(solver="smo", **settings).fit(X, target, sample_weight=weights)
        check_equal(
            ours, grid_search(regressor(solver="libsvm", **settings)).fit(X, target, sample_weight=weights), 1e-5
        )

    @pytest.mark.parametrize("search", [classifier, regressor])
    def test_no_score_depends_on_what_a_fit_starts_from(self, search):
        y = three if search is classifier else target
        settings = {"solver": "smo", "tol": 1e-8, "cv": 4}
        scores = search(**settings).fit(X, y).cv_results_["mean_test_score"].reshape(-1, len(SIGMAS))
        per_penalty = len(scores) // len(CS)
        for i, C in enumerate(CS):
            alone = search(**settings, Cs=[C]).fit(X, y).cv_results_["mean_test_score"].reshape(-1, len(SIGMAS))
            np.testing.assert_allclose(scores[i * per_penalty : (i + 1) * per_penalty], alone, rtol=1e-5)

    @pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
    def test_splits(self, cv):
        theirs = grid_search(classifier(cv=cv, tol=1e-8, solver="libsvm")).fit(X, three)
        check_equal(classifier(cv=cv, tol=1e-8, solver="smo").fit(X, three), theirs, SUMS)

    def test_a_given_matrix(self):
        K = Gaussian(2.0)(X)
        K.flags.writeable = False
        ours = KernelSVRCV("precomputed", Cs=CS, epsilons=EPSILONS, solver="smo", tol=1e-8).fit(K, target)
        theirs = KernelSVRCV("precomputed", Cs=CS, epsilons=EPSILONS, solver="libsvm", tol=1e-8).fit(K, target)
        check_equal(ours, theirs, 1e-5)

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_the_number_of_threads_changes_no_digit(self, n_jobs):
        expected = classifier(solver="smo", scoring=one_against_rest).fit(X, three)
        check_equal(classifier(solver="smo", scoring=one_against_rest, n_jobs=n_jobs).fit(X, three), expected)
