"""Kernel principal component analysis."""

from __future__ import annotations

from copy import copy
from typing import Any, Self

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from .._arrays import cast, is_foreign, n_rows, namespace, own_copy, widest_float
from .._validation import check_choice, check_number, check_varies
from ..features import STRATEGIES, Invertible, choose_landmarks, instead_on_devices, where_invertible
from ..kernels import Kernel, by_blocks, kernel_operator, landmark_operator
from ..solvers import (
    EIGEN_SOLVERS,
    PrincipalComponents,
    landmark_components,
    principal_components,
    ridge_on_landmarks,
    solve,
    solve_many,
)
from ._base import TrainedOnRows

ON_DEVICES = ("auto", "dense")  # where the arrays of other libraries than NumPy lie
INVERSE = ("_inverse_kernel", "X_transformed_fit_", "dual_coef_")


class KernelPCA(Invertible, ClassNamePrefixFeaturesOutMixin, TransformerMixin, TrainedOnRows):
    """Kernel principal component analysis.

    The components are the directions of largest variance of features phi with phi(x).phi(y) = k(x, y), less their mean:
    eigenvectors v of the centred kernel matrix, and scores sqrt(lambda) v. No second matrix is made to centre it.

    Parameters
    ----------
    kernel : Kernel, scikit-learn Gaussian-process kernel, callable or str, optional
        None is ``Gaussian(sigma="scale")``; see ``kernelkit.kernels.as_kernel`` for the others. "precomputed" takes
        kernel matrices in place of X.
    n_components : int, optional
        Number of components p, cut to the number of rows; None keeps all whose eigenvalue is not zero.
    fit_inverse_transform : bool
        Whether to learn `inverse_transform`: kernel ridge regression from the components to X.
    alpha : float
        Ridge of that regression, at least 0; not multiplied by n.
    eigen_solver : {"auto", "dense", "lanczos", "arpack", "randomized"}
        "dense" decomposes the whole matrix, in n^3 operations. The others only multiply with it, and hold it where it
        fits into memory: "lanczos" with blocks of vectors, "arpack" with single ones, "randomized" a fixed number of
        times. "auto" is "lanczos" for more than 1000 rows and at most n / 30 components, "dense" else and for arrays of
        other libraries than NumPy, for which the others are not there.
    tol : float
        For "lanczos" and "arpack": largest residual |K v - lambda v| over the largest lambda; 0 is what rounding
        allows.
    max_iter : int, optional
        For "lanczos" and "arpack": most iterations.
    iterated_power : int or "auto"
        For "randomized": passes over the matrix, each a product with n_components vectors; "auto" is 7.
    remove_zero_eig : bool
        Whether components of eigenvalue zero are left out where `n_components` is given.
    n_landmarks : int, optional
        Number of landmarks: rows are represented by their kernel values at these, in the space that these span. The fit
        takes O(n n_landmarks^2) time and holds n x p and n_landmarks^2 numbers;
        choosing landmarks by the kernel takes kernel values of a sample of rows besides.
    landmarks : {"uniform", "rpcholesky", "kmeans", "leverage", "farthest"} or array-like of shape (n_landmarks, d)
        How they are chosen, see ``kernelkit.features.choose_landmarks``, or the landmarks themselves.
    random_state : int, RandomState or None
        For landmarks, and all eigensolvers but "dense"; results of these differ by no more than the tolerance.

    Attributes
    ----------
    kernel_ : Kernel or "precomputed"
        The kernel with numbers for parameters.
    eigenvalues_ : array of shape (p,)
        Eigenvalues of the centred kernel matrix, descending.
    eigenvectors_ : array of shape (n, p)
        Its eigenvectors, of length 1; the largest entry of each is positive. A Dask array that nothing is computed of
        yet, if X was one.
    explained_variance_ : array of shape (p,)
        Variances of the components, eigenvalues_ / (n - 1).
    explained_variance_ratio_ : array of shape (p,)
        Their shares of the features' total variance; with landmarks, of what these represent. A kernel that is not
        positive semi-definite has negative variances, which are taken from the total.
    eigen_solver_ : str
        The solver that was used; with landmarks "dense", on a matrix of their size.
    n_iter_ : int or None
        Products with the kernel matrix; None where it was decomposed.
    X_fit_ : array, sparse matrix or table of shape (n, d), or None
        The training rows, or the landmarks; None for kernel="precomputed".
    X_transformed_fit_, dual_coef_ : arrays of shape (n, p) and (n, d)
        Scores and coefficients of the inverse (of the landmarks, with these).
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : array of shape (d,)
        Their names, if all are strings.

    References
    ----------
    Schoelkopf, Smola and Mueller (1998), Nonlinear component analysis as a kernel eigenvalue problem; Bakir, Weston and
    Schoelkopf (2004), Learning to find pre-images; Williams and Seeger (2001) for landmarks.

    Examples
    --------
    >>> from sklearn.datasets import make_circles
    >>> from kernelkit import Gaussian, KernelPCA
    >>> X, y = make_circles(200, factor=0.3, noise=0.05, random_state=0)
    >>> model = KernelPCA(Gaussian(sigma=0.5), n_components=2).fit(X)
    >>> model.transform(X).shape
    (200, 2)
    """

    regularisation = None
    first_number = "n_components"

    def __init__(
        self,
        kernel: Any = None,
        *,
        n_components: int | None = None,
        fit_inverse_transform: bool = False,
        alpha: float = 1.0,
        eigen_solver: str = "auto",
        tol: float = 0,
        max_iter: int | None = None,
        iterated_power: Any = "auto",
        remove_zero_eig: bool = False,
        n_landmarks: int | None = None,
        landmarks: Any = "uniform",
        random_state: Any = None,
    ):
        self.kernel = kernel
        self.n_components = n_components
        self.fit_inverse_transform = fit_inverse_transform
        self.alpha = alpha
        self.eigen_solver = eigen_solver
        self.tol = tol
        self.max_iter = max_iter
        self.iterated_power = iterated_power
        self.remove_zero_eig = remove_zero_eig
        self.n_landmarks = n_landmarks
        self.landmarks = landmarks
        self.random_state = random_state

    @property
    def _not_for_devices(self) -> str | None:
        if self.eigen_solver not in ON_DEVICES:
            return "take eigen_solver='dense'"
        return instead_on_devices(self.landmarks)

    @property
    def _made_of(self) -> Any:
        return self._weights

    @property
    def _not_for_dask(self) -> str | None:
        possible = self._has_landmarks and not self.fit_inverse_transform
        return None if possible else "n_landmarks, fit_inverse_transform=False"

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the components.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed". It is not written to. With
            landmarks a Dask array or table too, whose blocks stay where they are.
        y : None
            Not used.

        Raises
        ------
        ValueError
            If the input is not finite, all rows are the same, an eigenvalue is clearly negative, or a parameter is out
            of its range.
        MemoryError
            If the eigensolver does not fit into memory.
        """
        counts = self._check_settings()
        X = self._training_rows(X)
        if n_rows(X) < 2:
            raise ValueError("KernelPCA needs at least 2 rows, got 1 sample")
        check_varies(X)
        Y = self._reconstructed(X) if self.fit_inverse_transform else None
        kernel = self._resolved(self._as_kernel(self.kernel), X, None)
        solve_on = self._on_landmarks if self._has_landmarks else self._on_all_rows
        found, basis = solve_on(kernel, X, **counts)
        if self.n_components is None or self.remove_zero_eig:
            found = found.nonzero()
        inverse = None if Y is None else self._inverse(kernel, found, basis, Y)
        self._keep(kernel, found, basis, n_rows(X))
        for name in INVERSE:
            self.__dict__.pop(name, None)  # of an earlier fit
        if inverse is not None:
            self.__dict__.update(zip(INVERSE, inverse, strict=True))
        return self

    def _check_settings(self) -> dict[str, Any]:
        """Return the counts among the parameters as integers, after a look at all parameters."""
        check_choice("eigen_solver", self.eigen_solver, EIGEN_SOLVERS)
        check_choice("fit_inverse_transform", self.fit_inverse_transform, (True, False))
        check_choice("remove_zero_eig", self.remove_zero_eig, (True, False))
        check_number("tol", self.tol, at_least=0)
        check_number("alpha", self.alpha, at_least=0)
        if self._has_landmarks and self.fit_inverse_transform:
            check_number("alpha", self.alpha, above=0)
        if isinstance(self.landmarks, str) and self.landmarks != "uniform" and self.n_landmarks is None:
            check_choice("landmarks", self.landmarks, STRATEGIES)
            raise ValueError(f"landmarks={self.landmarks!r} needs n_landmarks, got None")
        counts: dict[str, Any] = {}
        for name in ("n_components", "max_iter", "n_landmarks", "iterated_power"):
            value = getattr(self, name)
            absent = value is None or (name == "iterated_power" and isinstance(value, str) and value == "auto")
            counts[name] = None if absent else check_number(name, value, at_least=1, integer=True)
        self._check_has_rows()
        if self._precomputed and self._has_landmarks:
            raise ValueError("kernel='precomputed' has the whole matrix: n_landmarks must be None, landmarks 'uniform'")
        return counts

    @property
    def _has_landmarks(self) -> bool:
        return self.n_landmarks is not None or not isinstance(self.landmarks, str)

    def _on_all_rows(
        self, kernel: Any, X: Any, n_components: int | None, max_iter: int | None, iterated_power: int | None, **_: Any
    ) -> tuple[PrincipalComponents, Any]:
        operator, n = kernel_operator(kernel, X), n_rows(X)
        found = principal_components(
            operator,
            n if n_components is None else min(n_components, n),
            self.eigen_solver,
            tol=self.tol,
            max_iter=max_iter,
            power=iterated_power,
            random_state=self.random_state,
        )
        # A copy, since the caller may go on to change X.
        kept = own_copy(X) if is_foreign(X) else copy(X)
        return found.astype(operator.dtype), kept if isinstance(kernel, Kernel) else None

    def _on_landmarks(
        self, kernel: Kernel, X: Any, n_components: int | None, n_landmarks: int | None, **_: Any
    ) -> tuple[PrincipalComponents, Any]:
        Z = choose_landmarks(kernel, X, n_landmarks, self.landmarks, self.random_state).rows
        if n_components is not None and n_components > n_rows(Z):
            raise ValueError(f"n_components={n_components} must be at most the number of landmarks, {n_rows(Z)}")
        operator = landmark_operator(kernel, X, Z)
        K = kernel_operator(kernel, Z).astype(widest_float(Z)).dense()
        found = landmark_components(operator, K, n_components)
        return found.astype(operator.dtype), Z

    def _inverse(self, kernel: Any, found: PrincipalComponents, basis: Any, Y: Any) -> tuple[Kernel, Any, Any]:
        """Return a kernel on scores, the scores it is centred at, and coefficients."""
        T = found.vectors * namespace(found.values).sqrt(found.values)
        try:
            # A rule such as "scale" is applied to the scores; numbers stay what they are.
            on_scores = self._as_kernel(self.kernel).resolve(T)
            on_scores.rows(T[:1, :])
        except ValueError as error:
            wanted = f"fit_inverse_transform=True needs a kernel of {T.shape[1]} components as well as of the rows"
            raise ValueError(f"{wanted}, got kernel={self.kernel!r}: {error}") from error
        if not self._has_landmarks:
            on_all = kernel_operator(on_scores, T)
            return on_scores, T, solve_many(on_all, Y, self.alpha)[0] if is_foreign(T) else solve(on_all, Y, self.alpha)
        centres = kernel_operator(kernel, basis) @ found.weights - found.offset
        K = kernel_operator(on_scores, centres).astype(widest_float(T)).dense()
        coef = ridge_on_landmarks(kernel_operator(on_scores, T, centres), K, Y, self.alpha)
        return on_scores, centres, cast(coef, T.dtype)

    def _keep(self, kernel: Any, found: PrincipalComponents, basis: Any, n: int) -> None:
        self.kernel_ = kernel
        self.X_fit_ = basis
        self.eigenvalues_, self.eigenvectors_ = found.values, found.vectors
        self.explained_variance_ = found.values / (n - 1)
        self.explained_variance_ratio_ = found.values / found.total
        self.eigen_solver_, self.n_iter_ = found.solver, found.n_iter
        self._weights, self._offset = found.weights, found.offset

    def _scores(self) -> Any:
        return self.eigenvectors_ * namespace(self.eigenvalues_).sqrt(self.eigenvalues_)

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Find the components and return the scores of the training rows, shape (n, p), with no more kernel values.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Training rows; the kernel matrix, of shape (n, n), for kernel="precomputed".
        y : None
            Not used.
        """
        return self.fit(X)._scores()

    @by_blocks
    def transform(self, X: Any) -> Any:
        """Return the scores of rows, shape (m, p), holding tiles of the kernel matrix only.

        Of a Dask array they are one, of which nothing is computed yet.

        Parameters
        ----------
        X : array-like, sparse matrix or Dask array of shape (m, d)
            Rows; k(X, training rows), of shape (m, n), for kernel="precomputed".
        """
        scores = self._against_training(X) @ self._weights - self._offset
        return cast(scores, self._weights.dtype)

    @where_invertible
    def inverse_transform(self, X: Any) -> Any:
        """Return rows whose scores are about those given, shape (m, d), by ridge regression.

        The mean of the features is not part of the scores, so no reconstruction is exact.

        Parameters
        ----------
        X : array-like of shape (m, p)
            Scores.

        Raises
        ------
        NotFittedError
            If the model was not fitted with ``fit_inverse_transform=True``.
        """
        T = self._to_invert(X)
        rows = kernel_operator(self._inverse_kernel, T, self.X_transformed_fit_) @ self.dual_coef_
        return cast(rows, self.dual_coef_.dtype)

    @property
    def _n_features_out(self) -> int:
        return self.eigenvalues_.shape[0]
