"""Support vector classification."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted, column_or_1d

from .._arrays import n_rows
from .._validation import check_choice, check_row_weights, check_weights
from ..kernels import by_blocks
from ..solvers import DualSolution, pair_coefficients
from ._classes import balanced, check_labels
from ._svm import Solve, SupportVectorMachine


class SupportVectorClassifier(ClassifierMixin, SupportVectorMachine):
    """One machine for each pair of classes, or for each class, all on the same kernel matrix."""

    multi_class: str = "ovo"
    decision_function_shape: str
    break_ties: bool
    classes_: np.ndarray

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : array-like of shape (n,)
            Labels: numbers or strings.
        sample_weight : float or array-like of shape (n,), optional
            Weights >= 0 that multiply C; a row of weight zero is as if it were not there.

        Raises
        ------
        ValueError
            If the input is not finite, the sizes do not match, fewer than two classes have a row of positive weight, or
            a parameter is out of its range.
        MemoryError
            If the kernel matrix does not fit into memory.
        """
        X = self._training_rows(X)
        solutions = self._learn(X, self._check_labels(y, X), check_row_weights(sample_weight, X), self._solve)
        self._solutions = solutions if self.warm_start else None
        return self

    def _check_labels(self, y: Any, X: Any) -> np.ndarray:
        """Return one label for each row, and check what labels are predicted by."""
        check_choice("decision_function_shape", self.decision_function_shape, ("ovr", "ovo"))
        check_choice("break_ties", self.break_ties, (True, False))
        check_choice("multi_class", self.multi_class, ("ovo", "ovr"))
        if self.multi_class == "ovr" and self.decision_function_shape == "ovo":
            raise ValueError("decision_function_shape='ovo' needs the pairs of classes of multi_class='ovo'")
        return column_or_1d(check_labels(self, y, X), warn=True)

    def _learn(self, X: Any, y: np.ndarray, w: np.ndarray | None, solve: Solve) -> list[DualSolution]:
        """Fit to rows that are checked, by what solves the problems."""
        classes, codes = _classes(y, w)
        class_weight = self._class_weight(classes, y, w)
        w = check_weights(class_weight[codes] if w is None else w * class_weight[codes], n_rows(X))
        classes, codes = _classes(y, w)
        self._check_feasible(classes, codes, w)
        if self.multi_class == "ovr" and len(classes) > 2:
            kernel, solutions = solve(X, [(codes == k).astype(np.float64) for k in range(len(classes))], w)
            solution = joined(solutions, codes)
        else:
            kernel, solutions = solve(X, [codes.astype(np.float64)], w)
            solution = solutions[0]
        self.classes_, self.class_weight_, self.n_iter_ = classes, class_weight[class_weight > 0], solution.n_iter
        self._keep(X, kernel, solution)
        return solutions

    def _class_weight(self, classes: np.ndarray, y: np.ndarray, w: np.ndarray | None) -> np.ndarray:
        return np.ones(len(classes))

    def _check_feasible(self, classes: np.ndarray, codes: np.ndarray, w: np.ndarray | None) -> None:
        pass

    def _coefficients(self) -> np.ndarray:
        return self.dual_coef_ if self._by_class else pair_coefficients(self.dual_coef_, self.n_support_)

    @property
    def _by_class(self) -> bool:
        """Tell whether there is a machine for each class, as it was fitted."""
        return len(self.dual_coef_) == len(self.classes_)

    @by_blocks
    def decision_function(self, X: Any) -> np.ndarray:
        """Return how far rows are on the side of each class.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".

        Returns
        -------
        decision : array of shape (m,), (m, classes) or (m, pairs)
            For two classes one value, positive for ``classes_[1]``. For more, with decision_function_shape="ovo", a
            column for each pair of classes, positive for the first of the two; with "ovr" a column for each class: its
            won pairs, and between classes with as many, the sum of its confidences; with multi_class="ovr" the values
            of its machine.
        """
        values = self._values(X)
        if len(self.classes_) == 2:
            return values[:, 0]
        if self._by_class or self.decision_function_shape == "ovo":
            return values
        return votes(values, len(self.classes_))[1]

    @by_blocks
    def predict(self, X: Any) -> np.ndarray:
        """Predict labels, shape (m,).

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".

        Raises
        ------
        ValueError
            If ``break_ties=True`` meets ``decision_function_shape="ovo"``.
        """
        check_is_fitted(self)
        if self.break_ties and self.decision_function_shape == "ovo":
            raise ValueError("break_ties must be False when decision_function_shape is 'ovo'")
        values = self._values(X)
        if len(self.classes_) == 2:
            return self.classes_[(values[:, 0] >= 0).astype(int)]
        if self._by_class:
            return self.classes_[values.argmax(axis=1)]
        wins, decision = votes(values, len(self.classes_))
        return self.classes_[(decision if self.break_ties else wins).argmax(axis=1)]


def _classes(y: np.ndarray, w: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of the rows of positive weight, and the number of each row's class."""
    classes = np.unique(y if w is None else y[w > 0])
    if len(classes) < 2:
        rows = "y" if w is None else "y at the rows of positive weight"
        raise ValueError(f"{rows} must have at least 2 classes, got 1 class: {classes.tolist()[0]!r}")
    return classes, np.minimum(np.searchsorted(classes, y), len(classes) - 1)


def joined(solutions: list[DualSolution], codes: np.ndarray) -> DualSolution:
    """Return the solutions of each class against the rest as one, with a row of coefficients for each."""
    support = np.unique(np.concatenate([solution.support for solution in solutions]))
    support = support[np.argsort(codes[support], kind="stable")]
    place = np.empty(len(codes), dtype=np.intp)
    place[support] = np.arange(len(support))
    coef = np.zeros((len(solutions), len(support)))
    for row, solution in zip(coef, solutions, strict=True):
        row[place[solution.support]] = solution.coef[0]
    return DualSolution(
        support,
        coef,
        np.concatenate([solution.intercept for solution in solutions]),
        np.bincount(codes[support], minlength=len(solutions)),
        np.concatenate([solution.n_iter for solution in solutions]),
        all(solution.converged for solution in solutions),
        solutions[0].solver,
    )


def votes(values: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pairs each class wins, and that with ties broken by the sums of values, each (m, classes)."""
    wins, sums = np.zeros((2, len(values), n_classes), dtype=values.dtype)
    for value, (i, j) in zip(values.T, combinations(range(n_classes), 2), strict=True):
        wins[:, i] += value > 0
        wins[:, j] += value <= 0
        sums[:, i] += value
        sums[:, j] -= value
    # Less than a third of a vote, so that a sum never outweighs a win.
    return wins, wins + sums / (3 * (np.abs(sums) + 1))


class KernelSVC(SupportVectorClassifier):
    """Support vector classification with penalty C.

    For each pair of classes minimises |f|^2 / 2 + C sum_i w_i max(0, 1 - y_i (f(x_i) + b)) with y_i = +-1, or for each
    class against the rest. The kernel matrix is evaluated once for all; prediction evaluates the kernel against the
    support vectors alone.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        None is ``Gaussian(sigma="scale")``, which is the "rbf" of scikit-learn's SVC; see
        ``kernelkit.kernels.as_kernel`` for the others. "precomputed" takes kernel matrices in place of X.
    C : float
        Penalty of the errors, > 0; not divided by n.
    class_weight : dict, "balanced" or None
        Weights of the classes, which multiply C; "balanced" counts the classes by sample weight.
    multi_class : {"ovo", "ovr"}
        Of more than two classes, whether there is a machine for each pair of them, which vote, or one for each class
        against the rest, the largest of which is right.
    decision_function_shape : {"ovr", "ovo"}
        What `decision_function` returns for more than two classes: a column for each class or for each pair.
    break_ties : bool
        Whether `predict` takes the largest column of ``decision_function`` in place of the first class with the most
        pairs won.
    solver : {"auto", "smo", "libsvm"}
        "smo" needs numba, holds no matrix of more than 4096 rows, and makes kernel values in float32, or in float64
        where `tol` is so small, or C so large, that float32 would show. "libsvm" holds the whole matrix. "auto" is
        "smo" from 1000 rows where numba is installed, else "libsvm".
    shrinking : bool
        Whether the solver puts rows aside that seem settled; all rows are checked before the end.
    tol : float
        Largest violation of the optimality conditions at the end, > 0.
    cache_size : float
        Megabytes: for "smo", of kernel rows that are kept where making them again would take longer; for "libsvm",
        beside the kernel matrix.
    max_iter : int
        Most iterations for each pair; -1 is no limit.
    warm_start : bool
        Start from the dual variables of an earlier fit on as many rows, such as one with another C; takes "smo".
    verbose : bool
        Whether the solver writes what it does to standard output.

    Attributes
    ----------
    classes_ : array
        The labels, sorted.
    class_weight_ : array of shape (classes,)
        Weights of the classes.
    kernel_ : Kernel or "precomputed"
        The kernel with numbers for parameters.
    support_ : array of shape (s,)
        Positions of the support vectors, ordered by class.
    support_vectors_ : array, sparse matrix or table of shape (s, d)
        The support vectors; empty for kernel="precomputed".
    n_support_ : array of shape (classes,)
        How many there are of each class.
    dual_coef_ : array of shape (classes - 1, s)
        Their coefficients: for two classes y_i times the dual variable; for more, in row j against the j-th of the
        other classes. With multi_class="ovr" they have a row for each class.
    intercept_ : array of shape (pairs,) or (classes,)
        The intercepts b.
    n_iter_ : array of shape (pairs,) or (classes,)
        Iterations of each machine.
    fit_status_ : int
        0 if all converged, 1 if `max_iter` stopped one.
    shape_fit_ : tuple
        Shape of the training rows.
    solver_ : str
        The solver that was used.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    Notes
    -----
    There is no ``probability``: wrap the model in ``sklearn.calibration.CalibratedClassifierCV``.

    References
    ----------
    Cortes and Vapnik (1995), Support-vector networks, section 3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import KernelSVC
    >>> X, y = load_iris(return_X_y=True)
    >>> model = KernelSVC(C=10).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.99
    """

    formulation = "c_svc"
    terms = ("C",)

    def __init__(
        self,
        kernel: Any = None,
        *,
        C: float = 1.0,
        class_weight: Any = None,
        multi_class: str = "ovo",
        decision_function_shape: str = "ovr",
        break_ties: bool = False,
        solver: str = "auto",
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 1000,
        max_iter: int = -1,
        warm_start: bool = False,
        verbose: bool = False,
    ):
        super().__init__(kernel, solver, shrinking, tol, cache_size, max_iter, verbose)
        self.warm_start = warm_start
        self.C = C
        self.class_weight = class_weight
        self.multi_class = multi_class
        self.decision_function_shape = decision_function_shape
        self.break_ties = break_ties

    def _class_weight(self, classes: np.ndarray, y: np.ndarray, w: np.ndarray | None) -> np.ndarray:
        if w is not None:
            # Sums of the rows that are there, in their order: of balanced classes the last digit can move intercepts.
            y, w = y[w > 0], w[w > 0]
        return compute_class_weight(balanced(self.class_weight, y, w), classes=classes, y=y)


class KernelNuSVC(SupportVectorClassifier):
    """Support vector classification with a bound on the fractions of errors and support vectors.

    For each pair of classes minimises |f|^2 / 2 - nu r + (1 / n) sum_i max(0, r - y_i (f(x_i) + b)) over f, b and
    r >= 0, and divides by the r that is found. At most a share nu of the rows are on the wrong side of the margin, and
    at least that share are support vectors.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        As for KernelSVC.
    nu : float
        Between 0 and twice the share of the smaller class, in each pair of classes.
    decision_function_shape, break_ties, solver, shrinking, tol, cache_size, max_iter, verbose
        As for KernelSVC.

    Attributes
    ----------
    classes_, class_weight_, kernel_, support_, support_vectors_, n_support_, dual_coef_, intercept_
        As for KernelSVC.
    n_iter_, fit_status_, shape_fit_, solver_, n_features_in_, feature_names_in_
        As for KernelSVC.

    Notes
    -----
    There is no ``class_weight``: it would make the largest nu that has a solution depend on it.

    References
    ----------
    Schoelkopf, Smola, Williamson and Bartlett (2000), New support vector algorithms, section 6.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from kernelkit import KernelNuSVC
    >>> X, y = load_iris(return_X_y=True)
    >>> model = KernelNuSVC(nu=0.1).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.99
    """

    formulation = "nu_svc"
    terms = ("nu",)
    regularisation = "nu"

    def __init__(
        self,
        kernel: Any = None,
        *,
        nu: float = 0.5,
        decision_function_shape: str = "ovr",
        break_ties: bool = False,
        solver: str = "auto",
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 1000,
        max_iter: int = -1,
        verbose: bool = False,
    ):
        super().__init__(kernel, solver, shrinking, tol, cache_size, max_iter, verbose)
        self.nu = nu
        self.decision_function_shape = decision_function_shape
        self.break_ties = break_ties

    def _check_feasible(self, classes: np.ndarray, codes: np.ndarray, w: np.ndarray | None) -> None:
        counts = np.bincount(codes, weights=w)
        smallest, largest = counts.min(), counts.max()
        most = 2 * smallest / (smallest + largest)
        if self._check_settings()["nu"] >= most:
            pair = classes[[counts.argmin(), counts.argmax()]].tolist()
            raise ValueError(
                f"nu={self.nu} is infeasible: for the classes {pair[0]!r} and {pair[1]!r} it must be below "
                f"{most:.3g}, twice the share of the smaller one"
            )
