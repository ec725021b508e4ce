"""How often the verdict of `compare` is right where the truth is known: data drawn from it, with many seeds.

python benchmarks/verdicts.py [--seeds 20] [--only linear,xor]
"""

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.datasets import make_circles

from kernelkit import compare
from kernelkit.comparison import _memory

MODELS = "linear,interactions,splines,poly2-lifted,poly2-kernel,poly3-lifted,gaussian,matern,nystroem"
ROWS = 300
LINEAR = {"linear"}
SQUARES, CUBES = {"poly2-lifted", "poly2-kernel"}, {"poly3-lifted", "poly3-kernel"}
KERNELS = {"gaussian", "matern", "nystroem"}


def linear(rng):
    X = rng.normal(size=(ROWS, 4))
    return X, X @ [1.0, -1.0, 0.5, 0.0] + rng.normal(size=ROWS)


def linear_with_categories(rng):
    X = pd.DataFrame(rng.normal(size=(ROWS, 2)), columns=["a", "b"]).assign(color=rng.choice(["r", "g", "b"], ROWS))
    levels = X["color"].map({"r": 0.0, "g": 1.0, "b": -1.0}).to_numpy(dtype=float)
    return X, X["a"].to_numpy() + levels + rng.normal(size=ROWS)


def linear_with_heavy_tails(rng):
    X = rng.normal(size=(ROWS, 4))
    return X, X @ [1.0, -1.0, 0.5, 0.0] + rng.standard_t(2.5, size=ROWS)


def linear_classes(rng):
    X = rng.normal(size=(ROWS, 4))
    return X, np.where(X @ [1.0, -1.0, 0.5, 0.0] + rng.logistic(size=ROWS) / 2 > 0, "a", "b")


def noise(rng):
    return rng.normal(size=(ROWS, 4)), rng.choice(["a", "b"], size=ROWS)


def xor(rng):
    X = rng.normal(size=(ROWS, 4))
    return X, np.where(X[:, 0] * X[:, 1] > 0, "a", "b")


def circles(rng):
    return make_circles(ROWS, noise=0.1, factor=0.5, random_state=int(rng.integers(1 << 30)))


def smooth(rng):
    X = rng.normal(size=(ROWS, 2))
    return X, np.sin(3 * X[:, 0]) + np.cos(3 * X[:, 1]) + 0.1 * rng.normal(size=ROWS)


def cubic(rng):
    X = rng.normal(size=(ROWS, 4))
    return X, X[:, 0] ** 3 - X[:, 0] * X[:, 1] * X[:, 2] + 0.2 * rng.normal(size=ROWS)


# What may be recommended: models that hold the truth, the kernels where it is smooth or a boundary.
TRUTHS = {
    linear: LINEAR,
    linear_with_categories: LINEAR,
    linear_with_heavy_tails: LINEAR,
    linear_classes: LINEAR,
    noise: LINEAR,
    xor: {"interactions"} | SQUARES | CUBES | KERNELS,
    circles: {"splines"} | SQUARES | CUBES | KERNELS,
    smooth: {"splines"} | KERNELS,
    cubic: CUBES,
}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--only", default="", help="names of truths, separated by commas")
    options = options.parse_args()
    _memory.known_here = lambda: False  # the separate process for memory takes longer than all else here
    chosen = [name for name in options.only.split(",") if name]
    for truth, right in TRUTHS.items():
        if chosen and truth.__name__ not in chosen:
            continue
        start = time.perf_counter()
        given = [
            compare(*truth(np.random.default_rng(seed)), candidates=MODELS, seed=seed).recommended
            for seed in range(options.seeds)
        ]
        wrong = [name for name in given if name not in right]
        counts = {name: wrong.count(name) for name in sorted(set(wrong))}
        print(
            f"{truth.__name__:<24} wrong {len(wrong):2d} of {len(given)} ({len(wrong) / len(given):4.0%})  "
            f"{(time.perf_counter() - start) / len(given):.1f} s each  {counts or ''}",
            flush=True,
        )


if __name__ == "__main__":
    main()
