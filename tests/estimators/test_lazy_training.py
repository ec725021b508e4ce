"""Wide networks train as their tangent kernel says: all that differs falls like one over the root of the width."""

import numpy as np
import pytest

from kernelkit import NNGP, NTK, EmpiricalNTK, KernelGradientFlow, explicit
from kernelkit.kernels import Activation, Rectifier
from tests.two_layer_network import TwoLayerNetwork

WIDTHS = 2 ** np.arange(6, 14)
SEEDS = range(8)
ACTIVATIONS = {"relu": Rectifier(), "tanh": Activation(np.tanh, lambda z: 1 / np.cosh(z) ** 2, terms=80)}
PARTS = ("both", "hidden", "output")
TIME, STEPS = 2.0, 40

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3))
X /= np.linalg.norm(X, axis=1, keepdims=True) / rng.uniform(0.5, 1.5, size=(12, 1))
y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]
new = rng.normal(size=(20, 3)) / 2
scale = np.sqrt(X.shape[1])  # NTK divides the first layer by it

each_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


def limit(activation, part, X):
    """The kernel of the part at infinite width."""
    both, output = (k(activation=activation, weight_variance=1.0)(scale * X) for k in (NTK, NNGP))
    return {"both": both, "hidden": both - output, "output": output}[part]


def slope(errors):
    """The exponent of the width in the root mean square over seeds, of `errors` of shape (widths, seeds)."""
    return np.polyfit(np.log(WIDTHS), np.log(np.mean(np.square(errors), axis=1)) / 2, 1)[0]


@pytest.fixture(scope="module", params=ACTIVATIONS)
def trained(request):
    """Networks of each width and seed before and after training."""
    activation = ACTIVATIONS[request.param]

    def pair(width, seed):
        network = TwoLayerNetwork.random(activation, width, X.shape[1], np.random.default_rng(seed))
        return network, network.trained(X, y, TIME / STEPS, STEPS)

    return activation, [[pair(width, seed) for seed in SEEDS] for width in WIDTHS]


def relative_change(after, before):
    return np.linalg.norm(after - before) / np.linalg.norm(before)


@each_activation
@pytest.mark.parametrize("part", PARTS)
def test_kernel_of_a_network_tends_to_its_limit(activation, part):
    K = limit(activation, part, X)
    errors = [
        [relative_change(EmpiricalNTK(m, activation, random_state=seed, part=part)(X), K) for seed in SEEDS]
        for m in WIDTHS
    ]
    assert slope(errors) == pytest.approx(-0.5, abs=0.1)
    assert np.mean(errors[-1]) < 0.05


@pytest.mark.parametrize("layer", ["hidden", "output"])
def test_weights_move_less(trained, layer):
    movement = [
        [relative_change(getattr(after, layer), getattr(before, layer)) for before, after in m] for m in trained[1]
    ]
    assert slope(movement) == pytest.approx(-0.5, abs=0.1)
    assert np.mean(movement[-1]) < 0.02


@pytest.mark.parametrize("learning_rate", [None, TIME / STEPS])
def test_predictions_tend_to_gradient_flow(trained, learning_rate):
    activation, networks = trained
    kernel = NTK(activation=activation, weight_variance=1.0)

    def error(before, after):
        model = KernelGradientFlow(
            kernel, time=TIME, learning_rate=learning_rate, init=lambda rows: before(rows / scale)
        )
        return np.sqrt(np.mean((model.fit(scale * X, y).predict(scale * new) - after(new)) ** 2))

    errors = [[error(*pair) for pair in m] for m in networks]
    movement = np.mean([np.std(after(new) - before(new)) for before, after in networks[-1]])
    assert slope(errors) == pytest.approx(-0.5, abs=0.1)
    assert np.mean(errors[-1]) < 0.02 * movement


def differences(network, rows, step=1e-6):
    """The gradients of f(x) in b and in a, by central differences, shape (n, m) and (n, m d)."""
    parameters = np.concatenate([network.output, network.hidden.ravel()])
    m = len(network.output)

    def value(p):
        return TwoLayerNetwork(network.activation, p[m:].reshape(m, -1), p[:m])(rows)

    moves = step * np.eye(len(parameters))
    gradients = np.transpose([(value(parameters + move) - value(parameters - move)) / (2 * step) for move in moves])
    return gradients[:, :m], gradients[:, m:]


@each_activation
def test_features_are_gradients_of_the_network(activation):
    weights = EmpiricalNTK(16, activation, random_state=1).rows(X).shared
    network = TwoLayerNetwork(activation, weights.hidden, weights.output)
    output, hidden = differences(network, X)
    for part, wanted in zip(PARTS, (np.hstack([output, hidden]), hidden, output), strict=True):
        kernel = EmpiricalNTK(16, activation, random_state=1, part=part)
        np.testing.assert_allclose(explicit(kernel).fit_transform(X), wanted, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(kernel(X), wanted @ wanted.T, rtol=1e-7, atol=1e-9)


@each_activation
def test_a_step_of_descent_goes_down_the_gradient(activation):
    network = TwoLayerNetwork.random(activation, 16, X.shape[1], np.random.default_rng(1))
    output, hidden = differences(network, X)
    after, error = network.trained(X, y, 0.1, 1), network(X) - y
    np.testing.assert_allclose(network.output - after.output, 0.1 * error @ output, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose((network.hidden - after.hidden).ravel(), 0.1 * error @ hidden, rtol=1e-7, atol=1e-9)


def monte_carlo(part, width=2**16):
    """Means over hidden units, and their standard errors, of what each adds to the kernel of all pairs of rows."""
    features = EmpiricalNTK(width, random_state=0, part=part).lift(X).reshape(len(X), width, -1) * np.sqrt(width)
    i, j = np.triu_indices(len(X), 1)
    terms = [(features[p] * features[q]).sum(axis=1) for p, q in zip(i, j, strict=True)]
    return np.mean(terms, axis=1), np.std(terms, axis=1) / np.sqrt(width)


def pairs():
    """Products, products of norms and angles of all pairs of rows."""
    i, j = np.triu_indices(len(X), 1)
    lengths, products = np.linalg.norm(X, axis=1), (X @ X.T)[i, j]
    norms = lengths[i] * lengths[j]
    return products, norms, np.arccos(products / norms)


def test_closed_forms_of_rectified_units():
    products, norms, angles = pairs()
    rest = np.pi - angles
    right = {
        "hidden": products * rest / (2 * np.pi),
        "output": norms * (np.sin(angles) + rest * np.cos(angles)) / (2 * np.pi),
    }
    for part, wanted in right.items():
        mean, error = monte_carlo(part)
        assert np.abs((mean - wanted) / error).max() < 4
        np.testing.assert_allclose(limit(ACTIVATIONS["relu"], part, X)[np.triu_indices(len(X), 1)], wanted, rtol=1e-10)


def test_a_widely_copied_misprint_is_wrong():
    _, norms, angles = pairs()
    mean, error = monte_carlo("output")
    misprint = norms * (np.pi - angles) * (np.cos(angles) - np.sin(angles)) / (2 * np.pi)
    assert np.abs((mean - misprint) / error).min() > 20
