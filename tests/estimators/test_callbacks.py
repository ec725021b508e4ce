"""Callbacks of scikit-learn, where it has them."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kernelkit import Gaussian, KernelRidge, KernelRidgeClassifier, Linear
from kernelkit.estimators import _many_rows

callback = pytest.importorskip("sklearn.callback")

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = np.sin(X[:, 0])


class Recorder:
    """What was called, and on tasks of which name."""

    max_propagation_depth = None

    def __init__(self, stop_after=None, fail=False):
        self.calls, self.stop_after, self.fail = [], stop_after, fail

    def setup(self, estimator, context):
        self.calls.append(("setup", context.task_name))

    def teardown(self, estimator, context):
        self.calls.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context):
        self.calls.append(("end", context.task_name))
        if self.fail:
            raise OSError("no terminal")
        return self.calls.count(("end", "step")) == self.stop_after


@pytest.fixture(params=["cg", "nystroem"])
def model(request, monkeypatch):
    monkeypatch.setattr(_many_rows, "SMALL_LANDMARKS", 0)
    kernel = Gaussian(1.0)
    return KernelRidge(kernel, alpha=1e-3, solver=request.param, n_landmarks=30, preconditioner_rank=10, random_state=0)


def test_every_step_is_told(model):
    recorder = Recorder()
    assert model.set_callbacks(recorder) is model
    model.fit(X, np.column_stack([y, y]))
    calls, steps = recorder.calls, model.n_iter_
    assert steps > 2
    assert calls[:3] == [("setup", "fit"), ("begin", "fit"), ("begin", "step")]
    assert calls[-2:] == [("end", "fit"), ("teardown", "fit")]
    assert calls.count(("begin", "step")) == calls.count(("end", "step")) == steps + 1
    wanted = clone(model).set_callbacks().fit(X, y).predict(X)
    np.testing.assert_allclose(model.predict(X)[:, 0], wanted, atol=1e-4)
    assert not [name for name in vars(model) if "callback" in name and name != "_skl_callbacks"]
    pickle.loads(pickle.dumps(model.set_callbacks())).predict(X)


def test_steps_may_reach_their_limit_for_each_alpha(model):
    recorder = Recorder()
    model.set_params(alpha=[1e-3, 1e-4], max_iter=2, preconditioner_rank=0).set_callbacks(recorder)
    with pytest.warns(ConvergenceWarning, match="after 2 steps"):
        model.fit(X, np.column_stack([y, y]))
    assert recorder.calls.count(("end", "step")) == 5


def test_a_callback_may_end_the_steps(model):
    model.set_callbacks(Recorder(stop_after=2))
    with pytest.warns(ConvergenceWarning, match="ended after 2 steps"):
        model.fit(X, y)


def test_a_callback_that_fails_leaves_nothing_behind(model):
    recorder = Recorder(fail=True)
    with pytest.raises(OSError, match="no terminal"):
        model.set_callbacks(recorder).fit(X, y)
    assert recorder.calls[-1] == ("teardown", "fit")
    assert not hasattr(model, "kernel_") and not hasattr(model, "_callback_fit_ctx")


@pytest.mark.parametrize(
    "settings", [{"solver": "cholesky"}, {"solver": "primal"}, {"uncertainty": True}, {"solver": "nystroem"}]
)
def test_fits_in_one_go_are_one_task(settings):
    recorder = Recorder()
    KernelRidge(Linear(), n_landmarks=3, random_state=0, **settings).set_callbacks(recorder).fit(X, y)
    assert [call for call in recorder.calls if call[1] == "fit"] == [
        (when, "fit") for when in ("setup", "begin", "end", "teardown")
    ]


def test_within_a_search():
    recorder = Recorder()
    search = GridSearchCV(make_pipeline(StandardScaler(), KernelRidgeClassifier(solver="cg")), {}, cv=2)
    search.set_callbacks(recorder).fit(X, np.where(y > 0, "a", "b"))
    assert recorder.calls.count(("end", "step")) >= 6
    assert recorder.calls.count(("setup", "fit")) == recorder.calls.count(("teardown", "fit")) == 1


def test_the_progress_bar(model, capsys):
    pytest.importorskip("rich")
    model.set_callbacks(callback.ProgressBar()).fit(X, y)
    assert "KernelRidge - fit" in capsys.readouterr().out
