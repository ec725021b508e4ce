"""
Wide networks become kernel regression
======================================

A network of two layers, trained by gradient descent, is compared with kernel regression on its neural tangent kernel,
over the number m of hidden units. Everything in which the two differ falls like one over the square root of m.
"""

# %%
# A network, by hand
# ------------------
# f(x) = m^(-1/2) Σ bᵢ s(aᵢ.x) with rectified linear units s, and aᵢ, bᵢ standard normal numbers at first. All weights
# are trained, by full-batch gradient descent on half the sum of squared errors.

import matplotlib.pyplot as plt
import numpy as np

from kernelkit import NTK, EmpiricalNTK, KernelGradientFlow


def predict(weights, X):
    a, b = weights
    return np.maximum(X @ a.T, 0) @ b / np.sqrt(len(b))


def trained(weights, X, y, step, count):
    a, b = (part.copy() for part in weights)
    for _ in range(count):
        Z, error = X @ a.T, (predict((a, b), X) - y) / np.sqrt(len(b))
        down_a, down_b = ((Z > 0) * b).T @ (error[:, None] * X), error @ np.maximum(Z, 0)
        a -= step * down_a
        b -= step * down_b
    return a, b


# %%
# Points on a circle
# ------------------
# Eight points to learn from; a third coordinate, always one, gives the units a bias. The limit of the network's kernel
# is NTK with weights of variance 1, on rows multiplied by √d, since NTK divides weights of the first layer by √d.


def on_circle(angles):
    return np.column_stack([np.cos(angles), np.sin(angles), np.ones_like(angles)])


angles = np.linspace(-np.pi, np.pi, 8, endpoint=False)
everywhere = np.linspace(-np.pi, np.pi, 200)
X, grid = on_circle(angles), on_circle(everywhere)
y = np.cos(angles) + np.sin(2 * angles) / 2
root = np.sqrt(X.shape[1])
kernel = NTK(weight_variance=1.0)
time, steps = 1.0, 50

# %%
# Networks of many widths
# -----------------------
# For each width and seed: the error of the network's kernel at its start, how far training moves the weights a, and how
# far the trained network is from its limit: as many steps of gradient descent with the limit kernel, from the same
# random function.

widths = 2 ** np.arange(6, 14)
seeds = range(20)
K = kernel(root * X)


def limit_of(weights):
    """Predictions of the limit on the grid."""
    model = KernelGradientFlow(
        kernel, time=time, learning_rate=time / steps, init=lambda rows: predict(weights, rows / root)
    )
    return model.fit(root * X, y).predict(root * grid)


def distance(p, q):
    return np.linalg.norm(p - q) / np.linalg.norm(q)


def compared(width, seed):
    """Error of the kernel, movement of a, error of the predictions; and predictions of network and limit."""
    network = EmpiricalNTK(width, random_state=seed)
    drawn = network.rows(X).shared
    start = drawn.hidden, drawn.output
    end = trained(start, X, y, time / steps, steps)
    curves = predict(end, grid), limit_of(start)
    return (distance(network(X), K), distance(end[0], start[0]), distance(*curves)), curves


results = {(width, seed): compared(int(width), seed) for width in widths for seed in seeds}
measured = np.array([[results[width, seed][0] for seed in seeds] for width in widths])
errors = np.sqrt(np.mean(measured**2, axis=1)).T
slopes = [np.polyfit(np.log(widths), np.log(error), 1)[0] for error in errors]
names = ("error of the kernel at the start", "movement of the weights", "error of the trained predictions")
for name, error, slope in zip(names, errors, slopes, strict=True):
    print(f"{name}: {error[0]:.3f} at m = {widths[0]}, {error[-1]:.4f} at m = {widths[-1]}, slope {slope:.2f}")

# %%
# What one sees
# -------------
# Left: relative to the limit, or to the weights at the start, all three (root mean square over twenty networks) fall
# like the dashed line, m^(-1/2): to be ten times as near to its limit a network needs a hundred times as many units.
# Weights move less and less, so that the kernel stays what it was at the start: this is called lazy training. Middle
# and right: networks from three random starts, and their limits, dashed, of the same colour. With 64 units one sees the
# difference, with 8192 hardly any. Training stops early, before all points are fitted.

figure, (left, *others) = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
for name, error, slope, marker in zip(names, errors, slopes, "os^", strict=True):
    left.loglog(widths, error, f"{marker}-", label=f"{name} ({slope:.2f})")
left.loglog(widths, errors.min() * np.sqrt(widths[-1] / widths) / 2, "k--", label="m^(-1/2)")
left.set(xlabel="hidden units m", title="relative, and the slope over m")
left.legend(fontsize="small", loc="lower left")
left.set_ylim(bottom=errors.min() / 8)
for ax, width in zip(others, widths[[0, -1]], strict=True):
    for seed in seeds[:3]:
        network, limit = results[width, seed][1]
        (line,) = ax.plot(everywhere, network, label="networks" if seed == seeds[0] else None)
        ax.plot(everywhere, limit, "--", color=line.get_color(), label="their limits" if seed == seeds[0] else None)
    ax.plot(angles, y, "ko", label="data")
    ax.set(xlabel="angle", title=f"{width} hidden units")
    ax.legend()
plt.show()
