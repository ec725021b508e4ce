"""Fits and predictions."""

from kernelkit import (
    Gaussian,
    KernelGradientFlow,
    KernelOneClassSVM,
    KernelPCA,
    KernelRidge,
    KernelRidgeClassifier,
    KernelRidgeCV,
    KernelSVC,
    KernelSVR,
    Polynomial,
)

from .data import labels, rows, target

KERNEL = Gaussian(4.0)
REGRESSORS = {
    "ridge": KernelRidge(KERNEL, alpha=0.1),
    "ridge, cg": KernelRidge(KERNEL, alpha=0.1, solver="cg"),
    "ridge, nystroem": KernelRidge(KERNEL, alpha=0.1, solver="nystroem", n_landmarks=300, random_state=0),
    "ridge, primal": KernelRidge(Polynomial(2), alpha=0.1, solver="primal"),
    "ridge, leave-one-out": KernelRidgeCV(KERNEL),
    "flow": KernelGradientFlow(KERNEL),
    "support vectors": KernelSVR(KERNEL),
}
CLASSIFIERS = {"ridge": KernelRidgeClassifier(KERNEL), "support vectors": KernelSVC(KERNEL)}
OTHERS = {"PCA": KernelPCA(KERNEL, n_components=10), "one class": KernelOneClassSVM(KERNEL, nu=0.1)}
N = 2000


class Regressors:
    """On smooth targets."""

    params = list(REGRESSORS)
    param_names = ("model",)

    def setup(self, name):
        self.X = rows(N)
        self.y = target(self.X)
        self.model = REGRESSORS[name].fit(self.X, self.y)

    def time_fit(self, name):
        self.model.fit(self.X, self.y)

    def time_predict(self, name):
        self.model.predict(self.X)

    def peakmem_fit(self, name):
        self.model.fit(self.X, self.y)


class Classifiers:
    """On labels with noise."""

    params = list(CLASSIFIERS)
    param_names = ("model",)

    def setup(self, name):
        self.X = rows(N)
        self.y = labels(self.X)
        self.model = CLASSIFIERS[name].fit(self.X, self.y)

    def time_fit(self, name):
        self.model.fit(self.X, self.y)

    def time_decision_function(self, name):
        self.model.decision_function(self.X)

    def peakmem_fit(self, name):
        self.model.fit(self.X, self.y)


class Unsupervised:
    """Without targets."""

    params = list(OTHERS)
    param_names = ("model",)

    def setup(self, name):
        self.X, self.model = rows(N), OTHERS[name]

    def time_fit(self, name):
        self.model.fit(self.X)

    def peakmem_fit(self, name):
        self.model.fit(self.X)
