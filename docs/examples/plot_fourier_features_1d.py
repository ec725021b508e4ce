"""
Fourier features: the bandwidth of a network
============================================

Mapped to cosines and sines of random frequencies, a coordinate becomes an input from which a network learns high
frequencies nearly as fast as low ones. The standard deviation of these frequencies, their ``scale``, sets the width of
the network's kernel: in a given time too small a scale underfits, too large a one overfits.

This is the experiment of sections 4 and 5 of Tancik et al. (2020), *Fourier features let networks learn high frequency
functions in low dimensional domains*.
"""

# %%
# A random function, and a few of its values
# ------------------------------------------
# Waves of up to 16 periods, of which every eighth point is known. The network has three hidden layers and is infinitely
# wide: gradient flow with its tangent kernel trains it.

import matplotlib.pyplot as plt
import numpy as np

from kernelkit import NTK, FourierFeatures, KernelGradientFlow
from kernelkit.inspection import FrequencySpectrumDisplay

rng = np.random.default_rng(0)
x = np.arange(512)[:, None] / 512
waves = np.arange(1, 17)
cosines, sines = rng.normal(size=(2, len(waves))) / np.sqrt(waves)
y = np.cos(2 * np.pi * x * waves) @ cosines + np.sin(2 * np.pi * x * waves) @ sines
known = np.arange(0, len(x), 8)
unknown = np.setdiff1d(np.arange(len(x)), known)
network = NTK(depth=3, bias_variance=0.1)


def features(scale):
    return FourierFeatures("gaussian", n_frequencies=256, scale=scale, random_state=0).fit_transform(x)


def staged_fits(scale, times):
    """Predictions everywhere at some times, of shape (times, points)."""
    Z = features(scale)
    return np.array(list(KernelGradientFlow(network).fit(Z[known], y[known]).staged_predict(Z, times)))


def relative_error(predicted, rows):
    return np.sqrt(np.mean((predicted[..., rows] - y[rows]) ** 2, axis=-1) / np.mean(y[rows] ** 2))


# %%
# Errors over scale and time
# --------------------------

scales = np.geomspace(0.5, 64, 15)
times = [0.1, 1.0, np.inf]
fits = np.array([staged_fits(scale, times) for scale in scales])
errors = relative_error(fits, unknown)
for time, error in zip(times, errors.T, strict=True):
    print(f"t = {time}: the best scale is {scales[error.argmin()]:.2g}, its error {error.min():.2f}")

shown = {"too small": 1.0, "right": 8.0, "too large": 50.0}
at_one = {name: staged_fits(scale, [1.0])[0] for name, scale in shown.items()}
for name, fit in at_one.items():
    at_known, elsewhere = relative_error(fit, known), relative_error(fit, unknown)
    print(f"scale {name}: error {at_known:.2f} at known points, {elsewhere:.2f} elsewhere")

# %%
# What one sees
# -------------
# Top left: the kernel becomes narrower as the scale grows. Top middle: eigenvalues at high frequencies rise, until all
# but that of frequency zero are alike. Top right: the relative error between the known points is smallest at a scale
# below the highest frequency of the target, 16 periods. With time small scales catch up, large ones do not. Bottom, all
# at the same time: where the scale is too small the fit is too smooth, for high frequencies are learned slowly; where
# it is too large the fit passes close to the known points and falls back to zero between them.

figure, axes = plt.subplots(2, 3, figsize=(13, 7), layout="constrained")
shape, decay, curves = axes[0]
for scale, line, marker in zip(shown.values(), ("-", "--", ":"), "oxs", strict=True):
    Z = features(scale)
    row = network(Z, Z[256:257]).ravel()
    shape.plot(x - x[256], row / row.max(), line, label=f"scale {scale:g}")
    FrequencySpectrumDisplay.from_kernel(network, Z[known], ax=decay, marker=marker, label=f"scale {scale:g}")
shape.set(xlim=(-0.25, 0.25), xlabel="x - x'", title="kernel of the network")
decay.set(title="eigenvalues on the known points")
for time, error, marker in zip(times, errors.T, "os^", strict=True):
    curves.loglog(scales, error, f"{marker}-", label=f"t = {time:g}")
curves.set(xlabel="scale", title="relative error between known points")
for ax in (shape, decay, curves):
    ax.legend(fontsize="small")
for ax, (name, fit) in zip(axes[1], at_one.items(), strict=True):
    ax.plot(x, y, color="grey", label="target")
    ax.plot(x, fit, color="tab:orange", label="fit at t = 1")
    ax.plot(x[known], y[known], "k.", label="known points")
    ax.set(xlabel="x", title=f"scale {shown[name]:g}, {name}: error {relative_error(fit, unknown):.2f}")
axes[1, 0].legend(fontsize="small")
plt.show()
