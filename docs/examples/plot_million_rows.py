"""
A million rows on a laptop
==========================

A photograph has hundreds of thousands of pixels, each with its neighbours a row of a table. From a million such rows,
in a file, a kernel learns to take noise off pictures. Its matrix would have 10¹² numbers; landmarks need 300 columns of
it, and never all rows at once.
"""

# %%
# Rows in a file
# --------------
# To two photographs noise is added. A row is the square of 5 x 5 noisy values round a pixel, in one colour; the target
# is the value in the middle without noise. The first photograph and the left half of the second are for training. The
# file holds them as float32, and is read as a ``np.memmap``.

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from kernelkit import Gaussian, KernelRidge, Linear

rng = np.random.default_rng(0)
side, noise = 5, 0.1


def rows_of(noisy):
    """Squares round all pixels of shape (height, width, 3), as rows of shape (pixels x 3, side²)."""
    border = side // 2
    padded = np.pad(noisy, ((border, border), (border, border), (0, 0)), mode="reflect")
    squares = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))
    return squares.reshape(-1, side**2)


pictures = [(load_sample_image(name) / 255).astype(np.float32) for name in ("china.jpg", "flower.jpg")]
noisy = [picture + rng.normal(scale=noise, size=picture.shape).astype(np.float32) for picture in pictures]
half = pictures[1].shape[1] // 2
clean, test = pictures[1][:, half:], noisy[1][:, half:]
targets = np.concatenate([pictures[0].ravel(), pictures[1][:, :half].ravel()])
shape = (len(targets), side**2)
folder = TemporaryDirectory()
path = Path(folder.name) / "rows.float32"
with open(path, "wb") as file:
    for picture in (noisy[0], noisy[1][:, :half]):
        rows_of(picture).tofile(file)
X = np.memmap(path, np.float32, mode="r", shape=shape)
print(f"{shape[0]} rows of {shape[1]} columns, {path.stat().st_size / 1e6:.0f} MB")

# %%
# Two filters
# -----------
# The best linear filter, and a kernel that adds a nonlinear one: its widths are smallest in the middle of the square,
# so that pixels near the middle matter most. One pass over the file gives each model.

offsets = np.arange(side) - side // 2
widths = 0.3 * np.exp(0.3 * np.hypot(*np.meshgrid(offsets, offsets))).ravel()
linear = KernelRidge(Linear(), alpha=1.0, fit_intercept=True, solver="primal")
curved = KernelRidge(
    Linear() + Gaussian(widths), alpha=1.0, fit_intercept=True, solver="nystroem", n_landmarks=300, random_state=0
)


def decibels(picture):
    """Peak signal-to-noise ratio on the test half."""
    return -10 * np.log10(np.mean((picture - clean) ** 2))


def filtered(model):
    return np.clip(model.predict(rows_of(test)), 0, 1).reshape(clean.shape)


counts = [1000, 10_000, 100_000, len(X)]
pictures_by, curves = {}, {"linear": [], "with a kernel": []}
for count in counts:
    rows = slice(None) if count == len(X) else np.sort(rng.choice(len(X), count, replace=False))
    for name, model in (("linear", linear), ("with a kernel", curved)):
        start = perf_counter()
        model.fit(X[rows], targets[rows])
        seconds = perf_counter() - start
        pictures_by[name] = filtered(model)
        curves[name].append(decibels(pictures_by[name]))
        print(f"{name}, {count} rows: {curves[name][-1]:.2f} dB, fitted in {seconds:.1f} s")
print(f"noisy: {decibels(test):.2f} dB")
del X
folder.cleanup()

# %%
# What one sees
# -------------
# A part of the half that was not seen. The linear filter has to choose between noise and blur, everywhere the same; the
# kernel one smooths where the square is smooth and keeps edges. Right: the signal-to-noise ratio, more is better, over
# rows. Linear filters have learned all they can from a thousand rows. With the kernel more rows help.

shown = slice(100, 300), slice(20, 220)
views = {"clean": clean, "noisy": np.clip(test, 0, 1), **pictures_by}
figure = plt.figure(figsize=(14, 3.6), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=(3, 1.1))
for ax, (name, picture) in zip(left.subplots(1, 4), views.items(), strict=True):
    ax.imshow(picture[shown], interpolation="nearest")
    ax.set_title(name if name == "clean" else f"{name}: {decibels(picture):.1f} dB")
    ax.axis("off")
ax = right.subplots()
for (name, ratios), style in zip(curves.items(), ("s--", "o-"), strict=True):
    ax.semilogx(counts, ratios, style, label=name)
ax.set(xlabel="rows", ylabel="PSNR on the test half (dB)")
ax.legend(fontsize="small")
plt.show()
