import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from kernelkit import NNGP, NTK, ArcCosine, Gaussian, KernelRidge, RandomNeural
from kernelkit.features._random_neural import TensorSketch
from kernelkit.kernels import Rectifier

X = np.random.default_rng(0).normal(size=(60, 3))
KERNELS = [
    ArcCosine(0),
    ArcCosine(1, 2),
    ArcCosine(2),
    NNGP(2, "erf", 1.5, 0.1),
    NTK(),
    NTK(1, bias_variance=0.3),
    NTK(3, "gelu", bias_variance=0.1),
    NTK(2, fixed_layers=1),
    NTK(1, Rectifier(0.3)),
]


@parametrize_with_checks(
    [RandomNeural(kernel, n_components=12, random_state=0) for kernel in (ArcCosine(), NTK(2, bias_variance=0.1))]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def estimates(kernel, p, repeats):
    maps = (RandomNeural(kernel, n_components=p, random_state=s).fit(X) for s in range(repeats))
    return np.array([Z @ Z.T for Z in (phi.transform(X[:6]) for phi in maps)])


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.depth == 1], ids=repr)
@pytest.mark.parametrize("p", [1, 3, 40])
def test_one_hidden_layer_is_unbiased(kernel, p):
    found = estimates(kernel, p, 600 if p < 40 else 200)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - kernel(X[:6])) <= 5 * error + 1e-12).all()


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_the_error_falls_as_one_over_the_square_root(kernel):
    sizes = np.array([64, 256, 1024])

    def error(p):
        maps = (RandomNeural(kernel, n_components=int(p), random_state=s).fit(X) for s in range(8))
        return np.sqrt(np.mean([phi.error_report(X).frobenius ** 2 for phi in maps]))

    slope = np.polyfit(np.log(sizes), np.log([error(p) for p in sizes]), 1)[0]
    assert -0.65 < slope < -0.35


def test_tensor_sketch():
    rng = np.random.RandomState(0)
    a, b, c, d = rng.normal(size=(4, 1, 5))
    wanted = float((a @ c.T)[0, 0] * (b @ d.T)[0, 0])
    for size in (7, 8):
        sketches = [TensorSketch((5, 5), size, rng) for _ in range(3000)]
        found = np.array([(sketch(a, b) @ sketch(c, d).T)[0, 0] for sketch in sketches])
        assert abs(found.mean() - wanted) <= 4 * found.std() / np.sqrt(len(found))
    one = TensorSketch((5, 5), 8, rng)
    np.testing.assert_allclose(one(2 * a + c, b), 2 * one(a, b) + one(c, b), atol=1e-12)


def test_primal_approaches_dual():
    images, labels = load_digits(return_X_y=True)
    images, y = images / 16, (labels % 2).astype(float)
    dual = KernelRidge(NTK(2), alpha=3.0).fit(images[:600], y[:600]).predict(images[600:1000])

    def distance(p):
        primal = make_pipeline(RandomNeural(NTK(2), n_components=p, random_state=0), Ridge(3.0, fit_intercept=False))
        return np.sqrt(np.mean((primal.fit(images[:600], y[:600]).predict(images[600:1000]) - dual) ** 2))

    assert distance(1600) < 0.65 * distance(400) < 0.08


def test_containers():
    phi = RandomNeural(NTK(2, bias_variance=0.1), n_components=20, random_state=0).fit(X)
    Z = phi.transform(X)
    assert Z.shape == (60, 20) and Z.dtype == np.float64
    np.testing.assert_allclose(phi.transform(sp.csr_array(X)), Z, rtol=1e-12)
    narrow = phi.transform(X.astype(np.float32))
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, Z, atol=1e-4)
    np.testing.assert_allclose(phi.transform(X[7:8]), Z[7:8], rtol=1e-9)
    assert phi.get_feature_names_out()[-1] == "randomneural19"
    same = RandomNeural(NTK(2, bias_variance=0.1), n_components=20, random_state=0).fit_transform(X)
    np.testing.assert_array_equal(same, Z)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"kernel": Gaussian()}, TypeError, "kernel must be an NTK, NNGP or ArcCosine, got Gaussian.*RandomFourier"),
        ({"kernel": "precomputed"}, TypeError, "kernel must be an NTK, NNGP or ArcCosine, got 'precomputed'"),
        ({"kernel": 3}, TypeError, "did you mean n_components=3"),
        ({"kernel": NTK(depth=0)}, ValueError, "depth must be an integer >= 1, got 0"),
        ({"n_components": 0}, ValueError, "n_components must be an integer >= 1, got 0"),
    ],
)
def test_mistakes(parameters, error, message):
    phi = RandomNeural(**parameters)
    with pytest.raises(error, match=message):
        phi.fit(X)
    assert not hasattr(phi, "kernel_")
