"""
Lifting makes a nonlinear problem linear
========================================

No line separates a small ring from a large one around it. Lifted to the squares and the product of their coordinates,
the same points are separated by a plane, and back among the data this plane is an ellipse.
"""

# %%
# Two rings
# ---------
# They are those of scikit-learn, stretched and turned so that the product of the two coordinates matters too.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from kernelkit import KernelRidgeClassifier, Polynomial, explicit
from kernelkit.inspection import DecisionRegionDisplay

X, y = make_circles(400, noise=0.1, factor=0.4, random_state=0)
X = X @ np.array([[1.2, 0.5], [0.0, 0.8]])

# %%
# Three features instead of two
# -----------------------------
# ``explicit`` turns a kernel into its features. Those of k(x, y) = (x.y)² are x₀², √2 x₀x₁ and x₁²: three, so that
# the whole lifted space can be drawn. A linear classifier on them is the classifier we want.

kernel = Polynomial(degree=2, coef0=0.0)
line = RidgeClassifier().fit(X, y)
lifted = make_pipeline(explicit(kernel), RidgeClassifier()).fit(X, y)
phi, plane = lifted[0], lifted[1]
Z = phi.transform(X)
print("features:", list(phi.get_feature_names_out()))
print(f"rows on the right side: {line.score(X, y):.1%} with a line, {lifted.score(X, y):.1%} with a plane")

# %%
# The kernel does the same without the features: it takes inner products of lifted rows, which are squares of inner
# products of rows.

dual = KernelRidgeClassifier(kernel, fit_intercept=True).fit(X, y)
difference = np.abs(dual.decision_function(X) - lifted.decision_function(X)).max()
print(f"largest difference of decision values: {difference:.1e}")

# %%
# What one sees
# -------------
# Left: the best line is no better than chance. Middle: lifted rows lie on a cone, the small ring near its tip; the
# grey plane, seen nearly edge-on, cuts the tip off. Right: the points that are lifted onto this plane form an ellipse,
# the boundary of the same classifier among the data.

figure = plt.figure(figsize=(13, 4.2), layout="constrained")
figure.get_layout_engine().set(wspace=0.08)
left, middle, right = figure.add_subplot(131), figure.add_subplot(132, projection="3d"), figure.add_subplot(133)
for ax, model, title in [(left, line, "a line"), (right, lifted, "the same plane, among the data")]:
    DecisionRegionDisplay.from_estimator(model, X, y, ax=ax)
    ax.set_title(f"{title}: {model.score(X, y):.1%}")

for label in np.unique(y):
    middle.scatter(*Z[y == label].T, s=8)
# The plane is w.z + b = 0, drawn where the last feature is in the range of the rows.
first, second = np.meshgrid(*(np.linspace(column.min(), column.max(), 60) for column in Z.T[:2]))
w, b = np.ravel(plane.coef_), np.ravel(plane.intercept_)
last = -(w[0] * first + w[1] * second + b) / w[2]
inside = (last >= 0) & (last <= Z[:, 2].max())
middle.plot_trisurf(first[inside], second[inside], last[inside], color="grey", alpha=0.4)
middle.set(xlabel="x0²", ylabel="√2 x0 x1", zlabel="x1²", title=f"a plane in lifted space: {lifted.score(X, y):.1%}")
middle.set_box_aspect(None, zoom=0.85)  # room for the labels
middle.locator_params(nbins=5)
middle.view_init(elev=20, azim=-140)
plt.show()
