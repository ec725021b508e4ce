"""Kernels of wide networks: against 40-digit values, finite networks, and in the estimators that use them."""

import tracemalloc

import numpy as np
import pytest
from scipy.special import expit
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge as SklearnKernelRidge
from sklearn.svm import SVC

from kernelkit import KernelRidge, KernelRidgeCV
from kernelkit.kernels import NNGP, NTK, Activation, ArcCosine, EmpiricalNTK, Rectifier
from kernelkit.kernels._activations import ACTIVATIONS
from tests import references as ref

X4 = np.array(
    [
        [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458],
        [1.8675579901499675, -0.977277879876411, 0.9500884175255894, -0.1513572082976979],
        [-0.10321885179355784, 0.41059850193837233, 0.144043571160878, 1.454273506962975],
    ]
)
X4 = np.vstack([X4, -X4[0], 2 * X4[1], [1.0, 0.0, 0.0, 0.0]])

# Rectified linear units, variance 2 of the weights: depth, bias, rows i and j, NNGP and NTK from the closed-form
# recursion in 40 digits.
DIGITS = [
    (1, 0.0, 0, 0, 4.625768421240490760283719, 9.251536842480981520567438),
    (1, 0.0, 0, 1, 2.136079067497748960139468, 3.298092232839305342466506),
    (1, 0.0, 0, 3, 0.0, 0.0),
    (1, 0.0, 1, 4, 5.368421906688671689009741, 10.73684381337734337801948),
    (1, 0.0, 2, 5, 0.2169040045574285416337479, 0.1922146264432835395483658),
    (2, 0.1, 0, 0, 4.65576842124049140013323, 13.93730526372147419570186),
    (2, 0.1, 0, 1, 2.431970791350361832414944, 4.786484059147107989241125),
    (2, 0.1, 0, 3, 1.493994880037103871303543, 1.430838557513843515724486),
    (2, 0.1, 1, 4, 5.398483211746298153426108, 15.96688289495942472977676),
    (2, 0.1, 2, 5, 0.3879906652380246394029925, 0.5164277887684030479942796),
    (3, 0.0, 0, 1, 2.595794058714395672912503, 6.094784380068343722885005),
    (3, 0.0, 0, 3, 2.283885685633519661255655, 3.17192935588951765784594),
    (3, 0.0, 1, 4, 5.368421906688673156909939, 21.47368762675469262763976),
    (3, 0.0, 2, 5, 0.4501468075830032564023158, 0.7618428396204173080418827),
]


@pytest.mark.parametrize(("depth", "bias", "i", "j", "nngp", "ntk"), DIGITS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equals_forty_digits(depth, bias, i, j, nngp, ntk, dtype):
    x, y = X4[i : i + 1].astype(dtype), X4[j : j + 1].astype(dtype)
    for kernel, wanted in ((NNGP, nngp), (NTK, ntk)):
        kernel = kernel(depth, bias_variance=bias**2)
        size = max(abs(wanted), 1e-3 * float(np.sqrt(kernel.diag(x) * kernel.diag(y))[0]))
        assert abs(kernel(x, y)[0, 0] - wanted) <= size * (1e-12 if dtype == np.float64 else 1e-5)


# Weights of variance 2.25, biases of 1, one hidden layer: NNGP and NTK of an implementation on another array library.
ELSEWHERE = {
    "erf": (
        [1.6567877435006548, 2.011198522880613, 0.9135595434317475],
        [2.363835175904467, 3.232329889052878, 0.8270140025898872],
    ),
    "gelu": (
        [4.50738617271911, 4.846425720198258, 2.2437661432006637],
        [6.587483300621318, 7.898770438055292, 2.0718031899049585],
    ),
}


@pytest.mark.parametrize("activation", ELSEWHERE)
def test_equals_another_implementation(activation):
    Y = [
        [2.2697546239876076, -1.4543656745987648, 0.04575851730144607, -0.1871838500258336],
        [1.5327792143584575, 1.469358769900285, 0.1549474256969163, 0.37816251960217356],
        [-0.8877857476301128, -1.980796468223927, -0.3479121493261526, 0.15634896910398005],
    ]
    for kernel, wanted in zip((NNGP, NTK), ELSEWHERE[activation], strict=True):
        np.testing.assert_allclose(kernel(1, activation, 2.25, 1.0)(X4[:1], Y)[0], wanted, rtol=1e-7)


def sampled_kernels(x, y, activation, depth, weight, bias, width, networks, rng):
    """NNGP and NTK of random networks of some width, by back-propagation: arrays of shape (networks, 2)."""
    f, slope = activation.function, activation.derivative
    out = []
    for _ in range(networks):
        pair, inner = np.stack([x, y]), []
        signals, slopes, layers = pair, [], []
        for _ in range(depth):
            W = rng.normal(size=(width, signals.shape[1])) * np.sqrt(weight / signals.shape[1])
            inner.append(weight / signals.shape[1] * (signals[0] @ signals[1]) + bias)
            Z = signals @ W.T + rng.normal(size=width) * np.sqrt(bias)
            signals = f(Z)
            slopes.append(slope(Z))
            layers.append(W)
        nngp = weight / width * (signals[0] @ signals[1]) + bias
        tangent, back = nngp, rng.normal(size=(1, width)) * np.sqrt(weight / width)
        for layer in reversed(range(depth)):
            back = back * slopes[layer]
            tangent += back[0] @ back[1] * inner[layer]
            back = back @ layers[layer]
        out.append((nngp, tangent))
    return np.array(out)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, "tanh"])
def test_equals_finite_networks(activation, depth):
    """Within four standard errors, at a width where what the limit leaves out is a small part of one."""
    rng = np.random.default_rng(depth)
    function = TANH if activation == "tanh" else ACTIVATIONS[activation]
    x, y = rng.normal(size=(2, 5))
    settings = dict(depth=depth, weight_variance=1.3, bias_variance=0.2)
    found = sampled_kernels(x, y, function, depth, 1.3, 0.2, 700, 24, rng)
    wanted = [kernel(activation=function, **settings)([x], [y])[0, 0] for kernel in (NNGP, NTK)]
    errors = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - wanted) <= 4 * errors + 1e-12).all()


TANH = Activation(np.tanh, lambda z: 1 / np.cosh(z) ** 2, terms=200)


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-9, 1e-8, 1e-6, 1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("opposite", [False, True])
@pytest.mark.parametrize("bias", [0.0, 0.3])
@pytest.mark.parametrize("activation", ["relu", "abs"])
def test_near_copies_and_opposites(angle, opposite, bias, activation):
    x = np.array([0.3, 0.4, 1.2])
    y = (x + angle * np.array([0.8, -0.6, 0.0])) * (-1.3 if opposite else 1.3)
    dual = ref.rectifier_dual(-1.0 if activation == "abs" else 0.0)
    for depth in (1, 3):
        kernel = NTK(depth, activation, bias_variance=bias)
        wanted = ref.network(dual, depth, bias=bias)(tuple(x), tuple(y))
        size = np.sqrt(kernel.diag([x]) * kernel.diag([y]))[0]
        assert abs(kernel([x], [y])[0, 0] - wanted) <= 1e-12 * max(abs(wanted), 1e-3 * size)


@pytest.mark.parametrize("activation", ["erf", "gelu", "sin", "cos"])
@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1e2])
def test_small_and_large_rows(activation, scale):
    X = scale * np.array([[1.0, 2.0, 3.0], [3.0, 1.0, -1.0], [-1.0, -2.0, -3.0], [-1.0, -2.0, -3.001]])
    dual = getattr(ref, {"sin": "sine", "cos": "cosine"}.get(activation, activation) + "_dual")
    for depth in (1, 3):
        wanted = ref.matrix(ref.network(dual, depth), X)
        sizes = np.sqrt(np.outer(np.diagonal(wanted), np.diagonal(wanted)))
        error = np.abs(NTK(depth, activation)(X) - wanted) / np.maximum(np.abs(wanted), 1e-3 * sizes)
        assert error.max() < 1e-11


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_float32_in_any_units(activation, scale):
    X = (scale * np.random.default_rng(5).normal(size=(40, 10))).astype(np.float32)
    kernel = NTK(3, activation)
    exact = kernel(X.astype(np.float64))
    sizes = np.sqrt(np.outer(np.diagonal(exact), np.diagonal(exact)))
    assert (np.abs(kernel(X) - exact) <= 1e-5 * np.maximum(np.abs(exact), 1e-3 * sizes)).all()
    np.testing.assert_allclose(np.diagonal(kernel(X)), kernel.diag(X), rtol=3e-6)


def test_many_near_pairs_are_formed_in_pieces():
    X = np.random.default_rng(0).normal(size=(600, 800)) + 1000
    tracemalloc.start()
    NTK()(X)
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()


def test_rows_too_long():
    for kernel in (NTK(), ArcCosine(2), NNGP(1, "erf")):
        with pytest.raises(ValueError, match="X has rows of norms above 1e.70, whose products overflow"):
            kernel(np.full((2, 3), 1e80))
    np.testing.assert_array_equal(ArcCosine(0)(np.full((2, 3), 1e-80)), 0)


def test_steps_composed():
    X = np.random.default_rng(0).normal(size=(6, 3))
    wanted = ref.matrix(ref.arc_cosine(0, 3), X, -X[:4] + 0.3)
    np.testing.assert_allclose(ArcCosine(0, 3)(X, -X[:4] + 0.3), wanted, rtol=1e-12)


def test_last_layers_only():
    """With fixed layers the sum of gradients starts later; with all but one fixed it is the NNGP."""
    X = np.random.default_rng(1).normal(size=(5, 3))
    np.testing.assert_allclose(NTK(3, "gelu", 1.5, 0.2, fixed_layers=3)(X), NNGP(3, "gelu", 1.5, 0.2)(X), rtol=1e-14)
    kernels = [NTK(3, bias_variance=0.2, fixed_layers=k)(X) for k in range(4)]
    for more, less in zip(kernels[:-1], kernels[1:], strict=True):
        assert np.linalg.eigvalsh(more - less).min() > 0
    assert (np.diagonal(kernels[0] - kernels[1]) > 0.1).all()


def test_no_odd_frequencies_without_bias():
    """One hidden layer of rectified linear units without biases cannot learn waves of 3, 5, ... round the circle."""
    angles = 2 * np.pi * np.arange(64) / 64
    circle = np.column_stack([np.cos(angles), np.sin(angles)])

    def spectrum(kernel):
        return np.fft.fft(kernel(circle)[0]).real[:12] / 64

    nothing, others = spectrum(NTK())[3::2], spectrum(NTK())[[0, 1, 2, 4, 6, 8, 10]]
    np.testing.assert_allclose(nothing, 0, atol=1e-15)
    assert (others > 2e-3).all()
    assert (spectrum(NTK(bias_variance=0.1))[3::2] > 5e-4).all()
    assert (spectrum(NTK(depth=2))[3::2] > 1e-3).all()


class TestSeries:
    def test_equals_the_closed_form(self):
        X = np.random.default_rng(2).normal(size=(8, 3))
        X[0], X[2], X[3] = 0, X[1], -X[1]
        for name, terms in (("sin", 40), ("cos", 40), ("erf", 200), ("gelu", 200)):
            known = ACTIVATIONS[name]
            series = Activation(known.function, known.derivative, terms=terms)
            settings = dict(depth=2, weight_variance=0.8, bias_variance=0.1)
            for kernel in (NNGP, NTK):
                wanted = kernel(activation=known, **settings)(X)
                np.testing.assert_allclose(kernel(activation=series, **settings)(X), wanted, rtol=1e-12, atol=1e-13)
                np.testing.assert_allclose(
                    kernel(activation=series, **settings).diag(X), np.diagonal(wanted), rtol=1e-12
                )

    def test_smooth_functions_in_forty_terms(self):
        for function, derivative in ((np.sin, np.cos), (lambda z: np.logaddexp(0, z), expit)):
            assert Activation(function, derivative).truncation_error(1.0) < 1e-13

    def test_the_error_is_within_its_bound(self):
        few, many = Activation(np.tanh, TANH.derivative, terms=12), TANH
        X = np.sqrt(2) * np.array([[1.0, 0.0], [-1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
        bound = few.truncation_error(1.0) * NNGP(activation=many, weight_variance=1.0)(X[:1])[0, 0]
        for kernel in (NNGP, NTK):
            with pytest.warns(UserWarning, match="12 terms of the series of <ufunc 'tanh'> leave out up to"):
                K = kernel(activation=few, weight_variance=1.0)(X)
            error = np.abs(K - kernel(activation=many, weight_variance=1.0)(X)).max()
            assert bound / 100 < error <= 2 * bound  # the NTK adds the errors of both

    def test_a_kink_is_told(self):
        kinked = Activation(lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0)
        with pytest.warns(UserWarning, match="kappa and kappa_slope"):
            K = NNGP(activation=kinked)(X4)
        np.testing.assert_allclose(K, NNGP()(X4), atol=0.01)

    def test_closed_forms_of_ones_own(self):
        square = Activation(
            np.square,
            lambda z: 2 * z,
            kappa=lambda c, q_x, q_y, w: q_x * q_y + 2 * c**2,
            kappa_slope=lambda c, q_x, q_y, w: 4 * c,
        )
        series = Activation(np.square, lambda z: 2 * z, terms=4)
        for kernel in (NNGP, NTK):
            np.testing.assert_allclose(
                kernel(2, square, 0.5, 0.1)(X4), kernel(2, series, 0.5, 0.1)(X4), rtol=1e-12, atol=1e-14
            )


class TestInEstimators:
    X = np.random.default_rng(3).normal(size=(60, 2))
    y = np.sin(2 * X[:, 0]) + 0.5 * np.abs(X[:, 1])

    @pytest.mark.parametrize("kernel", [NTK(2, bias_variance=0.1), NNGP(2, "erf"), ArcCosine(), NTK(1, TANH, 0.2)])
    def test_kernel_ridge_and_svc(self, kernel):
        ours = KernelRidge(kernel, alpha=0.1).fit(self.X, self.y)
        theirs = SklearnKernelRidge(kernel=kernel, alpha=0.1).fit(self.X, self.y)
        np.testing.assert_allclose(ours.predict(self.X), theirs.predict(self.X), rtol=1e-8, atol=1e-8)
        labels = np.where(self.y > 0.4, "above", "below")
        machine = SVC(kernel=kernel, tol=1e-9).fit(self.X, labels)
        given = SVC(kernel="precomputed", tol=1e-9).fit(kernel(self.X), labels)
        wanted = given.decision_function(kernel(self.X))
        np.testing.assert_allclose(machine.decision_function(self.X), wanted, rtol=1e-6, atol=1e-6)

    def test_search_over_depths_and_variances(self):
        search = KernelRidgeCV(
            NTK(),
            alphas=[1e-3, 1e-2, 0.1],
            param_grid={"kernel__depth": [1, 2, 3], "kernel__bias_variance": [0.0, 0.3]},
        ).fit(self.X, self.y)
        assert search.kernel_.bias_variance == 0.3
        assert search.score(self.X, self.y) > 0.95

    def test_marginal_likelihood(self):
        start = NNGP(2, "erf", weight_variance=0.5, bias_variance=0.5)
        process = GaussianProcessRegressor(start, alpha=1e-2).fit(self.X, self.y)
        fitted = process.kernel_
        assert type(fitted) is NNGP and fitted.depth == 2
        before = process.log_marginal_likelihood(start.theta)
        assert process.log_marginal_likelihood(fitted.theta) > before + 1
        _, slope = process.log_marginal_likelihood(fitted.theta, eval_gradient=True)
        inside = (fitted.theta > fitted.bounds[:, 0] + 1e-3) & (fitted.theta < fitted.bounds[:, 1] - 1e-3)
        np.testing.assert_allclose(slope[inside], 0, atol=0.05)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (NTK(depth=0), "depth must be an integer >= 1, got 0"),
        (NTK(depth=1.5), "depth must be an integer >= 1, got 1.5"),
        (NTK(activation="swish"), "activation must be one of 'relu', .*'cos', or an Activation object, got 'swish'"),
        (NTK(activation=np.tanh), "activation must be one of .* got <ufunc 'tanh'>"),
        (NTK(weight_variance=0), "weight_variance must be a number > 0, got 0"),
        (NNGP(weight_variance=-1.0), "weight_variance must be a number > 0, got -1.0"),
        (NNGP(bias_variance=-0.1), "bias_variance must be a number >= 0, got -0.1"),
        (NTK(fixed_layers=2), "fixed_layers must be an integer >= 0 and <= 1, got 2"),
        (ArcCosine(order=3), "order must be an integer >= 0 and <= 2, got 3"),
        (EmpiricalNTK(width=0, random_state=0), "width must be an integer >= 1, got 0"),
        (EmpiricalNTK(part="weights", random_state=0), "part must be one of 'both', 'hidden', 'output', got 'weights'"),
        (EmpiricalNTK(random_state=-1), "random_state must be an integer >= 0"),
        (EmpiricalNTK(), r"random_state=None is not a number yet: call resolve\(X\)"),
    ],
    ids=repr,
)
def test_bad_parameters(kernel, message):
    with pytest.raises((ValueError, TypeError), match=message):
        kernel(X4)
    with pytest.raises((ValueError, TypeError), match=message):
        kernel.diag(X4)


def test_bad_activations():
    with pytest.raises(TypeError, match="derivative must be a function of arrays, got None"):
        Activation(np.tanh, None)
    with pytest.raises(ValueError, match="kappa_slope needs kappa"):
        Activation(np.tanh, np.cos, kappa_slope=np.cos)
    with pytest.raises(ValueError, match="terms must be an integer >= 2, got 1"):
        Activation(np.tanh, np.cos, terms=1)
    with pytest.raises(ValueError, match="both zero"):
        Rectifier(0.0, 0.0)
    with pytest.raises(TypeError, match="kappa must be a function of arrays or None, got 5"):
        Activation(np.tanh, np.cos, kappa=5)
    with pytest.raises(ValueError, match="function=<ufunc 'log'> must be finite on all numbers, got nan"):
        with np.errstate(all="ignore"):
            NNGP(activation=Activation(np.log, np.cos))(X4)
    with pytest.raises(ValueError, match="function=.* must work elementwise on arrays, got shape ()"):
        NNGP(activation=Activation(lambda z: 1.0, np.cos))(X4)
    with pytest.warns(UserWarning, match="or derivative is not that of function"):
        NTK(activation=Activation(np.sin, np.sin))(X4)
    no_slope = Activation(np.square, np.sign, kappa=lambda c, q_x, q_y, w: q_x * q_y + 2 * c**2)
    NNGP(activation=no_slope)(X4)
    with pytest.raises(ValueError, match="NTK needs kappa_slope"):
        NTK(activation=no_slope)(X4)
