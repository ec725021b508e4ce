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


def errors():
    try:
        from rfflearn.cpu.rfflearn_cpu_common import Base
    except ImportError:
        Base = None
    print("relative error with 400 components, and ratios to RBFSampler's")
    for d in (5, 10, 20, 50):
        X = np.random.default_rng(d).normal(size=(1000, d))
        for width, wanted in ((1.0, 0.66), (0.5**0.5, 0.85)):
            sigma = width * d**0.5
            kernel = Gaussian(sigma)
            K = kernel(X)
            base = error(lambda seed, g=0.5 / sigma**2: RBFSampler(gamma=g, n_components=400, random_state=seed), X, K)
            line = f"d = {d:<3} sigma = {width:.1f} sqrt(d)  RBFSampler {base:.3f}"
            for sampling in ("orthogonal", "iid", "qmc"):
                make = lambda seed, k=kernel, s=sampling: RandomFourier(  # noqa: E731
                    k, n_components=400, sampling=s, random_state=seed
                )
                line += f"  {sampling} {error(make, X, K) / base:.2f}"
            if Base is not None:
                line += f"  rfflearn {theirs_orthogonal(Base, X, K, sigma) / base:.2f}"
            print(f"{line}  (wanted <= {wanted})", flush=True)


def theirs_orthogonal(Base, X, K, sigma):
    errors = []
    for seed in range(SEEDS):
        np.random.seed(seed)
        base = Base("orf", 200, 1 / sigma, None, None, None)
        base.set_weight(X.shape[1])
        Z = base.conv(X) if hasattr(base, "conv") else None
        errors.append(np.linalg.norm(Z @ Z.T - K) / np.linalg.norm(K))
    return np.mean(errors)


if __name__ == "__main__":
    time()
    errors()
