"""Peak memory of predict on 10^6 rows x 20 with 2000 training rows, above the inputs and the output."""

import tracemalloc

import numpy as np

from kernelkit import KernelRidge
from kernelkit.kernels import Gaussian

if __name__ == "__main__":
    X = np.random.default_rng(0).normal(size=(1_000_000, 20))
    model = KernelRidge(Gaussian(sigma=4.5), alpha=0.1).fit(X[:2000], X[:2000, 0])
    tracemalloc.start()
    output = model.predict(X)
    extra = tracemalloc.get_traced_memory()[1] - output.nbytes
    print(f"predict on {X.shape}: {extra / 1e6:.0f} MB above inputs and output (wanted < 300 MB)")
