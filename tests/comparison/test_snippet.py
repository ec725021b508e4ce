import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import kernelkit
from kernelkit import Columns, Gaussian, KernelRidge, Linear, compare
from kernelkit.__main__ import main
from kernelkit.comparison import InputError
from kernelkit.comparison._save import save_model
from kernelkit.comparison._snippet import Snippet, packed, script, snippet
from kernelkit.comparison._source import NotPublic, Source, public_module

MODELS = ["linear", "interactions", "poly2-lifted", "poly3-kernel", "gaussian", "ntk", "fourier", "nystroem", "svm"]


def frame(n=160, seed=0):
    """Numbers, some missing or infinite or words; levels, some missing; truth values; many levels."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    X["color"] = rng.choice(["red", 'gr"een', None], size=n)
    X["flag"] = rng.choice([True, False], size=n)
    X["digit"] = [str(i % 7) if i % 50 else "n/k" for i in range(n)]
    X["zip"] = rng.choice([f"z{i}" for i in range(60)], size=n)
    X["y"] = np.sin(2 * X["a"]) + X["b"] * X["a"] + (X["color"] == "red") + 0.1 * rng.normal(size=n)
    X.loc[::9, "a"] = np.nan
    X.loc[5, "b"] = np.inf
    X.loc[7, "y"] = np.nan
    return X


@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize("model", [*MODELS, "forest"])
def test_script_gets_the_held_out_score(model, task, monkeypatch):
    X = frame()
    if task == "classification":
        X["y"] = np.where(X["y"].isna(), None, np.where(X["y"] > 0, "up", "down"))
    # Whatever the data say, the model in question is the recommended one.
    monkeypatch.setattr("kernelkit.comparison._verdict._below_a_simpler", lambda o, *_: o.name != model)
    monkeypatch.setattr("kernelkit.comparison._statistics.Difference.shown", property(lambda self: False))
    result = compare(X, "y", candidates=["linear", model], cv=2)
    assert result.recommended == model
    found = snippet(result.found)
    expected = result.found.held_out.recommended[{"regression": "r2", "classification": "accuracy"}[task]]
    assert found.trouble is None
    assert found.agrees(expected) and "the same as above" in found.said(expected, task)
    assert "kernelkit.comparison" not in found.code and "import _" not in found.code and "._" not in found.code


def test_script_runs_in_a_process_of_its_own(tmp_path):
    data = tmp_path / "data.csv"
    frame().to_csv(data, index=False)
    result = compare(pd.read_csv(data), "y", candidates="linear,poly2-kernel", cv=3)
    loading = f"X = pd.read_csv({str(data)!r})\nX = X[X['y'].notna()]\ny = X['y'].to_numpy()"
    code = script(result.found, loading)
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(kernelkit.__file__))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment)
    assert done.stderr == ""
    assert done.stdout == f"held-out r2: {result.found.held_out.recommended['r2']:.6f}\n"


def test_arrays_of_objects_and_of_numbers():
    rng = np.random.default_rng(0)
    X = np.empty((80, 2), dtype=object)
    X[:, 0], X[:, 1] = rng.normal(size=80), rng.choice(["a", "b", None], size=80)
    y = X[:, 0].astype(float) + (X[:, 1] == "a")
    for given in (X, X[:, :1].astype(np.float32), X[:, :1].astype(float)):
        result = compare(given, y, candidates="linear", cv=2)
        assert snippet(result.found).agrees(result.found.held_out.recommended["r2"])


def test_fewer_rows_than_there_are(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    result = compare(X, X[:, 0] ** 2 + X[:, 1], candidates="linear,gaussian", cv=2, max_rows=60)
    assert snippet(result.found).agrees(result.found.held_out.recommended["r2"])


def test_disagreement_and_failure_are_told():
    assert "NOT the same as above (0.500000)" in Snippet("x", 0.4).said(0.5, "regression")
    assert "the same as above" in Snippet("x", 0.5 + 1e-9).said(0.5, "regression")
    assert "failed: NameError: gone" in Snippet("x", trouble="NameError: gone").said(0.5, "regression")
    assert "public names" in Snippet("", trouble="m._f").said(0.5, "regression")


def test_a_script_that_fails_does_not_fail_the_report():
    X = np.random.default_rng(0).normal(size=(60, 2))
    result = compare(X, X[:, 0], candidates="linear", cv=2)
    found = snippet(result.found, "import sys\nsys.exit('no')")
    assert found.score is None and "SystemExit: no" in found.said(1.0, "regression")
    result.found.table.name = "two\nlines; import os\n"
    assert snippet(result.found).score is not None


def rebuilt(value):
    source = Source()
    text = source.expression(value)
    space = {"np": np}
    exec("\n".join(source.import_lines() + list(source.functions.values())), space)
    return eval(text, space), text


@pytest.mark.parametrize(
    "value",
    [
        0.1 + 0.2,
        np.float64(1) / 3,
        float("inf"),
        [1, 2],
        list(range(100)),
        (1,),
        {"a": [None, True]},
        slice(0, 3),
        "it's",
        'a "b" \n',
        np.float32,
    ],
)
def test_values_come_back(value):
    assert rebuilt(value)[0] == value


def test_long_arrays_are_not_cut():
    values = np.random.default_rng(0).normal(size=500)
    np.testing.assert_array_equal(rebuilt(values)[0], values)


def test_kernels_and_estimators_come_back():
    kernel = Columns(Gaussian(sigma=[0.1 + i for i in range(60)]), list(range(60))) + Columns(Linear(), [60]) * 2.0
    again, text = rebuilt(KernelRidge(kernel, alpha=1e-3))
    assert again.kernel == kernel and again.alpha == 1e-3 and "..." not in text
    assert max(map(len, text.splitlines())) <= 100
    model, text = rebuilt(Pipeline([("a", StandardScaler()), ("b", StandardScaler()), ("c", Ridge())]))
    assert [type(step) for _, step in model.steps] == [StandardScaler, StandardScaler, Ridge] and "Ridge()" in text


def test_what_has_no_public_name_is_told():
    class Own(StandardScaler):
        pass

    Own.__module__ = "kernelkit.comparison._models"
    with pytest.raises(NotPublic, match="kernelkit.comparison._models.Own"):
        Source().expression(Own())
    with pytest.raises(NotPublic, match="lambda"):
        Source().expression(FunctionTransformer(lambda X: X))
    assert public_module(KernelRidge) == "kernelkit" and public_module(Ridge) == "sklearn.linear_model"


@pytest.mark.parametrize("n", [5, 20_000])
def test_packed_rows_come_back(n):
    rows = np.sort(np.random.default_rng(0).permutation(n)[: n // 2])
    text = packed(rows, n)
    space = {}
    exec("import zlib\nimport numpy as np\nfrom base64 import b64decode", space)
    from kernelkit.comparison._snippet import ROWS

    exec(ROWS, space)
    np.testing.assert_array_equal(eval(text, space), rows)
    assert max(map(len, text.splitlines())) <= 100


@pytest.fixture(scope="module")
def result():
    return compare(frame(), "y", candidates="linear,gaussian", cv=2)


def test_saved_by_skops(result, tmp_path):
    io = pytest.importorskip("skops.io")
    path = tmp_path / "model.skops"
    advice = save_model(result.found, path)
    assert "skops.io.load(" in advice and "\n" not in advice
    loaded = eval(advice.split("load it with ")[1].replace("skops.io", "io"), {"io": io})
    X = result.found.table.X
    np.testing.assert_array_equal(loaded.predict(X), result.best_estimator_.predict(X))


@pytest.mark.parametrize(("name", "installed"), [("model", False), ("model.joblib", True)])
def test_saved_by_joblib(result, tmp_path, monkeypatch, name, installed):
    import joblib

    if not installed:
        monkeypatch.setitem(sys.modules, "skops", None)
        monkeypatch.setitem(sys.modules, "skops.io", None)
    path = tmp_path / name
    advice = save_model(result.found, path)
    assert "joblib.load(" in advice
    X = result.found.table.X
    np.testing.assert_array_equal(joblib.load(path).predict(X), result.best_estimator_.predict(X))


def test_skops_that_is_asked_for_and_not_there(result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(InputError, match=r"model.skops asks for skops, which is not installed: pip install skops, or"):
        save_model(result.found, tmp_path / "model.skops")
    assert not list(tmp_path.iterdir())


def test_a_model_that_changes_when_saved_is_refused(result, tmp_path, monkeypatch):
    class Other:
        def predict(self, X):
            return np.zeros(len(X))

    monkeypatch.setattr("joblib.load", lambda path: Other())
    with pytest.raises(InputError, match="its predictions change"):
        save_model(result.found, tmp_path / "model.joblib")
    assert not (tmp_path / "model.joblib").exists()


def test_save_model_from_the_command_line(tmp_path, capsys):
    path = tmp_path / "model.joblib"
    options = ["--candidates", "linear", "--cv", "2", "--save-model", str(path)]
    assert main(["compare", "--dataset", "iris", *options]) == 0
    assert path.exists() and "load it with joblib.load(" in capsys.readouterr().out
