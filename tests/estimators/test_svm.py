import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.svm
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from kernelkit import (
    Gaussian,
    KernelNuSVC,
    KernelNuSVR,
    KernelOneClassSVM,
    KernelSVC,
    KernelSVR,
    Linear,
    Polynomial,
    Sigmoid,
)
from kernelkit.engine import _memory
from kernelkit.estimators._svm_classifiers import votes
from tests.registry import KERNELS

DATA = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}
X, y = load_iris(return_X_y=True)
X, y = StandardScaler().fit_transform(X)[::2], y[::2]
pair = y < 2
pytest.importorskip("numba")
MACHINES = [
    KernelSVC(),
    KernelSVC(solver="smo"),
    KernelNuSVC(nu=0.3),
    KernelSVR(),
    KernelSVR(solver="smo"),
    KernelNuSVR(),
    KernelOneClassSVM(nu=0.3),
]
CLASSIFIERS = [KernelSVC(), KernelSVC(solver="smo"), KernelNuSVC(nu=0.3)]


def named(machine):
    return type(machine).__name__ + "-smo" * (machine.solver == "smo")


def values(model, X):
    return model.decision_function(X) if hasattr(model, "decision_function") else model.predict(X)


def load(name):
    X, y = DATA[name](return_X_y=True)
    X = StandardScaler().fit_transform(X)
    step = max(1, len(X) // 150)
    return X[::step], X[1::step], y[::step]


LEFT_OUT = ("kernel", "multi_class", "solver", "warm_start")


def theirs(model, **parameters):
    """scikit-learn's machine of the same name and settings."""
    kind = getattr(sklearn.svm, type(model).__name__.removeprefix("Kernel"))
    settings = {name: value for name, value in model.get_params(deep=False).items() if name not in LEFT_OUT}
    return kind(**{**settings, **parameters})


# Kernels of few dimensions never get to 1e-10: both are stopped at the same step then.
unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
PARAMETERS = {
    "gaussian": (None, {"gamma": "scale"}),
    "polynomial": (Polynomial(degree=2, gamma="scale", coef0=1.0), {"kernel": "poly", "degree": 2, "coef0": 1.0}),
    "sigmoid": (Sigmoid(gamma=0.01), {"kernel": "sigmoid", "gamma": 0.01}),
}
VARYING = [case for case in KERNELS if case.width is None and case.name != "constant"]
OTHERS = {case.name: (case.kernel, {"kernel": case.kernel}) for case in VARYING}


@unfinished
@pytest.mark.parametrize("machine", MACHINES, ids=named)
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize(("kernel", "parameters"), PARAMETERS.values(), ids=PARAMETERS)
def test_equals_scikit_learn(name, machine, kernel, parameters):
    check_equal(name, clone(machine).set_params(kernel=kernel), parameters)


@unfinished
@pytest.mark.parametrize("machine", [KernelSVC(), KernelSVR()], ids=named)
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize(("kernel", "parameters"), OTHERS.values(), ids=OTHERS)
def test_equals_scikit_learn_for_every_kernel(name, machine, kernel, parameters):
    check_equal(name, clone(machine).set_params(kernel=kernel), parameters)


def check_equal(name, machine, parameters):
    if machine.solver == "smo" and isinstance(machine.kernel, Sigmoid):
        pytest.skip("an indefinite kernel has several points that meet the conditions")
    rows, new, target = load(name)
    if is_classifier(machine) and name == "diabetes":
        target = target > np.median(target)
    machine.set_params(tol=1e-10, max_iter=100_000)
    expected = theirs(machine, **parameters).fit(rows, target)
    machine.fit(rows, target)

    scale = np.abs(values(expected, new)).max()
    # Where both are stopped short of the tolerance, they are so at different points.
    close = 1e-5 if machine.solver == "smo" else 1e-6
    np.testing.assert_allclose(values(machine, new), values(expected, new), rtol=0, atol=close * scale)


def test_a_kernel_gives_the_same_as_object_function_and_matrix():
    kernel = Gaussian(1.5)
    expected = KernelSVC(kernel, tol=1e-10).fit(X, y).decision_function(X)
    function = KernelSVC(lambda A, B: kernel(A, B), tol=1e-10).fit(X, y).decision_function(X)
    matrix = KernelSVC("precomputed", tol=1e-10).fit(kernel(X), y).decision_function(kernel(X))
    np.testing.assert_allclose(function, expected, atol=1e-8)
    np.testing.assert_allclose(matrix, expected, atol=1e-8)


def test_a_precomputed_matrix_is_left_as_it_was():
    K = Gaussian(1.5)(X)
    K.flags.writeable = False
    for given in (K, np.asfortranarray(K), K.astype(np.float32)):
        before = given.copy()
        KernelSVC("precomputed").fit(given, y)
        np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize("machine", MACHINES, ids=named)
def test_prediction_looks_at_support_vectors_only(machine, monkeypatch):
    machine = clone(machine).set_params(kernel=Gaussian(3.0)).fit(X, y)
    expected = values(machine, X)
    asked = []
    rows = Gaussian.rows
    monkeypatch.setattr(Gaussian, "rows", lambda self, X, like=None: asked.append(len(X)) or rows(self, X, like))
    np.testing.assert_array_equal(values(machine, X), expected)
    assert set(asked) == {len(X), len(machine.support_)} and len(machine.support_) < len(X)


@pytest.mark.parametrize("machine", MACHINES, ids=named)
def test_weights_are_scikit_learns_and_zero_ones_remove_rows(machine):
    w = np.random.default_rng(0).uniform(0.8, 1.2, size=len(X))
    w[[0, 30, 74]] = 0.0
    machine = clone(machine).set_params(kernel=Gaussian(1.0), tol=1e-10)
    ours = machine.fit(X, y, sample_weight=w)
    kept = theirs(machine, gamma=0.5).fit(X[w > 0], y[w > 0], sample_weight=w[w > 0])
    np.testing.assert_allclose(values(ours, X), values(kept, X), atol=1e-7)
    np.testing.assert_array_equal(ours.support_, np.flatnonzero(w)[kept.support_])
    np.testing.assert_array_equal(ours.support_vectors_, X[ours.support_])


@pytest.mark.parametrize("class_weight", [{0: 5.0, 2: 0.3}, "balanced"])
def test_class_weights(class_weight):
    rows, target = X[:60], y[:60]
    model = KernelSVC(Gaussian(1.0), class_weight=class_weight, tol=1e-10).fit(rows, target)
    expected = theirs(model, gamma=0.5).fit(rows, target)
    np.testing.assert_allclose(model.decision_function(X), expected.decision_function(X), atol=1e-7)
    np.testing.assert_allclose(model.class_weight_, expected.class_weight_)


def test_balanced_classes_are_counted_by_weight():
    w = np.repeat([1.0, 2.0, 3.0], 25)
    repeated = np.repeat(np.arange(len(X)), w.astype(int))
    model = KernelSVC(Gaussian(1.0), class_weight="balanced", tol=1e-10)
    weighted = clone(model).fit(X, y, sample_weight=w).decision_function(X)
    np.testing.assert_allclose(weighted, model.fit(X[repeated], y[repeated]).decision_function(X), atol=1e-7)


@pytest.mark.parametrize(
    ("model", "w"),
    [(KernelSVC(), y != 1), (KernelNuSVC(nu=0.3), y != 1), (KernelSVC(class_weight={"bee": 0.0}), None)],
)
def test_a_class_without_weight_is_not_there(model, w):
    model = clone(model).fit(X, np.array(["ant", "bee", "cat"])[y], sample_weight=w)
    assert list(model.classes_) == ["ant", "cat"]
    assert model.class_weight_.shape == model.n_support_.shape == (2,)
    assert set(model.predict(X)) == {"ant", "cat"} and model.decision_function(X).shape == (len(X),)


def test_shapes_of_the_decision_function():
    digits, target = load_digits(n_class=4, return_X_y=True)
    model = KernelSVC(tol=1e-10).fit(digits[:200], target[:200])
    expected = theirs(model).fit(digits[:200], target[:200])
    np.testing.assert_allclose(model.decision_function(digits), expected.decision_function(digits), atol=1e-6)
    for each in (model, expected):
        each.set_params(decision_function_shape="ovo")
    assert model.decision_function(digits).shape == (len(digits), 6)
    np.testing.assert_allclose(model.decision_function(digits), expected.decision_function(digits), atol=1e-6)
    np.testing.assert_array_equal(model.predict(digits), expected.predict(digits))


def test_broken_ties_follow_the_decision_function():
    rng = np.random.default_rng(0)
    rows, target = rng.normal(size=(60, 2)), np.repeat([0, 1, 2], 20)
    model = KernelSVC(Gaussian(0.5), C=10.0).fit(rows, target)
    new = rng.uniform(-3, 3, size=(4000, 2))
    wins = votes(model._values(new), 3)[0]
    tied = (wins == wins.max(axis=1, keepdims=True)).sum(axis=1) > 1
    assert tied.sum() > 10
    first, best = wins[tied].argmax(axis=1), model.decision_function(new[tied]).argmax(axis=1)
    assert (first != best).any()
    np.testing.assert_array_equal(model.predict(new[tied]), first)
    np.testing.assert_array_equal(model.set_params(break_ties=True).predict(new[tied]), best)
    with pytest.raises(ValueError, match="break_ties must be False when decision_function_shape is 'ovo'"):
        model.set_params(decision_function_shape="ovo").predict(new)


@pytest.mark.parametrize("machine", MACHINES, ids=named)
def test_coef_of_the_linear_kernel_is_that_of_scikit_learn(machine):
    machine = clone(machine).set_params(kernel=Linear(), tol=1e-6)
    target = y[pair] if is_classifier(machine) else X[pair, 0]
    expected = theirs(machine, kernel="linear").fit(X[pair], target)
    for rows in (X[pair], sp.csr_array(X[pair])):
        coef = machine.fit(rows, target).coef_
        np.testing.assert_allclose(coef.toarray() if sp.issparse(coef) else coef, expected.coef_, atol=1e-5)
    with pytest.raises(AttributeError, match=r"coef_ is there after a fit with kernel=Linear\(\), got kernel=Gaussian"):
        _ = machine.set_params(kernel=Gaussian()).fit(X[pair], target).coef_


def test_regression_without_support_vectors():
    model = KernelSVR(epsilon=1.0).fit(X, np.full(len(X), 3.0))
    assert len(model.support_) == 0
    np.testing.assert_array_equal(model.predict(X), np.full(len(X), 3.0))


def test_scores_of_the_one_class_machine():
    model = KernelOneClassSVM(nu=0.2).fit(X)
    expected = sklearn.svm.OneClassSVM(nu=0.2).fit(X)
    np.testing.assert_allclose(model.score_samples(X), expected.score_samples(X), atol=1e-2)
    np.testing.assert_allclose(model.score_samples(X) - model.offset_, model.decision_function(X), atol=1e-12)
    assert abs((model.predict(X) == -1).mean() - 0.2) < 0.05


def test_nu_bounds_errors_and_support_vectors():
    values = KernelNuSVC(nu=0.3).fit(X[pair], y[pair])
    assert len(values.support_) >= 0.3 * pair.sum()
    assert (values.predict(X[pair]) != y[pair]).mean() <= 0.3


@pytest.mark.parametrize(
    ("w", "most"), [(None, 0.5), (np.repeat([1.0, 2.0], [10, 30]), 2 * 10 / 70), (np.repeat([3.0, 1.0], [10, 30]), 1.0)]
)
def test_the_largest_nu_is_that_of_the_solver(w, most):
    rows, target = X[15:55], np.repeat([0, 1], [10, 30])
    KernelNuSVC(nu=most - 0.01).fit(rows, target, sample_weight=w)
    with pytest.raises(ValueError, match="infeasible"):
        KernelNuSVC(nu=most).fit(rows, target, sample_weight=w)
    if most < 1:
        with pytest.raises(ValueError, match="nu=.* is infeasible: for the classes 0 and 1 it must be below"):
            KernelNuSVC(nu=most + 0.01).fit(rows, target, sample_weight=w)
        with pytest.raises(ValueError, match="infeasible"):
            sklearn.svm.NuSVC(nu=most + 0.01).fit(rows, target, sample_weight=w)


def test_the_iterations_can_end_before_the_solution():
    with pytest.warns(ConvergenceWarning):
        model = KernelSVC(max_iter=2).fit(X, y)
    assert model.fit_status_ == 1


def test_the_infinite_penalty_is_the_hard_margin():
    model = KernelSVC(Linear(), C=np.inf, tol=1e-8).fit(X[pair], y[pair])
    margins = np.where(y[pair] == 1, 1, -1) * model.decision_function(X[pair])
    np.testing.assert_allclose(margins.min(), 1.0, rtol=1e-6)


INDEFINITE = np.eye(75) - 0.2
MISTAKES = [
    ({}, np.where(X > 2, np.nan, X), None, "Input X contains NaN"),
    ({}, X[:1], None, "(1 sample|1 class)"),
    ({}, np.ones_like(X), None, "X has constant columns only: 75 rows that are all the same"),
    ({}, sp.csr_array(np.tile([1.0, 0.0, 2.0], (75, 1))), None, "X has constant columns only"),
    ({"kernel": "precomputed"}, np.ones((75, 75)), None, "X has constant columns only"),
    ({}, np.where(np.arange(75)[:, None] == 40, X, 1.0), np.where(np.arange(75) == 40, 0.0, 1.0), "X has constant col"),
    ({"kernel": "precomputed"}, INDEFINITE, None, "positive semi-definite.*eigenvalue of -14 or less; add at least 14"),
    ({"kernel": "precomputed"}, np.triu(Gaussian()(X)), None, "symmetric"),
    ({"kernel": "precomputed"}, X, None, r"must be a square matrix .* got shape \(75, 4\)"),
    ({"kernel": lambda A, B: np.full((len(A), len(B)), np.inf)}, X, None, "(finite|infinity)"),
    ({"kernel": Polynomial(degree=300)}, 1e3 * X, None, "(finite|infinity)"),
    ({}, X, -np.ones(75), "sample_weight must be >= 0, got -1"),
    ({}, X, np.zeros(75), "sample_weight is zero for every row"),
    ({}, X, np.eye(75)[3], "(1 sample|1 class)"),
    ({"tol": 0}, X, None, "tol must be a number > 0, got 0"),
    ({"cache_size": -1}, X, None, "cache_size must be a number > 0, got -1"),
    ({"max_iter": 2.5}, X, None, "max_iter must be an integer"),
    ({"max_iter": -2}, X, None, "max_iter must be an integer >= -1, got -2"),
    ({"shrinking": "no"}, X, None, "shrinking must be one of True, False, got 'no'"),
    ({"solver": "sgd"}, X, None, "solver must be one of 'auto', 'smo', 'libsvm', got 'sgd'"),
]


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize("machine", MACHINES, ids=named)
@pytest.mark.parametrize(("parameters", "rows", "w", "message"), MISTAKES)
def test_mistakes_are_named_and_nothing_is_fitted(machine, parameters, rows, w, message):
    machine = clone(machine).set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        machine.fit(rows, y[: rows.shape[0]], sample_weight=w)
    assert not [name for name in vars(machine) if name.endswith("_")]


@pytest.mark.parametrize(
    ("machine", "parameters", "message"),
    [
        (KernelSVC(), {"C": 0}, "C must be a number > 0, got 0"),
        (KernelSVR(), {"epsilon": -0.1}, "epsilon must be a number >= 0, got -0.1"),
        (KernelNuSVR(), {"nu": 1.5}, "nu must be a number > 0 and <= 1, got 1.5"),
        (KernelNuSVC(), {"nu": "half"}, "nu must be a number"),
        (KernelOneClassSVM(), {"nu": 0}, "nu must be a number > 0"),
        (KernelOneClassSVM(), {"nu": 1}, "nu must be a number > 0 and < 1, got 1"),
        (KernelSVC(), {"class_weight": {0: -1.0}}, "class_weight must be >= 0, got -1.0 for the class 0"),
        (KernelSVC(), {"class_weight": [1.0, 2.0]}, "class_weight must be None, 'balanced' or a dictionary, got"),
        (KernelSVC(), {"decision_function_shape": "ovx"}, "decision_function_shape must be one of 'ovr', 'ovo'"),
        (KernelSVC(), {"break_ties": 1.5}, "break_ties must be one of True, False"),
    ],
)
def test_terms_out_of_range(machine, parameters, message):
    with pytest.raises((TypeError, ValueError), match=message):
        clone(machine).set_params(**parameters).fit(X, y)


@pytest.mark.parametrize("model", CLASSIFIERS, ids=named)
def test_one_class_is_an_error_that_names_it(model):
    with pytest.raises(ValueError, match="y must have at least 2 classes, got 1 class: 'ant'"):
        clone(model).fit(X, ["ant"] * len(X))
    with pytest.raises(ValueError, match="y at the rows of positive weight must have at least 2 classes"):
        clone(model).fit(X, y, sample_weight=(y == 1).astype(float))


@pytest.mark.parametrize("machine", MACHINES, ids=named)
def test_new_rows_of_the_wrong_shape(machine):
    K = Gaussian()(X)
    with pytest.raises(ValueError, match="X has 3 features, but .* is expecting 4 features"):
        values(clone(machine).fit(X, y), X[:, :3])
    with pytest.raises(ValueError, match="X has 70 features, but .* is expecting 75 features"):
        values(clone(machine).set_params(kernel="precomputed").fit(K, y), K[:, :70])


@pytest.mark.parametrize("machine", MACHINES, ids=named)
def test_matrices_that_do_not_fit_into_memory_are_refused(machine, monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 1000)
    with pytest.raises(MemoryError, match="75 x 75 kernel matrix .* map them with Nystroem and fit a linear SVM"):
        clone(machine).fit(X, y)


def test_targets_with_a_column_are_taken_with_a_warning():
    with pytest.warns(match="A column-vector y was passed"):
        KernelSVR().fit(X, y[:, None])
    with pytest.raises(ValueError, match="y should be a 1d array"):
        KernelSVR().fit(X, np.column_stack([y, y]))
