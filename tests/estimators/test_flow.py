import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import expm
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import Gaussian, KernelGradientFlow, KernelRidge, Laplacian, Linear, Matern, Polynomial, Sigmoid
from kernelkit.engine import MatrixOperator, _memory
from kernelkit.solvers import GradientFlow

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
y = np.sin(X[:, 0]) + X[:, 1] + 0.3 * rng.normal(size=40)
Y = np.column_stack([y, X[:, 2] ** 2])
w = rng.integers(0, 4, size=40).astype(float)
new = rng.normal(size=(25, 3))
kernel = Gaussian(1.2)
TIMES = [0.0, 1e-3, 0.1, 1.0, 7.3, 100.0]


@parametrize_with_checks(
    [
        KernelGradientFlow(learning_rate=1e-3),
        KernelGradientFlow(Laplacian("scale"), time=np.inf),
        KernelGradientFlow(Linear() + Gaussian("scale"), time=1e4),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def hat(K, t):
    """The matrix that takes y - f_0 to f_t(X) - f_0(X)."""
    return np.eye(len(K)) - expm(-K * t)


def flowed(K, cross, residual, t):
    """The change of f at new rows, with the integral of exp(-K s) over s from one matrix exponential of twice the size.

    The inverse of K would cost digits.
    """
    n = len(K)
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n], block[:n, n:] = -K, np.eye(n)
    return cross @ (expm(block * t)[:n, n:] @ residual)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("k", [kernel, Laplacian(2.0), Matern(0.7), Linear(), Polynomial(2, gamma=0.1)], ids=repr)
def test_equals_the_matrix_exponential(k, t):
    model = KernelGradientFlow(k, time=t).fit(X, Y)
    np.testing.assert_allclose(model.predict(new), flowed(k(X), k(new, X), Y, t), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(model.predict(X), hat(k(X), t) @ Y, rtol=1e-8, atol=1e-10)
    assert model.time_ == t
    assert model.n_steps_ is None


@pytest.mark.parametrize("share", [0.001, 0.4, 1 / 2, 0.6, 0.99999])  # of 2 / lambda_max
@pytest.mark.parametrize("steps", [0, 1, 2, 7, 50])
def test_descent_equals_a_loop(share, steps):
    K = kernel(X)
    eta = share * 2 / np.linalg.eigvalsh(K)[-1]
    coef = np.zeros_like(Y)
    for _ in range(steps):
        coef -= eta * (K @ coef - Y)
    model = KernelGradientFlow(kernel, time=(steps + 0.2) * eta, learning_rate=eta).fit(X, Y)
    np.testing.assert_allclose(model.dual_coef_, coef, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.predict(new), kernel(new, X) @ coef, rtol=1e-9, atol=1e-12)
    assert model.n_steps_ == steps
    assert model.time_ == pytest.approx(steps * eta)


@pytest.mark.parametrize(("eta", "eigenvalue"), [(1.0, 1.0), (1.0, 2 - 1e-12), (0.1, 0.0), (1e-9, 1e-9), (1.0, 0.3)])
@pytest.mark.parametrize("steps", [0, 1, 4, 5, 10**6])
def test_factors_of_descent_have_no_cancellation(eta, eigenvalue, steps):
    flow = GradientFlow.from_operator(MatrixOperator(np.diag([eigenvalue])), np.ones((1, 1)), learning_rate=eta)
    found = flow.coefficients([steps * eta]).item()
    if eta * eigenvalue <= 1e-9:
        expected = steps * eta * (1 - (steps - 1) / 2 * eta * eigenvalue)  # the binomial series
    else:
        expected = (1 - (1 - eta * eigenvalue) ** steps) / eigenvalue
    slack = 1e-4 if eigenvalue > 1.9 else 1e-12  # the reference cancels there
    np.testing.assert_allclose(found, expected, rtol=slack, atol=1e-13)
    assert flow.residuals([steps * eta]).item() == pytest.approx((1 - eta * eigenvalue) ** steps, rel=1e-6)


def test_factors_of_the_flow_at_tiny_eigenvalues():
    lambdas = np.array([0.0, 1e-300, 1e-12, 1.0])
    flow = GradientFlow.from_operator(MatrixOperator(np.diag(lambdas)), np.ones((4, 1)))
    np.testing.assert_allclose(np.sort(flow.coefficients([2.0])[:, 0, 0])[1:], [2, 2, 2], rtol=1e-10)
    np.testing.assert_allclose(flow.coefficients([np.inf])[:3, 0, 0], [0, 0, 1e12])
    np.testing.assert_allclose(flow.residuals([np.inf])[0, :, 0], [1, 1, 0, 0])


def test_descent_approaches_the_flow_with_its_step():
    flow = KernelGradientFlow(kernel, time=1.0).fit(X, y).predict(new)
    errors = [
        np.abs(KernelGradientFlow(kernel, time=1.0, learning_rate=eta).fit(X, y).predict(new) - flow).max()
        for eta in (1e-2, 1e-3, 1e-4)
    ]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 10, rtol=0.2)


@pytest.mark.parametrize("learning_rate", [None, 0.01])
def test_the_end_of_time_is_least_squares(learning_rate):
    model = KernelGradientFlow(Matern(), time=np.inf, learning_rate=learning_rate).fit(X, Y)
    np.testing.assert_allclose(model.predict(new), KernelRidge(Matern(), alpha=0.0).fit(X, Y).predict(new), rtol=1e-9)
    assert model.time_ == np.inf
    assert model.n_steps_ == (None if learning_rate is None else np.inf)
    coef, *_ = np.linalg.lstsq(X, Y)
    for time in (1e4, 1e18, 1e300, np.inf):
        model.set_params(kernel=Linear(), time=time).fit(X, Y)
        np.testing.assert_allclose(model.predict(new), new @ coef, rtol=1e-9, atol=1e-9)


def test_close_to_ridge_with_one_over_the_time():
    for time in (0.1, 1.0, 10.0):
        flow = KernelGradientFlow(kernel, time=time).fit(X, y).predict(X)
        ridge = KernelRidge(kernel, alpha=1 / time).fit(X, y).predict(X)
        assert np.linalg.norm(flow - ridge) < 0.204 * np.linalg.norm(y)


@pytest.mark.parametrize("learning_rate", [None, 0.03])
def test_stages_equal_refits(learning_rate):
    model = KernelGradientFlow(kernel, time=3.0, learning_rate=learning_rate, init=start).fit(X, Y, sample_weight=w)
    times = np.append(np.linspace(0, 5, 97), [np.inf, 0.3])
    stages = list(model.staged_predict(new, times))
    assert len(stages) == 99
    for t, stage in zip(times[::7], stages[::7], strict=True):
        again = KernelGradientFlow(kernel, time=t, learning_rate=learning_rate, init=start).fit(X, Y, sample_weight=w)
        np.testing.assert_allclose(stage, again.predict(new), rtol=1e-8, atol=1e-9)
    assert list(model.staged_predict(new, [])) == []
    (once,) = KernelGradientFlow(kernel).fit(X, y).staged_predict(new, 2.0)
    assert once.shape == (25,)


def start(X):
    return np.column_stack([X[:, 0] - 1, X[:, 1] * X[:, 2]])


def test_starts_from_a_function():
    t, K = 0.4, kernel(X)
    model = KernelGradientFlow(kernel, time=t, init=start).fit(X, Y)
    expected = start(new) + flowed(K, kernel(new, X), Y - start(X), t)
    np.testing.assert_allclose(model.predict(new), expected, rtol=1e-9)
    np.testing.assert_array_equal(KernelGradientFlow(kernel, time=0, init=start).fit(X, Y).predict(new), start(new))


def test_starts_from_a_fitted_model_and_its_table():
    pandas = pytest.importorskip("pandas")
    table, more = (pandas.DataFrame(rows, columns=list("abc")) for rows in (X, new))
    line = LinearRegression().fit(table, y)
    model = KernelGradientFlow(kernel, time=2.0, init=line.predict).fit(table, y)
    rest = KernelGradientFlow(kernel, time=2.0).fit(X, y - line.predict(table))
    np.testing.assert_allclose(model.predict(more), line.predict(more) + rest.predict(new))


@pytest.mark.parametrize("time", [0.0, 0.2, 5.0, np.inf])
@pytest.mark.parametrize("learning_rate", [None, 0.01])
@pytest.mark.parametrize("k", [Laplacian("scale"), Linear()])
def test_weights_are_repeated_rows(k, time, learning_rate):
    times = w.astype(int)
    weighted = KernelGradientFlow(k, time=time, learning_rate=learning_rate).fit(X, y, sample_weight=w)
    repeated = KernelGradientFlow(k, time=time, learning_rate=learning_rate)
    repeated.fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.predict(new), repeated.predict(new), rtol=1e-7, atol=1e-9)
    assert (weighted.dual_coef_[w == 0] == 0).all()


def test_modes_decay_each_at_its_rate():
    model = KernelGradientFlow(kernel, init=start).fit(X, Y, sample_weight=w)
    kept, roots = w > 0, np.sqrt(w[w > 0])
    V, eigenvalues = model.eigenvectors_, model.eigenvalues_
    A = roots[:, None] * kernel(X[kept]) * roots
    np.testing.assert_allclose(V * eigenvalues @ V.T, A, atol=1e-12)
    assert (np.diff(eigenvalues) <= 0).all()
    found = model.mode_residuals(TIMES)
    assert found.shape == (6, kept.sum(), 2)
    for t, modes, f in zip(TIMES, found, model.staged_predict(X[kept], TIMES), strict=True):
        np.testing.assert_allclose(V @ modes, roots[:, None] * (f - Y[kept]), atol=1e-10)
        np.testing.assert_allclose(modes, np.exp(-eigenvalues * t)[:, None] * found[0], atol=1e-12)
    assert KernelGradientFlow(kernel).fit(X, y).mode_residuals([1.0, np.inf]).shape == (2, 40)


def test_targets_do_not_see_each_other():
    together = KernelGradientFlow(kernel, time=3.0).fit(X, Y)
    assert together.dual_coef_.shape == (40, 2)
    for j in range(2):
        alone = KernelGradientFlow(kernel, time=3.0).fit(X, Y[:, j])
        assert alone.dual_coef_.shape == (40,)
        np.testing.assert_allclose(together.predict(new)[:, j], alone.predict(new), rtol=1e-12)


@pytest.mark.parametrize("learning_rate", [None, 0.05])
@pytest.mark.parametrize("weights", [None, w])
def test_held_out_rows_choose_the_time(weights, learning_rate):
    model = KernelGradientFlow(
        kernel, time=np.inf, learning_rate=learning_rate, early_stopping=True, validation_fraction=0.3, random_state=3
    ).fit(X, Y, sample_weight=weights)
    v = np.ones(40) if weights is None else weights
    train, held = train_test_split(np.flatnonzero(v), test_size=0.3, random_state=3)
    errors = []
    for t in model.times_:
        part = KernelGradientFlow(kernel, time=t, learning_rate=learning_rate)
        part.fit(X[train], Y[train], sample_weight=v[train])
        errors.append(np.average(np.square(part.predict(X[held]) - Y[held]).mean(axis=1), weights=v[held]))
    np.testing.assert_allclose(model.errors_, errors, rtol=1e-5)
    assert model.time_ == model.times_[np.argmin(errors)]
    assert 0 < model.time_ < np.inf
    assert (np.diff(model.times_) > 0).all()
    assert model.times_[0] == 0
    assert model.times_[-1] == np.inf
    again = KernelGradientFlow(kernel, time=model.time_, learning_rate=learning_rate).fit(X, Y, sample_weight=weights)
    np.testing.assert_allclose(model.predict(new), again.predict(new), rtol=1e-12)
    model.set_params(early_stopping=False, time=1.0).fit(X, Y)
    assert not hasattr(model, "times_")
    assert not hasattr(model, "errors_")


@pytest.mark.parametrize("learning_rate", [None, 0.05])
def test_gcv_equals_its_formula(learning_rate):
    model = KernelGradientFlow(kernel, time=1e3, learning_rate=learning_rate, early_stopping="gcv").fit(X, Y)
    K, scores = kernel(X), []
    for t in model.times_:
        if learning_rate is None:
            H = hat(K, t)
        else:
            H = np.eye(40) - np.linalg.matrix_power(np.eye(40) - learning_rate * K, round(t / learning_rate))
        rss = np.square(Y - H @ Y).sum(axis=0).mean()
        freedom = 40 - np.trace(H)
        scores.append(40 * rss / freedom**2 if freedom >= 5 else np.inf)
    np.testing.assert_allclose(model.errors_, scores, rtol=1e-6)
    assert model.time_ == model.times_[np.argmin(scores)]
    assert model.times_[-1] == pytest.approx(1e3)


def test_gcv_at_the_end_of_time():
    model = KernelGradientFlow(Laplacian(), time=np.inf, early_stopping="gcv").fit(X, y)
    assert model.errors_[-1] == np.inf  # nothing left over
    assert np.isfinite(model.errors_[:20]).all()
    few = KernelGradientFlow(Laplacian(), early_stopping="gcv").fit(X[:3], y[:3])
    assert np.isfinite(few.errors_).all()
    model.set_params(kernel=Linear()).fit(X, y)
    rss = np.square(y - X @ np.linalg.lstsq(X, y)[0]).sum()
    assert model.errors_[-1] == pytest.approx(40 * rss / 37**2)


def test_gcv_does_not_end_in_interpolation():
    for seed in range(30):
        noise = np.random.default_rng(seed).normal(size=40)
        model = KernelGradientFlow(kernel, time=np.inf, early_stopping="gcv").fit(X, noise)
        assert np.abs(model.predict(new)).max() < 10


def test_gcv_does_not_see_the_scale_of_weights():
    model = KernelGradientFlow(kernel, time=np.inf, early_stopping="gcv")
    once = model.fit(X, y, sample_weight=w).predict(new)
    time = model.time_
    np.testing.assert_allclose(model.fit(X, y, sample_weight=4 * w).predict(new), once, rtol=1e-6)
    assert model.time_ == pytest.approx(time / 4)


def test_ridge_shortcut_is_not_leave_one_out():
    t, K = 100.0, kernel(X)
    H = hat(K, t)
    shortcut = (y - H @ y) / (1 - np.diag(H))
    rows = np.arange(40)
    true = [
        y[i] - KernelGradientFlow(kernel, time=t).fit(X[rows != i], y[rows != i]).predict(X[[i]]).item() for i in rows
    ]
    assert np.max(np.abs(shortcut / true)) > 10
    assert np.max(np.abs(shortcut - true)) > 1


@pytest.mark.parametrize("params", [{}, {"early_stopping": True}, {"early_stopping": "gcv"}, {"learning_rate": 0.01}])
@pytest.mark.parametrize("weights", [None, w])
def test_precomputed(params, weights):
    params = {"time": 20.0, "random_state": 0, **params}
    expected = KernelGradientFlow(kernel, **params).fit(X, y, sample_weight=weights)
    K = kernel(X)
    before = K.copy()
    model = KernelGradientFlow("precomputed", **params).fit(K, y, sample_weight=weights)
    np.testing.assert_allclose(model.predict(kernel(new, X)), expected.predict(new), rtol=1e-9)
    stages = [list(m.staged_predict(Z, [1.0, 2.0])) for m, Z in ((model, kernel(new, X)), (expected, new))]
    np.testing.assert_allclose(*stages, rtol=1e-9)
    np.testing.assert_array_equal(K, before)
    assert model.X_fit_ is None
    with pytest.raises(ValueError, match=r"must be a square matrix .* \(40, 39\)"):
        model.fit(K[:, :-1], y)


def read_only(Z):
    Z = Z.copy()
    Z.flags.writeable = False
    return Z


@pytest.mark.parametrize("early_stopping", [False, "validation", "gcv"])
@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray,
        sp.csr_array,
        lambda Z: np.round(Z * 8).astype(int) / 8,
        read_only,
        lambda Z: Z.astype(np.float32),
        lambda Z: Z.tolist(),
    ],
)
def test_containers(same, early_stopping):
    Z = np.round(X * 8) / 8  # the same numbers in every type
    params = {"time": 5.0, "early_stopping": early_stopping, "random_state": 0}
    expected = KernelGradientFlow(kernel, **params).fit(Z, y).predict(Z)
    found = KernelGradientFlow(kernel, **params).fit(same(Z), y).predict(same(Z))
    single = found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4 if single else 1e-9, atol=1e-4 if single else 1e-12)


def test_integers_one_row_and_constant_columns():
    whole = np.round(X).astype(int)
    np.testing.assert_allclose(
        KernelGradientFlow(kernel).fit(whole, y).predict(whole),
        KernelGradientFlow(kernel).fit(whole.astype(float), y).predict(whole),
    )
    assert KernelGradientFlow(kernel, time=1.0).fit([[1.0, 2.0]], [3.0]).predict([[1.0, 2.0]]) == pytest.approx(
        3 * (1 - np.exp(-1))
    )
    ones = np.ones((6, 2))
    for params in ({}, {"early_stopping": "gcv"}, {"early_stopping": True}, {"time": np.inf}):
        model = KernelGradientFlow(**{"time": 50.0, "random_state": 0, **params}).fit(ones, np.full(6, 2.0))
        np.testing.assert_allclose(model.predict(ones), 2.0)
    zero = KernelGradientFlow(Linear(), time=np.inf, early_stopping="gcv", learning_rate=10.0).fit(0 * ones, np.ones(6))
    assert (zero.predict(ones) == 0).all()


def test_in_a_pipeline_and_a_grid_search():
    model = make_pipeline(StandardScaler(), KernelGradientFlow(Gaussian()))
    grid = {"kernelgradientflow__kernel__sigma": [0.3, 1.0, 3.0], "kernelgradientflow__time": [0.1, 1.0, 10.0]}
    search = GridSearchCV(model, grid, cv=3).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > 0.3
    by_matrix = GridSearchCV(KernelGradientFlow("precomputed"), {"time": [0.1, 1.0]}, cv=3).fit(kernel(X), y)
    by_rows = GridSearchCV(KernelGradientFlow(kernel), {"time": [0.1, 1.0]}, cv=3).fit(X, y)
    np.testing.assert_allclose(by_matrix.cv_results_["mean_test_score"], by_rows.cv_results_["mean_test_score"])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"time": -1.0}, "time must be a number >= 0, got -1.0"),
        ({"time": np.nan}, "time must be a number >= 0, got nan"),
        ({"time": "long"}, "time must be a number >= 0, got 'long'"),
        ({"learning_rate": 0.0}, "learning_rate must be a number > 0, got 0.0"),
        ({"learning_rate": -0.1}, "learning_rate must be a number > 0, got -0.1"),
        ({"learning_rate": np.inf}, "learning_rate must be a number > 0, got inf"),
        ({"learning_rate": np.nan}, "learning_rate must be a number > 0, got nan"),
        ({"learning_rate": 1.5}, r"must be below 2 / lambda_max = 0\.\d+, .* got 1.5"),
        ({"early_stopping": "loo"}, "early_stopping must be one of False, True, 'validation', 'gcv', got 'loo'"),
        ({"validation_fraction": 1.0}, "validation_fraction must be a number > 0 and < 1, got 1.0"),
        ({"early_stopping": True, "validation_fraction": 0.99}, "of n_samples=40 leaves no row to train on"),
        ({"init": 3.0}, "init must be a function of X or None, got 3.0"),
        ({"init": LinearRegression()}, "did you mean its predict"),
        ({"init": start}, r"init\(X\) must have shape \(40,\), as y has, got \(40, 2\)"),
        ({"init": lambda X: X[:, 0] * np.nan}, r"init\(X\) contains NaN"),
        ({"kernel": 0.5}, r"got 0.5; did you mean time=0.5\?"),
        ({"kernel": Sigmoid(gamma=2.0, coef0=-2.0)}, r"negative eigenvalues, the smallest is -\d"),
    ],
)
def test_bad_parameters(params, message):
    model = KernelGradientFlow(**params)
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(X, y)
    assert not [name for name in vars(model) if name.endswith("_")]


@pytest.mark.parametrize("times", [[-1.0], [np.nan], [[1.0]]])
def test_bad_times(times):
    model = KernelGradientFlow(kernel).fit(X, y)
    for stages in (lambda: model.staged_predict(new, times), lambda: model.mode_residuals(times)):
        with pytest.raises(ValueError, match="times must be numbers >= 0 in one dimension"):
            stages()
    with pytest.raises(TypeError, match="times must be numbers, got 'now'"):
        model.mode_residuals("now")


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda *_: 10_000)
    with pytest.raises(MemoryError, match="is available; use fewer rows"):
        KernelGradientFlow(kernel).fit(X, y)
