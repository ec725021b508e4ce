"""
Taking noise off digits: linear and kernel components
=====================================================

Digits lie near a curved surface among all pictures. Principal components put a plane through them, kernel components
something that bends. A noisy picture is taken to its components and back: what the components do not hold is lost, and
most of that is noise.
"""

# %%
# Noisy digits
# ------------
# 8 x 8 pixels from 0 to 16, and normal noise of standard deviation 5. Components are learned from noisy pictures of one
# half of the digits, and tried on the other half.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from kernelkit import Gaussian, KernelPCA

clean, labels = load_digits(return_X_y=True)
noisy = clean + np.random.default_rng(0).normal(scale=5, size=clean.shape)
noisy, noisy_test, _, clean_test, _, labels_test = train_test_split(noisy, clean, labels, test_size=0.5, random_state=0)

# %%
# There and back
# --------------
# The way back from linear components is a product. From kernel components there is none: most of what they can express
# is the image of no picture. ``fit_inverse_transform=True`` learns a ridge regression from components to pictures; its
# alpha was chosen for these pictures, which are noisy too.

counts = [2, 4, 8, 12, 16, 32, 64, 128, 256]
linear = {p: PCA(p, random_state=0) for p in counts if p <= clean.shape[1]}
curved = {
    p: KernelPCA(Gaussian("scale"), n_components=p, fit_inverse_transform=True, alpha=10.0, random_state=0)
    for p in counts
}


def restored(model):
    return model.inverse_transform(model.fit(noisy).transform(noisy_test))


def error(pictures):
    """Root mean squared error of a pixel."""
    return np.sqrt(np.mean((pictures - clean_test) ** 2))


pictures = {
    name: {p: restored(model) for p, model in models.items()}
    for name, models in (("linear", linear), ("kernel", curved))
}
errors = {name: {p: error(rows) for p, rows in found.items()} for name, found in pictures.items()}
best = {name: min(found, key=found.get) for name, found in errors.items()}
print(f"error of a pixel in noisy pictures: {error(noisy_test):.2f}")
for name, p in best.items():
    print(f"{name}: least error {errors[name][p]:.2f}, with {p} components")

# %%
# What one sees
# -------------
# Left: too few components lose the digit, too many keep the noise. With 64 linear components, as many as there are
# pixels, nothing is lost and nothing gained. Kernel components have the smaller error at any number, and may be more
# than there are pixels. Right: digits of the test half, with each method at its best.

figure = plt.figure(figsize=(13, 4.6), layout="constrained")
curves, gallery = figure.subfigures(1, 2, width_ratios=(1, 1.8))
ax = curves.subplots()
for (name, found), style in zip(errors.items(), ("s--", "o-"), strict=True):
    ax.semilogx(list(found), list(found.values()), style, base=2, label=f"{name} components")
ax.axhline(error(noisy_test), color="black", linestyle=":", label="noisy pictures")
ax.set(xlabel="number of components", ylabel="error of a pixel (0 to 16)", ylim=(0, 7))
ax.set_xticks(counts, counts)
ax.legend(loc="lower left", fontsize="small")
shown = [np.flatnonzero(labels_test == digit)[0] for digit in range(10)]
rows = {
    "clean": clean_test,
    "noisy": noisy_test,
    f"linear, {best['linear']}": pictures["linear"][best["linear"]],
    f"kernel, {best['kernel']}": pictures["kernel"][best["kernel"]],
}
axes = gallery.subplots(len(rows), len(shown))
for ax_row, (name, found) in zip(axes, rows.items(), strict=True):
    for ax, i in zip(ax_row, shown, strict=True):
        ax.imshow(found[i].reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
    ax_row[0].set_ylabel(name)
plt.show()
