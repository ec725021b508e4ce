"""Peak memory of predict on 10^6 rows x 20 with 2000 training rows, above the inputs and the output."""

import numpy as np
from measure import resident_bytes

from kernelkit import KernelRidge
from kernelkit.kernels import Gaussian

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000_000, 20))
    model = KernelRidge(Gaussian(sigma=4.5), alpha=0.1).fit(X[:2000], X[:2000, 0])
    model.predict(X[:3000])
    before = resident_bytes()
    output = model.predict(X)
    extra = resident_bytes() - before - output.nbytes
    print(f"predict on {X.shape}: {extra / 1e6:.0f} MB above inputs and output (wanted < 300 MB)")
