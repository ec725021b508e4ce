"""Neural tangent kernels: time of an entry against a pass of exp, scikit-ntk, and an image learned by its pixels."""

import time
import tracemalloc

import numpy as np
from measure import compare, resident_bytes, seconds
from sklearn.datasets import load_sample_image

from kernelkit import NTK, FourierFeatures, KernelRidge, RandomNeural

N, D = 5000, 50
SIDE = 128


def best(function, repeat=4):
    function()
    return min(seconds(function) for _ in range(repeat))


def entries():
    X = np.random.default_rng(0).normal(size=(N, D))
    for dtype, wanted in ((np.float64, 5), (np.float32, 3)):
        rows, kernel = X.astype(dtype), NTK(depth=3)
        K = kernel(rows)
        one_pass = best(lambda K=K: np.exp(K, out=np.empty_like(K))) / N**2 * 1e9
        for bias in (0.0, 0.1):
            kernel = NTK(depth=3, bias_variance=bias)
            found = best(lambda k=kernel, x=rows: k(x)) / N**2 * 1e9
            print(
                f"NTK, relu, depth 3, bias {bias}, n = {N}, d = {D}, {np.dtype(dtype)}: {found:.1f} ns an entry "
                f"(wanted {wanted}), {found / one_pass:.1f} passes of exp ({one_pass:.1f} ns)"
            )


def peak(function):
    tracemalloc.start()
    result = function()
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return memory, result


def scikit_ntk():
    try:
        from skntk import NeuralTangentKernel
    except ImportError:
        print("scikit-ntk is not installed: skipped")
        return
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2000, D)), rng.normal(size=(1000, D))
    # Theirs has no 1 / d in the first layer, and biases in all.
    theirs, ours = NeuralTangentKernel(depth=3, bias=0.1), NTK(depth=3, bias_variance=0.01)
    compare("square, n = 2000, depth 3: scikit-ntk", lambda: ours(X), lambda: theirs(X), 25)
    compare("2000 x 1000, depth 3: scikit-ntk", lambda: ours(X, Y), lambda: theirs(X, Y), 60, 2)
    memory = [peak(lambda k=k: k(X, Y))[0] for k in (ours, theirs)]
    print(f"    memory {memory[0] / 1e6:.0f} MB, {100 * memory[0] / memory[1]:.1f} % of theirs (wanted < 5 %)")


def image():
    """Learn every second pixel of 256 x 256 of china.jpg from its place, and predict the others."""
    picture = load_sample_image("china.jpg")[: 2 * SIDE, 150 : 150 + 2 * SIDE] / 255.0
    places = np.stack(np.meshgrid(*2 * [np.arange(2 * SIDE) / (2 * SIDE)], indexing="ij"), axis=-1)
    train = np.zeros((2 * SIDE, 2 * SIDE), dtype=bool)
    train[::2, ::2] = True
    start = time.perf_counter()
    mapping = FourierFeatures("gaussian", scale=10.0, n_frequencies=256, random_state=0)
    features = mapping.fit_transform(places[train])
    model = KernelRidge(NTK(depth=3), alpha=1e-3).fit(features, picture[train])
    predicted = model.predict(mapping.transform(places[~train]))
    taken = time.perf_counter() - start
    error = np.mean((np.clip(predicted, 0, 1) - picture[~train]) ** 2)
    print(
        f"image, n = {train.sum()}: fit and prediction of {(~train).sum()} pixels in {taken:.0f} s (wanted < 60), "
        f"PSNR {-10 * np.log10(error):.1f} dB, at most {resident_bytes() / 1e9:.1f} GB in memory (wanted < 6)",
        flush=True,
    )


def random_features():
    X = np.random.default_rng(0).normal(size=(100_000, 20))
    for dtype in (np.float64, np.float32):
        rows = X.astype(dtype)
        phi = RandomNeural(NTK(), n_components=2000, random_state=0).fit(rows)
        taken = best(lambda phi=phi, rows=rows: phi.transform(rows), 2)
        print(f"RandomNeural, n = 100000, 2000 features, {np.dtype(dtype)}: {taken:.1f} s")


if __name__ == "__main__":
    entries()
    scikit_ntk()
    random_features()
    image()
