"""
Where to put landmarks
======================

A few rows can stand for all, if they are the right ones. Rows drawn with equal chances come from where there are many,
and miss what is rare. Here the rows are colours of a photograph, so that landmarks make a palette.
"""

# %%
# A photograph as a table
# -----------------------
# Every fourth pixel in each direction, as red, green and blue from 0 to 1.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image
from threadpoolctl import threadpool_limits

from kernelkit import Gaussian, Nystroem

picture = load_sample_image("flower.jpg")[::4, ::4] / 255
X = picture.reshape(-1, 3)
kernel = Gaussian(0.3)
strategies = ("uniform", "leverage", "farthest", "kmeans", "rpcholesky")
print(f"{len(X)} rows")

# %%
# What landmarks lose
# -------------------
# The share of the trace that is lost is the mean squared distance of rows from the span of the landmarks, in feature
# space. Medians of three seeds, on 2000 rows; and what no p features can beat, the sum of all but the p largest
# eigenvalues.

counts = [5, 10, 20, 40, 80]
palette = 10


def fitted(strategy, count, seed):
    return Nystroem(kernel, n_components=count, landmarks=strategy, random_state=seed).fit(X)


def loss(strategy, count):
    return np.median([fitted(strategy, count, seed).error_report(X, n_samples=2000).trace for seed in range(3)])


with threadpool_limits(1):  # threads of small problems mostly wait for each other
    losses = {strategy: np.array([loss(strategy, count) for count in counts]) for strategy in strategies}
    landmarks = {strategy: fitted(strategy, palette, 0).components_ for strategy in strategies}
sample = X[np.random.default_rng(0).choice(len(X), 2000, replace=False)]
eigenvalues = np.linalg.eigvalsh(kernel(sample))[::-1]
least = np.array([eigenvalues[count:].sum() for count in counts]) / eigenvalues.sum()
for strategy, values in losses.items():
    print(f"{strategy}:", *(f"{value:.1e} ({count})" for value, count in zip(values, counts, strict=True)))
print("best possible:", *(f"{value:.1e} ({count})" for value, count in zip(least, counts, strict=True)))

# %%
# What one sees
# -------------
# Middle: the palettes. Ten uniform landmarks hold no colour of the flower, the farthest points few shades of the
# leaves. Right: from 20 on uniform landmarks fall behind. Centres of clusters are best while there are few; with
# more, randomly pivoted Cholesky, the default, which draws a row by what the others leave of it. The eigenvectors,
# dashed, are the best there is, but take all rows to build. Where rows fill many dimensions evenly strategies differ
# much less.

figure = plt.figure(figsize=(13, 4.4), layout="constrained")
left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1, 1.2))
ax = left.subplots()
ax.imshow(picture)
ax.set(xticks=[], yticks=[], title=f"{len(X)} pixels")
ax = middle.subplots()
brightness = np.array([0.3, 0.6, 0.1])
swatches = np.stack([colours[np.argsort(colours @ brightness)] for colours in landmarks.values()])
ax.imshow(np.clip(swatches, 0, 1), aspect="auto")
ax.hlines(np.arange(len(strategies) - 1) + 0.5, -0.5, palette - 0.5, color="white", linewidth=6)
ax.set(xticks=[], title=f"{palette} landmarks, by brightness")
ax.set_yticks(range(len(strategies)), strategies)
ax = right.subplots()
for (strategy, values), style in zip(losses.items(), ("o-", "v-.", "^:", "s--", "D-"), strict=True):
    ax.loglog(counts, values, style, label=strategy, markersize=5)
ax.loglog(counts, least, "k--", label="best possible")
ax.set(xlabel="landmarks", ylabel="share of the trace lost", title="error")
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.legend(fontsize="small", loc="lower left")
plt.show()
