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


class _Supervised:
    """Fits of the models by name in `params`, and what is asked of them for the same rows."""

    param_names = ("model",)

    def setup(self, name):
        self.X = rows(N)
        self.y = self.targets(self.X)
        self.model = self.models[name].fit(self.X, self.y)

    def time_fit(self, name):
        self.model.fit(self.X, self.y)

    def peakmem_fit(self, name):
        self.model.fit(self.X, self.y)


class Regressors(_Supervised):
    """On smooth targets."""

    models, params, targets = REGRESSORS, list(REGRESSORS), staticmethod(target)

    def time_predict(self, name):
        self.model.predict(self.X)


class Classifiers(_Supervised):
    """On labels with noise."""

    models, params, targets = CLASSIFIERS, list(CLASSIFIERS), staticmethod(labels)

    def time_decision_function(self, name):
        self.model.decision_function(self.X)


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
