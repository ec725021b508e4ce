"""Kernels and kernel ridge on torch's arrays against NumPy's; ``--device cuda``: also against what the device can."""

import argparse
import os

os.environ["SCIPY_ARRAY_API"] = "1"

import numpy as np
import sklearn
import torch
from measure import compare, seconds

from kernelkit import NTK, Gaussian, KernelPCA, KernelRidge, RandomFourier

WANTED = 0.67  # torch takes no more than 1.5 times as long on the same processor
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def data(n, d=20):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=n)


def waited_for(function, device):
    """The function, until the device is done with what it asked for."""

    def wait():
        result = function()
        if device == "cuda":
            torch.cuda.synchronize()
        return result

    return wait


def best(function, device, repeat=3):
    wait = waited_for(function, device)
    wait()
    return min(seconds(wait) for _ in range(repeat))


def peak(device, dtype):
    """TFLOP/s of a matrix product, and bytes a second that are read and written, of the device."""
    A = torch.rand(4096, 4096, dtype=dtype, device=device)
    flops = 2 * 4096**3 / best(lambda: A @ A, device)
    B = torch.rand(2**26, dtype=dtype, device=device)
    return flops, 2 * B.nbytes / best(lambda: B * 2, device)


def jobs(X, y, X_new):
    """What is timed, as functions without arguments, and the operations and bytes that it cannot do without."""
    n, d, m = 3000, X.shape[1], len(X_new)
    p, b = 500, 8 if "64" in str(X.dtype) else 4
    exact = KernelRidge(Gaussian(4.0), alpha=1e-2, solver="cholesky")
    landmarks = KernelRidge(Gaussian(4.0), alpha=1e-2, solver="nystroem", n_landmarks=p, random_state=0)
    fitted = sklearn.clone(exact).fit(X[:n], y[:n])
    components = KernelPCA(Gaussian(4.0), n_components=10, eigen_solver="dense")
    waves = RandomFourier(Gaussian(4.0), n_components=p, random_state=0).fit(X)
    values = 2 * d + 2  # operations a kernel value takes at least
    return {
        f"Gaussian matrix, n = {n}, d = {d}": (lambda: Gaussian(4.0)(X[:n]), values * n**2, b * n**2),
        f"cholesky, n = {n}": (lambda: exact.fit(X[:n], y[:n]), values * n**2 + n**3 / 3, b * n**2),
        f"nystroem, n = {len(X)}, {p} landmarks": (
            lambda: landmarks.fit(X, y),
            len(X) * (values * p + 4 * p**2),
            b * len(X) * d,
        ),
        f"predict, n = {n}, m = {m}": (lambda: fitted.predict(X_new), values * n * m, b * m * d),
        f"network, depth 3, n = {n // 2}": (lambda: NTK(depth=3)(X[: n // 2]), values * n**2 / 4, b * n**2 / 4),
        f"components, n = {n // 2}": (lambda: components.fit(X[: n // 2]), values * n**2 / 4, b * n**2 / 4),
        f"{p} random Fourier features, n = {len(X)}": (lambda: waves.transform(X), len(X) * d * p, b * len(X) * p),
    }


def main(device, name):
    X, y = (values.astype(name) for values in data(50_000))
    rows = [torch.asarray(values, device=device) for values in (X, y)]
    ours, theirs = jobs(*rows, rows[0][20_000:40_000]), jobs(X, y, X[20_000:40_000])
    print(f"{name}, torch {torch.__version__} on {device}, {torch.get_num_threads()} threads")
    flops, bandwidth = peak(device, DTYPES[name]) if device == "cuda" else (None, None)
    for what, (on_torch, operations, moved) in ours.items():
        wait = waited_for(on_torch, device)
        compare(what, wait, theirs[what][0], WANTED)
        if flops is not None:
            took = best(on_torch, device)
            least = max(operations / flops, moved / bandwidth)
            print(f"    {operations / took / 1e12:.2f} TFLOP/s, {least / took:.0%} of the least time of the device")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    with sklearn.config_context(array_api_dispatch=True):
        for dtype in DTYPES:
            main(arguments.device, dtype)
