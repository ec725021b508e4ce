"""Ridge on landmarks of rows on a cluster of two processes, against the same rows in memory.

``python benchmarks/dask_ridge.py [--rows 1000000] [--landmarks 1000] [--blocks 20] [--steps 0] [--rounds 3]``; with
steps, conjugate gradients are forced in place of one pass, and so many of them taken.
"""

import argparse
import warnings

import dask
import dask.array as da
import distributed
import numpy as np
from measure import seconds
from sklearn.exceptions import ConvergenceWarning

from kernelkit import Gaussian, KernelRidge
from kernelkit.estimators import _many_rows

D = 20


def problem(n):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, D))
    return X, np.sin(X[:, 0] * X[:, 1]) + np.abs(X[:, 2]) + 0.1 * rng.normal(size=n)


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("rows", 10**6), ("landmarks", 1000), ("blocks", 20), ("steps", 0), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    X, y = problem(given.rows)
    model = KernelRidge(Gaussian(D**0.5), alpha=1.0, solver="nystroem", n_landmarks=given.landmarks, random_state=0)
    if given.steps:
        _many_rows.SMALL_LANDMARKS = 0
        model.set_params(max_iter=given.steps, tol=1e-15)
        warnings.simplefilter("ignore", ConvergenceWarning)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "10GB"})  # the rows are made in this process
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster):
        blocks = da.from_array(X, chunks=(-(-given.rows // given.blocks), D)).persist()
        targets = da.from_array(y, chunks=blocks.chunks[:1]).persist()
        distributed.wait([blocks, targets])
        here, there = [], []
        for _ in range(given.rounds):
            here.append(seconds(lambda: model.fit(X, y)))
            expected = model.dual_coef_
            there.append(seconds(lambda: model.fit(blocks, targets)))
        error = np.abs(model.dual_coef_ - expected).max() / np.abs(expected).max()
        print(
            f"n = {given.rows}, p = {given.landmarks}, {given.blocks} blocks, {model.n_iter_} steps: in memory "
            f"{min(here):.2f} s, on two processes {min(there):.2f} s, overhead {min(there) / min(here) - 1:.0%} "
            f"(wanted <= 30%); coefficients differ by {error:.0e} of the largest (wanted <= 1e-8)"
        )


if __name__ == "__main__":
    main()
