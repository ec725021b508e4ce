import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn.decomposition
from matplotlib import pyplot
from sklearn.covariance import EllipticEnvelope
from sklearn.datasets import load_digits, load_iris, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from kernelkit import Gaussian, KernelOneClassSVM, KernelPCA, KernelRidge, KernelRidgeClassifier, KernelSVC, Linear
from kernelkit.inspection import ComponentDisplay, DecisionRegionDisplay, KernelMatrixDisplay, SpectrumDisplay
from kernelkit.inspection._drawing import group_colours

MOONS, moon = make_moons(120, noise=0.2, random_state=0)
IRIS, species = load_iris(return_X_y=True)
PLANE = IRIS[:, [0, 2]]
names = load_iris().target_names[species]


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


class TestDecisionRegions:
    def test_two_classes_with_margins_and_support_vectors(self):
        model = KernelSVC(Gaussian(0.5)).fit(MOONS, moon)
        display = DecisionRegionDisplay.from_estimator(model, MOONS, moon, grid_resolution=50)
        grid = np.column_stack([axis.ravel() for axis in np.meshgrid(*display.axes)])
        np.testing.assert_allclose(display.response.ravel(), model.decision_function(grid))
        np.testing.assert_array_equal(display.support, MOONS[model.support_])
        assert labels(display.ax_) == ["0", "1", "support vector"]
        assert display.margins and not display.outliers and display.figure_ is display.ax_.figure
        assert display.ax_.get_xlim()[0] < MOONS[:, 0].min() and display.ax_.get_xlim()[1] > MOONS[:, 0].max()

    def test_more_classes_in_a_pipeline_on_a_table(self):
        table = pd.DataFrame(PLANE, columns=["sepal", "petal"])
        model = make_pipeline(StandardScaler(), KernelSVC()).fit(table, names)
        display = DecisionRegionDisplay.from_estimator(model, table, names, grid_resolution=30)
        assert set(np.unique(display.response)) == {0, 1, 2}
        assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("sepal", "petal")
        np.testing.assert_array_equal(display.support, PLANE[model[-1].support_])
        assert labels(display.ax_) == ["setosa", "versicolor", "virginica", "support vector"]

    def test_outlier_detectors_colour_rows_by_prediction(self):
        model = KernelOneClassSVM(Gaussian(0.5), nu=0.1).fit(MOONS)
        display = DecisionRegionDisplay.from_estimator(model, MOONS, grid_resolution=30)
        assert labels(display.ax_) == ["inlier", "outlier", "support vector"]
        assert display.outliers and not display.margins
        inlier = np.flatnonzero(model.predict(MOONS) == 1)
        assert len(display.points_[0].get_offsets()) == len(inlier)
        # The region of inliers has their colour.
        inside = display.surface_.cmap(1.0)
        np.testing.assert_allclose(inside[:3], display.points_[0].get_facecolor()[0, :3], atol=1e-2)

    @pytest.mark.parametrize(
        ("model", "classes"),
        [
            (KernelRidgeClassifier(), None),
            (LogisticRegression(), None),
            (KNeighborsClassifier(), None),
            (make_pipeline(StandardScaler(), KNeighborsClassifier()), [0, 1, 2]),
        ],
    )
    def test_any_classifier(self, model, classes):
        X, y = (MOONS, moon) if classes is None else (PLANE, species)
        display = DecisionRegionDisplay.from_estimator(model.fit(X, y), X, y, grid_resolution=20)
        assert display.support is None and display.support_ is None and not display.margins
        assert (display.classes is None) == (classes is None)
        # Two classes: the sign is the prediction, whatever the response is made of.
        grid = np.column_stack([axis.ravel() for axis in np.meshgrid(*display.axes)])
        response = display.response.ravel()
        decided = response != 0
        predicted = response > 0 if classes is None else response
        np.testing.assert_array_equal(predicted[decided], model.predict(grid)[decided])

    def test_settings_and_axes_of_ones_own(self):
        ax = pyplot.figure().add_subplot()
        model = KernelSVC(Gaussian(0.5)).fit(MOONS, moon)
        display = DecisionRegionDisplay.from_estimator(model, MOONS, ax=ax, grid_resolution=20, alpha=0.9)
        assert display.ax_ is ax and display.surface_.get_alpha() == 0.9
        assert display.points_ and display.y is None
        assert display.plot().ax_ is not ax

    def test_support_vectors_of_other_rows_are_not_marked(self):
        model = KernelSVC(Gaussian(0.5)).fit(MOONS, moon)
        assert DecisionRegionDisplay.from_estimator(model, MOONS[:50], moon[:50], grid_resolution=20).support is None
        assert DecisionRegionDisplay.from_estimator(model, MOONS + 0.1, grid_resolution=20).support is None
        ellipse = EllipticEnvelope(random_state=0).fit(MOONS)  # its support_ is something else
        assert DecisionRegionDisplay.from_estimator(ellipse, MOONS, grid_resolution=20).support is None

    def test_the_model_that_a_search_found(self):
        search = GridSearchCV(make_pipeline(StandardScaler(), KernelSVC(Gaussian())), {"kernelsvc__C": [1.0]}, cv=2)
        display = DecisionRegionDisplay.from_estimator(search.fit(MOONS, moon), MOONS, moon, grid_resolution=20)
        assert display.margins and len(display.support) == len(search.best_estimator_[-1].support_)

    def test_rows_have_the_colours_of_their_regions(self):
        model = KernelSVC().fit(PLANE, species)
        some = species > 0
        display = DecisionRegionDisplay.from_estimator(model, PLANE[some], species[some], grid_resolution=20)
        for points, code in zip(display.points_, (1, 2), strict=True):
            np.testing.assert_allclose(points.get_facecolor()[0], group_colours(3)[code])
        two = KernelSVC().fit(MOONS, moon == 1)
        display = DecisionRegionDisplay.from_estimator(two, MOONS[moon == 1], moon[moon == 1] == 1, grid_resolution=20)
        np.testing.assert_allclose(display.points_[0].get_facecolor()[0], group_colours(2)[1])
        outside = KernelOneClassSVM(Gaussian(0.5), nu=0.1).fit(MOONS)
        display = DecisionRegionDisplay.from_estimator(outside, MOONS, -np.ones(len(MOONS)), grid_resolution=20)
        assert labels(display.ax_)[0] == "outlier"
        np.testing.assert_allclose(display.points_[0].get_facecolor()[0], group_colours(2)[1])

    @pytest.mark.parametrize(
        ("model", "X", "message"),
        [
            (
                KernelRidge().fit(MOONS, moon),
                MOONS,
                "estimator must be a classifier or an outlier detector, got Kernel",
            ),
            (KernelSVC().fit(IRIS, species), IRIS, r"X must have 2 columns to be drawn, got shape \(150, 4\)"),
            (KernelSVC().fit(MOONS, moon), MOONS * np.nan, "NaN"),
        ],
    )
    def test_mistakes(self, model, X, message):
        with pytest.raises(ValueError, match=message):
            DecisionRegionDisplay.from_estimator(model, X)
        with pytest.raises(NotFittedError):
            DecisionRegionDisplay.from_estimator(KernelSVC(), MOONS)
        with pytest.raises(ValueError, match="grid_resolution must be an integer >= 2, got 1"):
            DecisionRegionDisplay.from_estimator(KernelSVC().fit(MOONS, moon), MOONS, grid_resolution=1)


class TestKernelMatrix:
    def test_rows_are_sorted_by_label(self):
        order = np.random.default_rng(0).permutation(150)
        display = KernelMatrixDisplay.from_kernel(Gaussian("scale"), IRIS[order], names[order])
        K = Gaussian("scale").resolve(IRIS)(IRIS)
        for one in range(3):
            block = slice(50 * one, 50 * one + 50)
            np.testing.assert_allclose(display.matrix[block, block].mean(), K[block, block].mean())
        np.testing.assert_array_equal(display.edges, [0, 50, 100, 150])
        assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["setosa", "versicolor", "virginica"]
        np.testing.assert_array_equal(display.image_.get_array(), display.matrix)

    def test_numbers_sort_rows_too(self):
        display = KernelMatrixDisplay.from_kernel(Linear(), IRIS[:, 1:], IRIS[:, 0])
        order = np.argsort(IRIS[:, 0], kind="stable")
        np.testing.assert_allclose(display.matrix, IRIS[order, 1:] @ IRIS[order, 1:].T)
        assert display.names is None

    def test_many_rows_are_thinned(self):
        X, y = load_digits(return_X_y=True)
        display = KernelMatrixDisplay.from_kernel(Gaussian("scale"), X, y, max_rows=200)
        assert display.matrix.shape == (200, 200) and np.diff(display.edges).min() >= 18

    @pytest.mark.parametrize("given", [sp.csr_array(IRIS), pd.DataFrame(IRIS), IRIS.astype(np.float32)])
    def test_containers(self, given):
        expected = KernelMatrixDisplay.from_kernel(Gaussian(2.0), IRIS).matrix
        np.testing.assert_allclose(KernelMatrixDisplay.from_kernel(Gaussian(2.0), given).matrix, expected, atol=1e-5)

    def test_of_an_estimator_and_of_a_matrix(self):
        model = KernelSVC(Gaussian("scale")).fit(IRIS, species)
        display = KernelMatrixDisplay.from_estimator(model, IRIS, species, cmap="magma")
        K = model.kernel_(IRIS)
        np.testing.assert_allclose(display.matrix, K, atol=1e-12)
        given = KernelMatrixDisplay.from_kernel("precomputed", K[::-1, ::-1], species[::-1])
        np.testing.assert_allclose(np.sort(given.matrix[:50, :50], axis=None), np.sort(K[:50, :50], axis=None))
        with pytest.raises(NotFittedError):
            KernelMatrixDisplay.from_estimator(KernelSVC(), IRIS)
        with pytest.raises(ValueError, match="estimator must have kernel_"):
            KernelMatrixDisplay.from_estimator(LogisticRegression(max_iter=1000).fit(IRIS, species), IRIS)
        with pytest.raises(ValueError, match=r"must be a square matrix for kernel='precomputed', got shape \(150, 4\)"):
            KernelMatrixDisplay.from_kernel("precomputed", IRIS)
        pipeline = make_pipeline(StandardScaler(), KernelSVC(Gaussian(2.0))).fit(IRIS, species)
        expected = Gaussian(2.0)(StandardScaler().fit_transform(IRIS))
        np.testing.assert_allclose(KernelMatrixDisplay.from_estimator(pipeline, IRIS, species).matrix, expected)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            KernelMatrixDisplay.from_kernel(Linear(), IRIS, species[:3])


class TestComponents:
    def test_scores_and_names(self):
        model = KernelPCA(Gaussian("scale"), n_components=3).fit(IRIS)
        display = ComponentDisplay.from_estimator(model, IRIS, names, components=(2, 0))
        np.testing.assert_array_equal(display.scores, model.transform(IRIS)[:, [2, 0]])
        share = model.explained_variance_ratio_[2]
        assert display.ax_.get_xlabel() == f"kernelpca2 ({share:.0%})"
        assert labels(display.ax_) == ["setosa", "versicolor", "virginica"]

    def test_numbers_get_a_scale(self):
        model = make_pipeline(StandardScaler(), KernelPCA(n_components=2)).fit(IRIS)
        display = ComponentDisplay.from_estimator(model, IRIS, IRIS[:, 0], s=3)
        np.testing.assert_array_equal(display.points_[0].get_array(), IRIS[:, 0])
        assert display.ax_.get_legend() is None and "%" in display.ax_.get_ylabel()

    @pytest.mark.parametrize("settings", [{"c": "red"}, {"color": "red"}, {"edgecolor": "black"}, {"marker": "x"}])
    def test_settings_of_ones_own(self, settings):
        model = make_pipeline(FunctionTransformer(np.log1p), KernelPCA(n_components=2)).fit(IRIS)
        assert ComponentDisplay.from_estimator(model, IRIS, names, **settings).points_
        with pytest.raises(TypeError, match="ax must be one matplotlib Axes, got ndarray"):
            ComponentDisplay.from_estimator(model, IRIS, ax=pyplot.subplots(2)[1])

    def test_mistakes(self):
        model = KernelPCA(n_components=2).fit(IRIS)
        with pytest.raises(ValueError, match="components must be an integer >= 0 and < 2, got 2"):
            ComponentDisplay.from_estimator(model, IRIS, components=(0, 2))
        with pytest.raises(ValueError, match=r"y must have shape \(n,\) to be drawn"):
            ComponentDisplay.from_estimator(model, IRIS, np.eye(150))


def test_spectrum():
    model = KernelPCA(Linear(), n_components=6).fit(IRIS)
    for estimator in (
        model,
        make_pipeline(StandardScaler(with_std=False), KernelPCA(Linear(), n_components=6)).fit(IRIS),
    ):
        display = SpectrumDisplay.from_estimator(estimator, color="black")
        np.testing.assert_array_equal(display.line_.get_xdata(), [0, 1, 2, 3])  # four columns, no more
        np.testing.assert_allclose(display.line_.get_ydata(), model.eigenvalues_[:4])
        np.testing.assert_allclose(display.share_line_.get_ydata()[-1], 100)
    with pytest.raises(NotFittedError):
        SpectrumDisplay.from_estimator(KernelPCA())
    with pytest.raises(ValueError, match="estimator must have eigenvalues_"):
        SpectrumDisplay.from_estimator(KernelSVC().fit(IRIS, species))
    theirs = SpectrumDisplay.from_estimator(sklearn.decomposition.KernelPCA(3).fit(IRIS), ms=2)
    assert theirs.share_line_ is None
    SpectrumDisplay([3.0, 2.0], [0.6, 0.4]).plot()
    KernelMatrixDisplay(np.eye(3), edges=[0, 1, 3], names=["a", "b"]).plot()


def test_without_matplotlib():
    program = """
import sys
sys.modules["matplotlib"] = None
from kernelkit import Linear
from kernelkit.inspection import KernelMatrixDisplay
try:
    KernelMatrixDisplay.from_kernel(Linear(), [[1.0], [2.0]])
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'displays need matplotlib: pip install "kernelkit[plot]"'
