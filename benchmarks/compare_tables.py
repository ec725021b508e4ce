"""`compare` over many real tables: what it recommends, within what time, and whether the held-out rows agree.

    python benchmarks/compare_tables.py --data FOLDER [--budget 60] [--only NAME,NAME] [--write docs/performance.md]

Without a folder, the data sets that ship with scikit-learn. `--write` puts what the models reach between the marks of
this script in a file. The exit status is 1 where a run took 15% more than its
budget, or where a model is recommended that is clearly worse than the linear one on the held-out rows.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from measure import replace_marked
from sklearn.datasets import load_svmlight_file

from kernelkit import compare
from kernelkit.comparison._read import BUNDLED, bundled

LATE = 1.15
REFUTED = 2  # standard errors
MOST_IMAGES = 10_000


def tables(folder):
    """Yield a name, and how to get X, y and the task, for everything there is in the folder."""
    for name in BUNDLED:
        yield name, lambda name=name: (*bundled(name), "auto")
    if folder is None:
        return
    for file in sorted(folder.glob("uci_regression/*/data.csv.gz")):
        yield file.parent.name, lambda file=file: last_column(pd.read_csv(file, header=None), "regression")
    for file in sorted(folder.glob("libsvm/*.svmlight.gz")):
        if not file.name.endswith(".t.svmlight.gz"):
            yield file.name.removesuffix(".svmlight.gz"), lambda file=file: dense(file)
    if (folder / "mnist.npz").exists():
        yield "mnist", lambda: images(folder / "mnist.npz")
    if (folder / "covtype20k.csv.gz").exists():
        file = folder / "covtype20k.csv.gz"
        yield "covtype20k", lambda: last_column(pd.read_csv(file, header=None), "classification")
    if (folder / "cal_housing.csv.gz").exists():
        yield "cal_housing", lambda: last_column(pd.read_csv(folder / "cal_housing.csv.gz"), "regression")
    if (folder / "diamonds.csv").exists():
        yield "diamonds", lambda: named(pd.read_csv(folder / "diamonds.csv"), "price")


def last_column(frame, task):
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    return frame.iloc[:, :-1], frame.iloc[:, -1], task


def named(frame, target):
    return frame.drop(columns=target), frame[target], "regression"


def dense(file):
    X, y = load_svmlight_file(str(file))
    return X.toarray(), y, "classification"


def images(file):
    with np.load(file) as data:
        X, y = data["X_train"], data["y_train"]
    rows = np.sort(np.random.default_rng(0).permutation(len(y))[:MOST_IMAGES])
    return X[rows].reshape(len(rows), -1), y[rows], "classification"


def reached(name, rows, result):
    """Return a line of Markdown: the means over the folds of the best of each family."""
    found = result.to_dict()
    score, models = found["settings"]["score"], result.table[result.table["status"] == "ok"]
    linear = models.loc["linear", score]
    cells = [f"{name} ({'R²' if score == 'r2' else 'accuracy'})", f"{rows:,}", f"{linear:.3f}"]
    for families in (("lifted",), ("kernel", "machine"), ("yardstick",)):
        some = models[models["family"].isin(families) & (models.index != "linear")]
        cells.append(f"{some[score].max():.3f} {some[score].idxmax()}" if len(some) else "–")
    return f"| {' | '.join([*cells, result.recommended])} |"


def one(name, load, budget, lines):
    """Compare on one table, print a line, and return what is wrong with it."""
    X, y, task = load()
    start = time.perf_counter()
    result = compare(X, y, task=task, budget=budget, name=name)
    seconds = time.perf_counter() - start
    found = result.to_dict()
    held, score = found["held_out"], found["settings"]["score"]
    print(
        f"{name:<14} {len(y):>6} x {X.shape[1]:<3}  {seconds:6.1f} of {budget:g} s  {result.recommended:<13} "
        f"held out {held['recommended'][score]:7.3f}, linear {held['linear'][score]:7.3f}  "
        f"{found['verdict']['headline']}",
        flush=True,
    )
    lines.append(reached(name, found["data"]["compared_on_rows"], result))
    noise = min(held["gain_standard_error"], held["linear_standard_error"])
    wrong = []
    if seconds > LATE * budget:
        wrong.append(f"{name}: {seconds:.1f} s, over a budget of {budget:g} s")
    if result.recommended != "linear" and held["gain"] < -REFUTED * noise:
        wrong.append(f"{name}: {result.recommended} is recommended, and worse than linear on the held-out rows")
    return wrong


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, help="a folder of tables; see the functions of this file for its layout")
    options.add_argument("--budget", type=float, default=60.0, help="seconds for each table")
    options.add_argument("--only", default="", help="names of tables, separated by commas")
    options.add_argument("--write", type=Path, help="a Markdown file that holds the marks of this script")
    options = options.parse_args()
    if options.data is not None and not options.data.is_dir():
        sys.exit(f"there is no folder {options.data}: the tables are not part of the project")
    if options.data is None:
        print("no --data FOLDER was given: only the data sets that ship with scikit-learn")
    lines = [
        "| table | rows compared | linear | lifted | kernel | forest | use |",
        "|---|---|---|---|---|---|---|",
    ]
    chosen = [name for name in options.only.split(",") if name]
    wrong = []
    for name, load in tables(options.data):
        if not chosen or name in chosen:
            wrong += one(name, load, options.budget, lines)
    if options.write:
        replace_marked(options.write, Path(__file__).name, "\n".join(lines))
    print("\n".join(wrong) or "every run kept its budget, and no recommendation is refuted by its held-out rows")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
