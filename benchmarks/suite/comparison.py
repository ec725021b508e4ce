"""A whole comparison."""

from sklearn.datasets import load_diabetes

from kernelkit import compare


class Compare:
    """On a table that ships with scikit-learn."""

    timeout = 120

    def time_compare(self):
        compare(*load_diabetes(return_X_y=True), candidates="linear,poly2-lifted,poly2-kernel,gaussian", cv=3)
