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
# is the value in the middle without noise. A band of columns in the middle of both is for the test, the rest for
# training. The file holds float32, and is read as a ``np.memmap``.

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from kernelkit import Gaussian, KernelRidge, Linear

rng = np.random.default_rng(0)
side, noise = 5, 0.1
band = np.arange(200, 360)
others = np.setdiff1d(np.arange(640), band)


def squares(picture):
    """The square round each pixel of shape (height, width, 3), as a view of shape (height, width, 3, side, side)."""
    border = side // 2
    padded = np.pad(picture, ((border, border), (border, border), (0, 0)), mode="reflect")
    return np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))


clean = [(load_sample_image(name) / 255).astype(np.float32) for name in ("china.jpg", "flower.jpg")]
noisy = [picture + rng.normal(scale=noise, size=picture.shape).astype(np.float32) for picture in clean]
y = np.concatenate([picture[:, others].ravel() for picture in clean])
folder = TemporaryDirectory()
path = Path(folder.name) / "rows.float32"
with open(path, "wb") as file:
    for picture in noisy:
        squares(picture)[:, others].reshape(-1, side**2).tofile(file)
X = np.memmap(path, np.float32, mode="r", shape=(len(y), side**2))
print(f"{X.shape[0]} rows of {X.shape[1]} columns, {path.stat().st_size / 1e6:.0f} MB")

# %%
# Two filters
# -----------
# The best linear filter, and a kernel that adds a nonlinear one: its widths are smallest in the middle of the square,
# so that pixels near the middle matter most. One pass over the file gives each model. For comparison both are fitted on
# fewer rows too, drawn at random.

offsets = np.arange(side) - side // 2
widths = 0.3 * np.exp(0.3 * np.hypot(*np.meshgrid(offsets, offsets))).ravel()
models = {
    "linear": KernelRidge(Linear(), alpha=1.0, fit_intercept=True, solver="primal"),
    "with a kernel": KernelRidge(
        Linear() + Gaussian(widths), alpha=1.0, fit_intercept=True, solver="nystroem", n_landmarks=300, random_state=0
    ),
}
X_test = np.concatenate([squares(picture)[:, band].reshape(-1, side**2)[::5] for picture in noisy])
y_test = np.concatenate([picture[:, band].ravel()[::5] for picture in clean])


def decibels(values, truth):
    """Peak signal-to-noise ratio of values from 0 to 1."""
    return -10 * np.log10(np.mean((np.clip(values, 0, 1) - truth) ** 2))


counts = [1000, 10_000, 100_000, len(X)]
curves = {name: [] for name in models}
for count in counts:
    rows = slice(None) if count == len(X) else np.sort(rng.choice(len(X), count, replace=False))
    for name, model in models.items():
        start = perf_counter()
        model.fit(X[rows], y[rows])
        seconds = perf_counter() - start
        curves[name].append(decibels(model.predict(X_test), y_test))
        print(f"{name}, {count} rows: {curves[name][-1]:.2f} dB, fitted in {seconds:.1f} s")
del X
folder.cleanup()

# %%
# What one sees
# -------------
# Parts of both pictures that were not seen, without noise, with it, and filtered. The linear filter has to choose
# between noise and blur, everywhere the same; with the kernel it smooths where the square is smooth and keeps edges.
# Right: the signal-to-noise ratio in the test bands, more is better. Linear filters have learned nearly all they can
# from ten thousand rows. With the kernel more help: a hundred thousand clearly, a million a little.

parts = [np.s_[150:260, 225:335], np.s_[100:210, 225:335]]
figure = plt.figure(figsize=(14, 5), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=(2.2, 1))
for ax_row, truth, given, part in zip(left.subplots(2, 4), clean, noisy, parts, strict=True):
    rows = squares(given)[part].reshape(-1, side**2)
    views = {"clean": truth[part], "noisy": given[part]}
    views |= {name: model.predict(rows).reshape(truth[part].shape) for name, model in models.items()}
    for ax, (name, view) in zip(ax_row, views.items(), strict=True):
        ax.imshow(np.clip(view, 0, 1), interpolation="nearest")
        ax.set_title(name if name == "clean" else f"{name}: {decibels(view, truth[part]):.1f} dB")
        ax.axis("off")
ax = right.subplots()
for (name, ratios), style in zip(curves.items(), ("s--", "o-"), strict=True):
    ax.semilogx(counts, ratios, style, label=name)
ax.set(xlabel="rows", ylabel="PSNR in the test bands (dB)")
ax.legend(fontsize="small")
plt.show()
