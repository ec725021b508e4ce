"""Random Fourier features against scikit-learn's RBFSampler, and rfflearn's where it is installed: time and error."""

import numpy as np
from measure import compare
from sklearn.kernel_approximation import RBFSampler

from kernelkit import Gaussian, RandomFourier

N, D, P = 100_000, 50, 1000
SEEDS = 20


def time():
    rng = np.random.default_rng(0)
    for dtype, wanted in ((np.float64, 3), (np.float32, 2)):
        X = rng.normal(size=(N, D)).astype(dtype)
        ours = RandomFourier(Gaussian(D**0.5), n_components=P, random_state=0).fit(X)
        theirs = RBFSampler(gamma=0.5 / D, n_components=P, random_state=0).fit(X)
        what = f"transform, n = {N}, d = {D}, {P} components, {X.dtype}"
        compare(what, lambda ours=ours, X=X: ours.transform(X), lambda theirs=theirs, X=X: theirs.transform(X), wanted)


def error(make, X, K):
    """The mean relative error in the Frobenius norm, over random seeds."""
    errors = []
    for seed in range(SEEDS):
        Z = make(seed).fit_transform(X)
        errors.append(np.linalg.norm(Z @ Z.T - K) / np.linalg.norm(K))
    return np.mean(errors)


def orthogonal_of_rfflearn():
    """Their frequencies with cosines and sines, or None where it is not installed."""
    try:
        from rfflearn.cpu.rfflearn_cpu_common import get_orf_matrix
    except ImportError:
        return None

    class Orthogonal:
        def __init__(self, sigma, seed):
            self.sigma, self.seed = sigma, seed

        def fit_transform(self, X):
            np.random.seed(self.seed)  # noqa: NPY002  their generator is the global one
            angles = X @ get_orf_matrix(X.shape[1], 200, 1 / self.sigma)
            return np.concatenate([np.cos(angles), np.sin(angles)], axis=1) / 200**0.5

    return Orthogonal


def errors():
    theirs = orthogonal_of_rfflearn()
    missing = "" if theirs else "; rfflearn is not installed: left out"
    print(f"relative error with 400 components, and ratios to RBFSampler's{missing}")
    for d in (5, 10, 20, 50):
        X = np.random.default_rng(d).normal(size=(1000, d))
        for width, wanted in ((1.0, 0.66), (0.5**0.5, 0.85)):
            print(f"d = {d:<3} sigma = {width:.1f} sqrt(d)  {ratios(X, width * d**0.5, theirs)}  (wanted <= {wanted})")


def ratios(X, sigma, theirs):
    kernel = Gaussian(sigma)
    K = kernel(X)
    base = error(lambda seed: RBFSampler(gamma=0.5 / sigma**2, n_components=400, random_state=seed), X, K)
    line = f"RBFSampler {base:.3f}"
    for sampling in ("orthogonal", "iid", "qmc"):
        ours = {"n_components": 400, "sampling": sampling}
        found = error(lambda seed, ours=ours: RandomFourier(kernel, **ours, random_state=seed), X, K)
        line += f"  {sampling} {found / base:.2f}"
    return line + (f"  rfflearn {error(lambda seed: theirs(sigma, seed), X, K) / base:.2f}" if theirs else "")


if __name__ == "__main__":
    time()
    errors()
