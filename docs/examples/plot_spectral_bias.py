"""
Why networks learn low frequencies first
========================================

Gradient descent learns each eigenvector of the neural tangent kernel at a rate of its own, the eigenvalue. On a circle
eigenvectors are waves, and eigenvalues fall with the frequency: smooth parts of a target come first.
"""

# %%
# Eigenvalues against frequency
# -----------------------------
# On equally spaced points of a circle the kernel matrix is circulant: the eigenvalue at a frequency is an entry of the
# Fourier transform of its first row. ``kernelkit.inspection.spectrum`` finds the same without knowing that.

import matplotlib.pyplot as plt
import numpy as np

from kernelkit import NTK, KernelGradientFlow
from kernelkit.inspection import LearningCurvesDisplay, circle, spectrum

n = 512
X = circle(n)
kernels = {
    "one hidden layer, no biases": NTK(),
    "one hidden layer": NTK(bias_variance=1.0),
    "three hidden layers, no biases": NTK(depth=3),
}
eigenvalues = {name: np.abs(np.fft.rfft(kernel(X)[0]).real) for name, kernel in kernels.items()}
found = spectrum(kernels["one hidden layer"], X)
frequencies = found.dominant_frequencies().astype(int)
rates = eigenvalues["one hidden layer"]
print(f"spectrum and Fourier transform agree to {np.abs(found.eigenvalues - rates[frequencies]).max():.1e}")

shallow = eigenvalues["one hidden layer, no biases"]
rounding = n * np.finfo(float).eps * shallow.max()
zero = np.flatnonzero(shallow < rounding)
print("without biases, the eigenvalue of one hidden layer is zero at", *zero[:5], "...", zero[-1])
print("that is, at all odd frequencies from 3 on:", np.array_equal(zero, np.arange(3, n // 2 + 1, 2)))
between = np.arange(16, 65, 2)  # far from both ends, and even
for name, values in eigenvalues.items():
    print(f"{name}: eigenvalues like k^{np.polyfit(np.log(between), np.log(values[between]), 1)[0]:.1f}")

# %%
# Learning a target
# -----------------
# Three waves of the same height, learned by gradient flow, which is how an infinitely wide network is trained.

angles = 2 * np.pi * np.arange(n) / n
waves = (1, 5, 20)
y = sum(np.cos(k * angles) for k in waves)
kernel = kernels["one hidden layer"]
times = [3 / rates[k] for k in waves]
stages = list(KernelGradientFlow(kernel).fit(X, y).staged_predict(X, times))

# %%
# What one sees
# -------------
# Left: at high frequencies eigenvalues fall like the frequency to the power of -2 for all three networks, so that a
# wave of twice the frequency takes four times as long; at low ones they fall faster still. Without biases, one hidden
# layer of rectified linear units has eigenvalues of zero, but for rounding, at all odd frequencies from 3 on: such
# waves are never learned. Biases, or more layers, cure this. Middle: what remains of waves over training time,
# exp(-λt). Right: the target and the network at the times at which 95% of the waves of frequency 1, 5 and 20 have been
# learned.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
for (name, values), marker in zip(eigenvalues.items(), "oxs", strict=True):
    left.loglog(np.arange(1, n // 2 + 1), values[1:], marker, markersize=3, label=name)
left.axhspan(shallow[shallow > 0].min() / 10, rounding, color="lightgrey", label="rounding")
left.set(xlabel="frequency", ylabel="eigenvalue", title="eigenvalues")
left.legend(fontsize="small")
LearningCurvesDisplay.from_kernel(kernel, X, frequencies=[1, 4, 16, 64], ax=middle)
middle.set_title("what remains of a wave")
right.plot(angles, y, color="lightgrey", linewidth=4, label="target")
for k, time, stage in zip(waves, times, stages, strict=True):
    right.plot(angles, stage, label=f"t = {time:.2g}: frequency {k}")
right.set(xlabel="angle", title="learning a target")
right.legend(fontsize="small")
plt.show()
