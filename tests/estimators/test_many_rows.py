"""Kernel ridge by conjugate gradients, on landmarks, and in blocks of rows."""

import tracemalloc
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import LinAlgError
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import (
    Gaussian,
    KernelRidge,
    KernelRidgeClassifier,
    KernelRidgeClassifierCV,
    KernelRidgeCV,
    Linear,
    Matern,
    Sigmoid,
)
from kernelkit.estimators import _many_rows
from kernelkit.kernels import kernel_operator
from kernelkit.solvers import LandmarkRidge, independent
from tests import references as ref

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3))
Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1] ** 2, X[:, 2] + 3])
NEW = rng.normal(size=(30, 3))
WEIGHTS = rng.integers(0, 3, size=400).astype(float)
KERNEL = Matern(1.5, nu=1.5)


@pytest.fixture(params=["normal equations", "conjugate gradients"])
def way(request, monkeypatch):
    """Both ways of fitting landmarks, whatever their number."""
    if request.param == "conjugate gradients":
        monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
        monkeypatch.setattr(_many_rows, "SAMPLE_PER_LANDMARK", 3)


@parametrize_with_checks(
    [
        KernelRidge(solver="cg", tol=1e-12),
        KernelRidge(solver="nystroem", random_state=0),
        KernelRidgeClassifier(solver="nystroem", random_state=0),
    ]
)
def test_scikit_learn_checks(estimator, check, monkeypatch):
    monkeypatch.setattr(_many_rows, "DEFAULT_LANDMARKS", 1)  # the first blocks of these checks are small
    check(estimator)


def real_data():
    for load in (load_diabetes, load_breast_cancer, load_digits):
        rows, y = load(return_X_y=True)
        yield StandardScaler().fit_transform(rows), y.astype(float)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unit", "weighted"])
class TestConjugateGradients:
    def test_equals_cholesky(self, intercept, weights):
        settings = dict(kernel=KERNEL, alpha=[0.1, 0.01], fit_intercept=intercept)
        exact = KernelRidge(**settings, solver="cholesky").fit(X, Y, weights)
        model = KernelRidge(**settings, solver="cg", preconditioner_rank=60, tol=1e-10, random_state=0)
        model.fit(X, Y, weights)
        np.testing.assert_allclose(model.predict(NEW), exact.predict(NEW), atol=1e-8)
        np.testing.assert_allclose(model.intercept_, exact.intercept_, atol=1e-8)
        assert model.solver_ == "cg" and model.n_iter_ > 1 and model.residual_ <= 1e-9

    def test_a_warm_start_has_little_left_to_do(self, intercept, weights):
        for alpha in (0.1, [0.1, 0.01]):
            model = KernelRidge(KERNEL, alpha=alpha, fit_intercept=intercept, solver="cg", preconditioner_rank=20)
            model.set_params(tol=1e-8, warm_start=True, random_state=0).fit(X, Y, weights)
            assert model.n_iter_ > 10
            before = model.predict(NEW)
            assert model.fit(X, Y, weights).n_iter_ <= 2
            np.testing.assert_allclose(model.predict(NEW), before, atol=1e-6)


@pytest.mark.parametrize("number", range(3))
def test_real_data(number):
    rows, y = list(real_data())[number]
    kernel = Gaussian("scale")
    exact = KernelRidge(kernel, alpha=0.1).fit(rows, y).predict(rows)
    model = KernelRidge(kernel, alpha=0.1, solver="cg", preconditioner_rank=200, tol=1e-8, random_state=0)
    np.testing.assert_allclose(model.fit(rows, y).predict(rows), exact, atol=1e-5 * np.abs(y).max())
    # All rows as landmarks are the exact problem.
    model = KernelRidge(kernel, alpha=0.1, solver="nystroem", landmarks=rows, random_state=0)
    np.testing.assert_allclose(model.fit(rows, y).predict(rows), exact, atol=1e-5 * np.abs(y).max())


def test_preconditioning_saves_steps():
    steps = []
    for rank in (0, 20, 100):
        model = KernelRidge(Gaussian(2.0), alpha=1e-2, solver="cg", preconditioner_rank=rank, random_state=0)
        steps.append(model.fit(X, Y).n_iter_)
    assert steps[0] > 2 * steps[1] > 4 * steps[2]


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unit", "weighted"])
def test_landmarks_solve_their_problem(way, intercept, weights):
    Z, alphas = X[:40], np.array([0.5, 0.05])
    model = KernelRidge(KERNEL, alpha=alphas, fit_intercept=intercept, solver="nystroem", landmarks=Z, tol=1e-12)
    model.fit(X, Y, weights)
    w = np.ones(400) if weights is None else weights
    K, K_Z = ref.matrix(ref.matern(1.5, 1.5), X, Z), ref.matrix(ref.matern(1.5, 1.5), Z)
    one = np.ones((400, int(intercept)))
    for t, alpha in enumerate(alphas):
        A = np.hstack([K, one])
        penalty = np.zeros((A.shape[1], A.shape[1]))
        penalty[:40, :40] = alpha * K_Z
        wanted = np.linalg.solve(A.T @ (w[:, None] * A) + penalty, A.T @ (w * Y[:, t]))
        found = np.append(model.dual_coef_[:, t], model.intercept_[t] if intercept else [])
        np.testing.assert_allclose(A @ found, A @ wanted, atol=1e-8)
    assert model.solver_ == "nystroem"
    np.testing.assert_array_equal(model.X_fit_, Z)


@pytest.mark.parametrize("landmarks", ["uniform", "rpcholesky", "leverage"])
def test_more_landmarks_come_nearer(way, landmarks):
    exact = KernelRidge(KERNEL, alpha=0.1).fit(X, Y).predict(NEW)
    errors = []
    for p in (20, 60, 120):
        model = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", n_landmarks=p, landmarks=landmarks, random_state=0)
        errors.append(np.abs(model.fit(X, Y).predict(NEW) - exact).mean())
    assert errors[0] > errors[1] > errors[2]


def test_redundant_landmarks_are_left_out(monkeypatch):
    monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
    Z = np.vstack([X[:20], X[:20], X[20:30]])
    model = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", landmarks=Z).fit(X, Y)
    assert len(model.X_fit_) == 30
    alone = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", landmarks=X[:30]).fit(X, Y)
    np.testing.assert_allclose(model.predict(NEW), alone.predict(NEW), atol=1e-4)
    assert len(independent(Linear()(X))) == 3


def test_classifier(way):
    rows, y = load_digits(return_X_y=True)
    names = np.array([f"digit {k}" for k in y])
    settings = dict(kernel=Gaussian("scale"), alpha=0.1, n_landmarks=200, random_state=0)
    for solver in ("nystroem", "cg"):
        model = KernelRidgeClassifier(**settings, solver=solver).fit(rows[:1200], names[:1200])
        assert model.score(rows[1200:], names[1200:]) > 0.93
        assert model.predict(rows[:3]).dtype == names.dtype


def test_precomputed(way):
    K = KERNEL(X)
    settings = dict(alpha=0.1, solver="nystroem", n_landmarks=50, tol=1e-10, random_state=0)
    model = KernelRidge("precomputed", **settings).fit(K, Y)
    wanted = KernelRidge(KERNEL, **settings).fit(X, Y)
    np.testing.assert_allclose(model.predict(KERNEL(NEW, X)), wanted.predict(NEW), atol=1e-7)
    assert model.X_fit_ is None and np.count_nonzero(model.dual_coef_[:, 0]) <= 50


@pytest.mark.parametrize("precision", ["auto", "float64", "float32"])
def test_precision(way, precision):
    settings = dict(kernel=KERNEL, alpha=0.1, solver="nystroem", n_landmarks=50, random_state=0)
    exact = KernelRidge(**settings, tol=1e-10).fit(X, Y).predict(NEW)
    model = KernelRidge(**settings, precision=precision).fit(X.astype(np.float32), Y)
    assert model.dual_coef_.dtype == (np.float64 if precision == "float64" else np.float32)
    np.testing.assert_allclose(model.predict(NEW.astype(np.float32)), exact, atol=2e-3)


class TestFloat32Rows:
    rows = np.random.default_rng(1).normal(size=(2000, 3)).astype(np.float32)
    y = np.sin(rows[:, 0]) + rows[:, 1] ** 2

    @pytest.mark.parametrize("precision", ["auto", "float64"])
    def test_a_solution_that_float32_would_drown_is_kept_in_float64(self, way, precision):
        settings = dict(kernel=Gaussian(2.0), alpha=1e-2, solver="nystroem", landmarks=self.rows[:80])
        wanted = KernelRidge(**settings).fit(self.rows.astype(np.float64), self.y).predict(self.rows)
        model = KernelRidge(**settings, precision=precision).fit(self.rows, self.y)
        assert model.dual_coef_.dtype == model.X_fit_.dtype == np.float64
        np.testing.assert_allclose(model.predict(self.rows), wanted, atol=1e-3)

    def test_in_blocks_too(self):
        settings = dict(kernel=Gaussian(2.0), alpha=1e-2, solver="nystroem", landmarks=self.rows[:80])
        wanted = KernelRidge(**settings).fit(self.rows, self.y).predict(self.rows)
        model = KernelRidge(**settings).partial_fit(self.rows[:500], self.y[:500])
        model.partial_fit(self.rows[500:], self.y[500:])
        np.testing.assert_allclose(model.predict(self.rows), wanted, atol=1e-6)

    def test_the_residual_is_that_of_the_coefficients_that_are_kept(self):
        rows, targets = self.rows[:400], self.y[:400].astype(np.float64)
        model = KernelRidge(KERNEL, alpha=1e-3, solver="cg", tol=1e-12, random_state=0).fit(rows, targets)
        left = targets - KERNEL(rows.astype(np.float64)) @ model.dual_coef_ - 1e-3 * model.dual_coef_
        assert np.linalg.norm(left) / np.linalg.norm(targets) == pytest.approx(model.residual_, rel=1, abs=1e-12)
        assert model.predict(rows).dtype == np.float32


def test_float32_tiles_are_given_up_where_rounding_would_drown_the_solution():
    rows, Z = X.astype(np.float32), X[:100].astype(np.float32)
    kernel = Gaussian(6.0)
    kept = independent(kernel(Z.astype(np.float64)))
    operator, K = kernel_operator(kernel, rows, Z[kept]), kernel(Z[kept].astype(np.float64))
    system = LandmarkRidge(operator, K, Y, operator)
    system.solve(1e-4)
    assert system.dtype == np.float64
    kept = independent(kernel(Z.astype(np.float64)), np.float32)
    operator, K = kernel_operator(kernel, rows, Z[kept]), kernel(Z[kept].astype(np.float64))
    system = LandmarkRidge(operator, K, Y, operator, precision="float32")
    system.solve(1.0)
    assert system.dtype == np.float32


@pytest.mark.parametrize("spread", [0.0, 4.0])
def test_uneven_weights_do_not_defeat_the_preconditioner(spread, monkeypatch):
    monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(4000, 3)), np.exp(spread * rng.normal(size=4000)) + (spread == 0)
    targets = np.sin(rows[:, 0]) + 0.1 * rng.normal(size=4000)
    model = KernelRidge(KERNEL, alpha=1e-2, solver="nystroem", landmarks=rows[:300], random_state=0)
    assert model.fit(rows, targets, weights).n_iter_ < 50


def test_landmarks_in_a_table_are_those_of_the_same_columns(way):
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    for model in (KernelRidge(KERNEL, solver="nystroem"), KernelRidgeCV(KERNEL)):
        model.set_params(landmarks=table[["c", "b", "a"]][:40])
        with pytest.raises(ValueError, match=r"landmarks must have the columns of X, \['a', 'b', 'c'\], got"):
            model.fit(table, Y)
        assert len(model.set_params(landmarks=table[:40]).fit(table, Y).X_fit_) == 40
    model = KernelRidge(KERNEL, solver="nystroem", landmarks=table[["c", "b", "a"]][:40])
    with pytest.raises(ValueError, match="block 1: landmarks must have the columns of X"):
        model.partial_fit(table, Y)


def test_a_weight_of_zero_takes_no_copy_of_the_others(tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(200_000, 50)))
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    weights = np.ones(200_000)
    weights[7] = 0
    for landmarks in ("uniform", "rpcholesky"):
        model = KernelRidge(Gaussian(5.0), solver="nystroem", landmarks=landmarks, n_landmarks=100, random_state=0)
        model.fit(rows[:1000], weights[:1000])
        tracemalloc.start()
        model.fit(rows, weights, weights)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60e6 < rows.nbytes  # 80 MB


class TestBlocks:
    cuts = np.split(np.arange(400), [150, 210, 333])

    def stream(self, order, **settings):
        model = KernelRidge(KERNEL, alpha=[0.1, 0.2], solver="nystroem", landmarks=X[:40], **settings)
        for k in order:
            model.partial_fit(X[self.cuts[k]], Y[self.cuts[k]], WEIGHTS[self.cuts[k]])
        return model

    @pytest.mark.parametrize("intercept", [False, True])
    def test_blocks_in_any_order_are_all_rows(self, intercept):
        whole = KernelRidge(KERNEL, alpha=[0.1, 0.2], solver="nystroem", landmarks=X[:40], fit_intercept=intercept)
        wanted = whole.fit(X, Y, WEIGHTS).predict(NEW)
        for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
            found = self.stream(order, fit_intercept=intercept).predict(NEW)
            np.testing.assert_allclose(found, wanted, atol=1e-9)

    def test_landmarks_of_the_first_block(self):
        model = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", n_landmarks=30, random_state=0)
        model.partial_fit(X[:100], Y[:100])
        first = model.X_fit_
        model.partial_fit(X[100:], Y[100:])
        np.testing.assert_array_equal(model.X_fit_, first)
        whole = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", landmarks=first).fit(X, Y)
        np.testing.assert_allclose(model.predict(NEW), whole.predict(NEW), atol=1e-9)

    def test_a_bad_block_is_named_and_changes_nothing(self):
        model = self.stream([0, 1])
        before = model.predict(NEW)
        bad = X[:10].copy()
        bad[3, 1] = np.nan
        with pytest.raises(ValueError, match="block 3, after 210 rows: Input X contains NaN"):
            model.partial_fit(bad, Y[:10])
        with pytest.raises(ValueError, match="block 3, after 210 rows: X has 2 features"):
            model.partial_fit(X[:10, :2], Y[:10])
        with pytest.raises(ValueError, match=r"block 3, after 210 rows: y must have shape \(n, 2\), as before"):
            model.set_params(alpha=0.1).partial_fit(X[:10], Y[:10, 0])
        np.testing.assert_array_equal(model.predict(NEW), before)

    def test_fit_begins_anew(self):
        model = self.stream([0, 1]).fit(X[:50], Y[:50])
        alone = KernelRidge(KERNEL, alpha=[0.1, 0.2], solver="nystroem", landmarks=X[:40])
        model.partial_fit(X[:50], Y[:50])
        np.testing.assert_allclose(model.predict(NEW), alone.fit(X[:50], Y[:50]).predict(NEW), atol=1e-9)

    def test_uncertainty_and_blocks_leave_nothing_of_each_other(self):
        model = self.stream([0]).set_params(uncertainty=True, solver="cholesky", kernel=Gaussian(2.0)).fit(X, Y)
        assert model.amplitude_.shape == (2,)
        model.set_params(uncertainty=False, solver="nystroem").partial_fit(X[:50], Y[:50])
        assert not hasattr(model, "amplitude_")
        alone = KernelRidge(Gaussian(2.0), alpha=[0.1, 0.2], solver="nystroem", landmarks=X[:40]).fit(X[:50], Y[:50])
        np.testing.assert_allclose(model.predict(NEW), alone.predict(NEW), atol=1e-9)
        with pytest.raises(ValueError, match="return_std=True needs a model fitted with uncertainty=True"):
            model.predict(NEW, return_std=True)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"kernel__sigma": 0.5}, "kernel__sigma must be 1.5, as before, got 0.5; fit begins anew"),
            ({"kernel": Gaussian(1.5)}, r"kernel must be Matern\(.*\), as before, got Gaussian"),
            ({"landmarks": X[40:80]}, "landmarks must be what they were before"),
            ({"landmarks": "uniform"}, "landmarks must be what they were before"),
            ({"n_landmarks": 40}, "n_landmarks must be None, as before, got 40"),
            ({"precision": "float32"}, "precision must be 'auto', as before, got 'float32'"),
        ],
    )
    def test_parameters_stay_what_they_were(self, change, message):
        model = clone(self.stream([0])).partial_fit(X[:150], Y[:150])
        with pytest.raises(ValueError, match=f"block 2, after 150 rows: {message}"):
            model.set_params(**change).partial_fit(X[150:], Y[150:])

    def test_alpha_and_intercept_may_change(self):
        model = self.stream([0, 1, 2]).set_params(alpha=0.5, fit_intercept=True, landmarks=X[:40].copy())
        model.partial_fit(X[self.cuts[3]], Y[self.cuts[3]], WEIGHTS[self.cuts[3]])
        whole = KernelRidge(KERNEL, alpha=0.5, fit_intercept=True, solver="nystroem", landmarks=X[:40])
        np.testing.assert_allclose(model.predict(NEW), whole.fit(X, Y, WEIGHTS).predict(NEW), atol=1e-9)

    def test_one_column_is_not_a_vector(self):
        model = KernelRidge(KERNEL, solver="nystroem", landmarks=X[:40]).partial_fit(X, Y[:, :1])
        with pytest.raises(ValueError, match=r"y must have shape \(n, 1\), as before, got \(n,\)"):
            model.partial_fit(X, Y[:, 0])

    def test_the_first_block_decides_the_type(self):
        narrow = X.astype(np.float32)
        model = KernelRidge(KERNEL, solver="nystroem", landmarks=X[:40]).partial_fit(narrow[:200], Y[:200])
        assert model.partial_fit(X[200:], Y[200:]).dual_coef_.dtype == np.float32
        model = KernelRidge(KERNEL, solver="nystroem", landmarks=X[:40]).partial_fit(X[:200], Y[:200])
        assert model.partial_fit(narrow[200:], Y[200:]).dual_coef_.dtype == np.float64

    def test_a_block_without_weight_is_none(self):
        model = self.stream([0, 1])
        before = model.predict(NEW)
        model.partial_fit(X, Y, np.zeros(400))
        np.testing.assert_array_equal(model.predict(NEW), before)
        with pytest.raises(ValueError, match="block 3, after 210 rows: Input X contains NaN"):
            model.partial_fit(X * np.nan, Y, np.zeros(400))
        with pytest.raises(ValueError, match="block 1: sample_weight is zero for every row"):
            clone(model).partial_fit(X, Y, np.zeros(400))

    def test_the_first_block_has_the_landmarks(self):
        model = KernelRidge(KERNEL, solver="nystroem")
        with pytest.raises(ValueError, match="block 1: .*got 1 rows: make it larger, or set n_landmarks or landmarks"):
            model.partial_fit(X[:1], Y[:1])
        with pytest.raises(ValueError, match="block 1: n_landmarks must be at most the number of rows"):
            model.set_params(n_landmarks=50).partial_fit(X[:20], Y[:20])

    def test_other_solvers_take_no_blocks(self):
        assert not hasattr(KernelRidge(KERNEL), "partial_fit")
        with pytest.raises(ValueError, match="partial_fit needs rows instead of kernel='precomputed'"):
            KernelRidge("precomputed", solver="nystroem").partial_fit(KERNEL(X), Y)


def test_memmap(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, X)
    rows = np.load(path, mmap_mode="r")
    for solver in ("cg", "nystroem"):
        model = KernelRidge(KERNEL, alpha=0.1, solver=solver, n_landmarks=50, random_state=0)
        wanted = model.fit(X, Y).predict(X)
        np.testing.assert_array_equal(model.fit(rows, Y).predict(rows), wanted)


def test_a_warm_start_fits_other_targets_too(way):
    model = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", n_landmarks=40, warm_start=True, random_state=0)
    kept = model.fit(X, Y).X_fit_
    for targets in (Y[:, 0], np.hstack([Y, Y])):
        np.testing.assert_array_equal(model.fit(X, targets).X_fit_, kept)
        cold = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", landmarks=kept).fit(X, targets)
        np.testing.assert_allclose(model.predict(NEW), cold.predict(NEW), atol=1e-4)
    assert model.fit(X[:, :2], Y).X_fit_.shape == (40, 2)


def test_a_warm_start_keeps_landmarks_only_of_the_same_choice(way):
    model = KernelRidge(KERNEL, alpha=0.1, solver="nystroem", n_landmarks=40, warm_start=True, random_state=0)
    kept = model.fit(X, Y).X_fit_
    np.testing.assert_array_equal(model.fit(X, Y).X_fit_, kept)
    assert model.set_params(n_landmarks=30).fit(X, Y).X_fit_.shape == (30, 3)
    with pytest.raises(ValueError, match="landmarks must be one of"):
        model.set_params(landmarks="best").fit(X, Y)
    given = X[:25].copy()
    np.testing.assert_array_equal(model.set_params(landmarks=given, n_landmarks=None).fit(X, Y).X_fit_, X[:25])
    given += 0.5
    np.testing.assert_array_equal(model.fit(X, Y).X_fit_, given)
    assert model.fit(X.astype(np.float32), Y).X_fit_.dtype == np.float32
    np.testing.assert_array_equal(model.fit(X, Y).X_fit_.dtype, np.float64)


def test_auto_never_approximates(monkeypatch, capsys):
    assert KernelRidge(KERNEL).fit(X, Y).solver_ == "cholesky"
    monkeypatch.setattr("kernelkit.estimators._ridge_fit.DENSE_ROWS", 300)
    model = KernelRidge(KERNEL, alpha=0.1, preconditioner_rank=50, verbose=True, random_state=0).fit(X, Y)
    assert model.solver_ == "cg"
    assert "solver='cg': the exact problem of 400 rows; solver='nystroem' would" in capsys.readouterr().err


def test_whole_floats_count():
    settings = dict(kernel=KERNEL, alpha=0.1, tol=1e-3, random_state=0)
    model = KernelRidge(**settings, solver="cg", preconditioner_rank=40.0, max_iter=100.0).fit(X, Y)
    assert 1 < model.n_iter_ < 100
    assert len(KernelRidge(**settings, solver="nystroem", n_landmarks=20.0).fit(X, Y).X_fit_) == 20


@pytest.mark.parametrize("solver", ["cg", "nystroem"])
def test_a_shortfall_is_told(solver, monkeypatch):
    monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
    model = KernelRidge(KERNEL, alpha=1e-6, solver=solver, n_landmarks=50, preconditioner_rank=5, max_iter=2)
    message = rf"solver='{solver}' ended after 2 steps with a residual of .* raise"
    with pytest.warns(ConvergenceWarning, match=message) as told:
        model.fit(X, Y)
    assert told[0].filename == __file__
    assert model.n_iter_ == 2 and model.residual_ > 1e-5


def test_a_residual_a_little_above_the_tolerance_is_told():
    model = KernelRidge(KERNEL, alpha=1e-3, solver="cg", preconditioner_rank=5, random_state=0)
    steps = model.fit(X, Y).n_iter_
    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        model.set_params(max_iter=steps - 1).fit(X, Y)
    assert 1e-6 < model.residual_ < 1e-5


def test_what_rounding_stops_is_not_to_be_iterated_on():
    model = KernelRidge(Gaussian(3.0), alpha=1e-7, solver="cg", tol=1e-15, preconditioner_rank=300, random_state=0)
    with pytest.warns(ConvergenceWarning, match="above tol=1e-15: rounding lets it come no nearer; raise alpha or tol"):
        model.fit(X, Y)


@pytest.mark.parametrize("solver", ["cg", "nystroem"])
@pytest.mark.parametrize("by", ["keyboard", "callback"])
def test_what_is_stopped_is_so_for_all_alphas(solver, by, monkeypatch):
    monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
    seen = []

    def stop(step, residual):
        seen.append(step)
        if step == 3 and by == "keyboard":
            raise KeyboardInterrupt
        return step == 3

    monkeypatch.setattr("kernelkit.estimators._many_rows.progress", lambda *_: nullcontext(stop))
    monkeypatch.setattr("kernelkit.estimators._ridge_fit.progress", lambda *_: nullcontext(stop))
    model = KernelRidge(KERNEL, alpha=[1e-2, 1e-3, 1e-4], solver=solver, n_landmarks=50, preconditioner_rank=5)
    with pytest.warns(ConvergenceWarning, match="it was stopped; fit again with warm_start=True to go on"):
        model.set_params(warm_start=True, random_state=0, fit_intercept=True).fit(X, Y[:, [0, 1, 1]])
    assert seen == [1, 2, 3] and model.n_iter_ == 3
    assert model.dual_coef_[:, 0].any() and not model.dual_coef_[:, 1:].any()


@pytest.mark.parametrize("solver", ["cg", "nystroem"])
def test_an_interrupt_leaves_nothing_half_fitted(solver, monkeypatch):
    monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)

    def interrupt(step, residual):
        if step == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("kernelkit.estimators._many_rows.progress", lambda *_: nullcontext(interrupt))
    monkeypatch.setattr("kernelkit.estimators._ridge_fit.progress", lambda *_: nullcontext(interrupt))
    model = KernelRidge(KERNEL, alpha=1e-3, solver=solver, n_landmarks=50, preconditioner_rank=5, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert not hasattr(model, "dual_coef_")
    with pytest.warns(ConvergenceWarning, match="ended after 3 steps"):
        model.set_params(warm_start=True).fit(X, Y)
    assert model.n_iter_ == 3 and np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"solver": "nystroem", "n_landmarks": 500}, ValueError, "n_landmarks must be at most the number of rows"),
        ({"solver": "nystroem", "n_landmarks": 0}, ValueError, "n_landmarks must be an integer >= 1, got 0"),
        ({"solver": "nystroem", "alpha": 0.0}, ValueError, "solver='nystroem' needs alpha > 0, got 0"),
        ({"solver": "nystroem", "landmarks": "best"}, ValueError, "landmarks must be one of"),
        ({"solver": "nystroem", "precision": "half"}, ValueError, "precision must be one of 'auto', 'float64'"),
        ({"solver": "cg", "alpha": 0.0}, ValueError, "solver='cg' needs alpha > 0, got 0"),
        ({"solver": "cg", "tol": 0.0}, ValueError, "tol must be a number > 0, got 0.0"),
        ({"solver": "cg", "max_iter": 0}, ValueError, "max_iter must be an integer >= 1, got 0"),
        (
            {"solver": "cg", "preconditioner_rank": -1},
            ValueError,
            "preconditioner_rank must be an integer >= 0, got -1",
        ),
        ({"solver": "cg", "uncertainty": True}, ValueError, "uncertainty=True needs solver='auto' or 'cholesky'"),
        ({"solver": "best"}, ValueError, "solver must be one of 'auto', 'cholesky', 'eigen', 'cg', 'nystroem'"),
    ],
)
def test_mistakes(settings, error, message):
    model = KernelRidge(KERNEL, **settings)
    with pytest.raises(error, match=message):
        model.fit(X, Y)
    assert not hasattr(model, "dual_coef_")


def test_a_kernel_that_is_none_breaks_down_with_a_reason():
    with pytest.raises(LinAlgError, match="not positive definite"):
        KernelRidge(Sigmoid(coef0=-1.0), alpha=1e-3, solver="cg", preconditioner_rank=0).fit(X, Y)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unit", "weighted"])
class TestSearchOnLandmarks:
    alphas = (0.03, 0.3, 3.0)
    Z = X[:30]

    def fitted(self, intercept, weights, **settings):
        model = KernelRidgeCV(KERNEL, alphas=self.alphas, fit_intercept=intercept, landmarks=self.Z, **settings)
        return model.fit(X, Y, weights)

    def test_leave_one_out(self, intercept, weights):
        model = self.fitted(intercept, weights)
        ridge = KernelRidge(KERNEL, fit_intercept=intercept, solver="nystroem", landmarks=self.Z)
        w = np.ones(len(X)) if weights is None else weights
        for i in range(0, 400, 57):
            rest = np.delete(np.arange(400), i)
            alone = ridge.set_params(alpha=model.alpha_).fit(X[rest], Y[rest], w[rest]).predict(X[i : i + 1])[0]
            np.testing.assert_allclose(model.loo_predictions_[i], alone, atol=1e-8)
        errors = w @ (Y - model.loo_predictions_) ** 2 / w.sum()
        assert model.best_score_ == pytest.approx(-errors.mean())
        wanted = ridge.fit(X, Y, weights).predict(NEW)
        np.testing.assert_allclose(model.predict(NEW), wanted, atol=1e-8)
        np.testing.assert_array_equal(model.X_fit_, self.Z)

    def test_all_rows_as_landmarks_are_the_exact_search(self, intercept, weights):
        rows = slice(0, 60)
        w = None if weights is None else weights[rows]
        for cv in (None, "gcv"):
            settings = dict(alphas=self.alphas, fit_intercept=intercept, cv=cv)
            exact = KernelRidgeCV(KERNEL, **settings).fit(X[rows], Y[rows], w)
            kept = X[rows] if w is None else X[rows][w > 0]
            model = KernelRidgeCV(KERNEL, **settings, landmarks=kept).fit(X[rows], Y[rows], w)
            scores = [m.cv_results_["mean_test_score"] for m in (model, exact)]
            np.testing.assert_allclose(scores[0], scores[1], rtol=1e-6)
            assert model.alpha_ == exact.alpha_


def test_search_on_landmarks_knows_its_limits():
    with pytest.raises(ValueError, match="landmarks need cv=None or 'gcv', got 5"):
        KernelRidgeCV(KERNEL, cv=5, n_landmarks=20).fit(X, Y)
    rows, y = load_digits(return_X_y=True)
    model = KernelRidgeClassifierCV(Gaussian("scale"), n_landmarks=150, random_state=0, scoring="accuracy")
    assert model.fit(rows[:1000], y[:1000]).score(rows[1000:], y[1000:]) > 0.9
    K = KERNEL(X)
    model = KernelRidgeCV("precomputed", n_landmarks=30, random_state=0).fit(K, Y)
    assert model.score(K, Y) > 0.7
