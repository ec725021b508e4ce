"""Kernel ridge on many rows: landmarks against a floor and scikit-learn, exact iterations, files, and real data.

``python benchmarks/scale.py [landmarks] [exact] [file] [accuracy] [--data FOLDER]``; without names all but `file`,
which writes 800 MB, are run. FOLDER has the files uci_regression/NAME/data.csv.gz (last column the target) and
test_mask.csv.gz (first column the split), libsvm/a9a.svmlight.gz and a9a.t.svmlight.gz, and mnist.npz.
"""

import argparse
import tempfile
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import sklearn.kernel_approximation
from measure import compare, resident_bytes, seconds
from sklearn.datasets import load_svmlight_file
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline

from kernelkit import Gaussian, KernelRidge, KernelRidgeClassifier, KernelSVC, Matern, RandomFourier
from kernelkit.engine import KernelOperator, blocks, run

N, P, D, STEPS = 100_000, 2000, 20, 20


def problem(n=N, d=D, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    y = np.sin(X[:, 0] * X[:, 1]) + np.abs(X[:, 2]) + 0.1 * rng.normal(size=n)
    return X.astype(dtype), y


def floor(X, Z, dtype):
    """One matrix product and one exp over n x p, in pieces that stay in the cache, on all threads."""
    A, B = (np.column_stack([M, M[:, :2]]).astype(dtype) for M in (X, Z))
    height = 2**20 // (np.dtype(dtype).itemsize * len(Z))

    def work(part):
        room = np.empty((height, len(Z)), dtype=dtype)
        for rows in blocks(part.stop - part.start, height):
            K = np.matmul(A[part.start + rows.start : part.start + rows.stop], B.T, out=room[: rows.stop - rows.start])
            np.multiply(K, 1e-3, out=K)
            np.exp(K, out=K)

    run(work, blocks(len(X), 4096))


def landmarks():
    race(np.float64, 3.8)
    race(np.float32, 3)


def race(dtype, wanted):
    X, y = problem(dtype=dtype)
    kernel = Gaussian(D**0.5)
    ours = KernelRidge(kernel, alpha=1e-2, solver="nystroem", n_landmarks=P, max_iter=STEPS, tol=1e-12, random_state=0)
    lift = sklearn.kernel_approximation.Nystroem(gamma=0.5 / D, n_components=P, random_state=0)
    theirs = make_pipeline(lift, Ridge(1e-2))
    name = f"n = {N}, {P} landmarks, {np.dtype(dtype)}, {STEPS} steps"
    compare(f"{name}: Nystroem + Ridge", lambda: ours.fit(X, y), lambda: theirs.fit(X, y), wanted, 2)
    operator, v = KernelOperator(kernel, X, ours.X_fit_), np.ones((len(ours.X_fit_), 1), dtype=dtype)
    step = min(seconds(lambda: operator.transposed_sum(lambda i, K: K @ v, 1)) for _ in range(4))
    least = min(seconds(lambda: floor(X, ours.X_fit_, dtype)) for _ in range(4))
    print(
        f"    residual {ours.residual_:.0e} after {ours.n_iter_} steps; training errors {rmse(ours, X, y):.4f}, "
        f"{rmse(theirs, X, y):.4f}; a step {step:.2f} s, {step / least:.2f} of product and exp (wanted <= 1.3)",
        flush=True,
    )


def uci(folder, name):
    data = np.loadtxt(folder / "uci_regression" / name / "data.csv.gz", delimiter=",")
    test = np.loadtxt(folder / "uci_regression" / name / "test_mask.csv.gz", delimiter=",")[:, 0].astype(bool)
    train = data[~test]
    data = (data - train.mean(axis=0)) / np.where(train.std(axis=0) > 0, train.std(axis=0), 1)
    return data[~test, :-1], data[~test, -1], data[test, :-1], data[test, -1]


def rmse(model, X, y):
    return np.sqrt(np.mean((model.predict(X) - y) ** 2))


def exact(folder):
    """Exact conjugate gradients where an unpreconditioned run does not arrive."""
    X, y, X_test, y_test = uci(folder, "kin40k")
    for rank, steps in ((2000, 100), (0, 250)):
        model = KernelRidge(Matern(2.0), alpha=1e-3, solver="cg", preconditioner_rank=rank, random_state=0)
        taken = seconds(lambda m=model, k=steps: m.set_params(tol=1e-4, max_iter=k).fit(X, y))
        print(
            f"kin40k, n = {len(X)}, Matern-3/2, alpha = 1e-3, rank {rank}: residual {model.residual_:.0e} after "
            f"{model.n_iter_} steps, {taken:.0f} s, test error {rmse(model, X_test, y_test):.3f}, at most "
            f"{resident_bytes() / 1e9:.2f} GB in memory",
            flush=True,
        )


def file():
    """Rows on disk: time against n, and memory beyond the page cache."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(10**7, D))
        rng = np.random.default_rng(0)
        for part in blocks(len(rows), 10**5):
            rows[part] = rng.standard_normal(size=(part.stop - part.start, D), dtype=np.float32)
        del rows
        X = np.load(path, mmap_mode="r")
        for n in (10**5, 10**6, 10**7):
            y = np.sin(X[:n, 0])
            model = KernelRidge(Gaussian(D**0.5), alpha=1e-2, solver="nystroem", n_landmarks=500, random_state=0)
            tracemalloc.start()
            taken = seconds(lambda m=model, k=n, t=y: m.fit(X[:k], t))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            print(f"n = {n}, 500 landmarks, from disk: {taken:.1f} s, {taken / n * 1e6:.1f} s for 10^6 rows; ", end="")
            print(f"at most {peak / 1e6:.0f} MB beyond the page cache and the targets", flush=True)


def accuracy(folder):
    for name, sigma, wanted in (("kin40k", 2.0, 0.12), ("pol", 2.0, 0.17)):
        X, y, X_test, y_test = uci(folder, name)
        model = KernelRidge(Matern(sigma), alpha=1e-2, solver="auto", random_state=0)
        taken = seconds(lambda m=model, x=X, t=y: m.fit(x, t))
        print(
            f"{name}: {model.solver_}, {taken:.0f} s, test error {rmse(model, X_test, y_test):.3f} (wanted {wanted})",
            flush=True,
        )
    a9a(folder)
    mnist(folder)


def a9a(folder):
    X, y = load_svmlight_file(str(folder / "libsvm" / "a9a.svmlight.gz"), n_features=123)
    X_test, y_test = load_svmlight_file(str(folder / "libsvm" / "a9a.t.svmlight.gz"), n_features=123)
    X, X_test = X.toarray(), X_test.toarray()
    scores = []
    for seed in range(5):
        phi = RandomFourier(Gaussian(5.0), n_components=500, random_state=seed)
        scores.append(make_pipeline(phi, RidgeClassifier(1.0)).fit(X, y).score(X_test, y_test))
    print(f"a9a, 500 random Fourier features: test error {100 * (1 - np.mean(scores)):.2f} % (wanted 15.1)", flush=True)
    ridge = KernelRidgeClassifier(Gaussian(5.0), alpha=1.0, solver="cg", fit_intercept=True, random_state=0)
    ridge.set_params(preconditioner_rank=300, tol=1e-3)
    machine = KernelSVC(Gaussian(5.0), C=10.0)
    for model in (ridge, machine):
        taken = seconds(lambda m=model: m.fit(X, y))
        error = 100 * (1 - model.score(X_test, y_test))
        print(
            f"a9a, {type(model).__name__}: {taken:.0f} s, test error {error:.2f} % (wanted 14.9 for exact)", flush=True
        )


def mnist(folder):
    data = np.load(folder / "mnist.npz")
    X, X_test = (data[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("X_train", "X_test"))
    for sigma, p, alpha, wanted in ((15.0, 1000, 1e-3, 4.3), (5.0, 3000, 1e-2, None)):
        model = KernelRidgeClassifier(Gaussian(sigma), alpha=alpha, solver="nystroem", n_landmarks=p, max_iter=20)
        model.set_params(random_state=0, tol=1e-4)
        taken = seconds(lambda m=model: m.fit(X, data["y_train"]))
        error = 100 * (1 - model.score(X_test, data["y_test"]))
        print(f"MNIST, {p} landmarks: {taken:.0f} s, test error {error:.2f} % (wanted {wanted})", flush=True)
    machine = KernelSVC(Gaussian(5.0), C=10.0)
    taken = seconds(lambda: machine.fit(X, data["y_train"]))
    error = 100 * (1 - machine.score(X_test, data["y_test"]))
    print(f"MNIST, KernelSVC: {taken:.0f} s, test error {error:.2f} % (wanted 1.6)", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["landmarks", "exact", "accuracy"])
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # a given number of steps is what is measured
    for part in options.parts:
        start = time.perf_counter()
        if part in ("exact", "accuracy"):
            if options.data is None:
                print(f"{part}: skipped, for want of --data FOLDER")
                continue
            globals()[part](options.data)
        else:
            globals()[part]()
        print(f"({part}: {time.perf_counter() - start:.0f} s)")
