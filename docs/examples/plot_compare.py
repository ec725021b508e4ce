"""
Is the kernel worth it? Ask on your table
=========================================

`kernelkit.compare` tunes a linear model, explicit liftings and kernels on the same rows and folds, and says which to
take, and whether the difference is more than noise.
"""

# %%
# Diabetes and Friedman's function
# --------------------------------
# A table of 442 patients, and one of 442 rows of a function known to be curved. The same six candidates on both.

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes, make_friedman1

from kernelkit import compare

candidates = ["linear", "splines", "poly2-lifted", "poly2-kernel", "gaussian", "matern"]
tables = {
    "diabetes": load_diabetes(return_X_y=True, as_frame=True, scaled=False),
    "Friedman's function": make_friedman1(442, noise=1.0, random_state=0),
}
results = {name: compare(X, y, candidates=candidates, name=name) for name, (X, y) in tables.items()}
for name, result in results.items():
    print(f"{name}: take {result.recommended}")
    print(result.verdict.splitlines()[0])

# %%
# What one sees
# -------------
# R² against the time of a fit, with its standard deviation over the folds; a triangle pointing down is below the
# picture, at the value beside its name. Left: on diabetes nothing is better than the linear model by more than folds
# differ, and it is recommended. Right: where there is curvature all others leave it far behind, and splines, which can
# be written down, are enough.

figure, axes = plt.subplots(1, 2, figsize=(13, 4.6), layout="constrained")
for ax, (name, result) in zip(axes, results.items(), strict=True):
    result.plot(ax)
    ax.set_title(f"{name}: take {result.recommended}")
plt.show()
