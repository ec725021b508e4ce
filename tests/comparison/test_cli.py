import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kernelkit
from kernelkit.__main__ import main

FAST = ["--candidates", "linear,poly2-lifted,poly2-kernel", "--cv", "3"]


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=90), "b": rng.normal(size=90)})
    frame["color"] = rng.choice(["red", "green", None], size=90)
    frame["y"] = frame["a"] * frame["b"] + 0.1 * rng.normal(size=90)
    frame.loc[::10, "a"] = np.nan
    frame["label"] = np.where(frame["y"] > 0, "up", "down")
    frame.to_csv(tmp_path / "table.csv", index=False)
    return str(tmp_path / "table.csv")


def test_regression_file(table, tmp_path, capsys):
    assert main(["compare", table, "--target", "y", "--json", str(tmp_path / "out.json"), *FAST]) == 0
    out, err = capsys.readouterr()
    assert "VERDICT" in out and "table.csv" in out and "\033" not in out and err == ""
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["data"]["target"] == "y"


def test_classification_file_with_labels(table, capsys):
    assert main(["compare", table, "--target", "label", *FAST]) == 0
    out = capsys.readouterr().out
    assert "classification: 'label' holds labels (override: --task regression)" in out and "accuracy" in out


def test_bundled_dataset(capsys):
    assert main(["compare", "--dataset", "iris", *FAST]) == 0
    assert "ships with scikit-learn" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv", "--target", "y"], "there is no file nowhere.csv"),
        (["TABLE"], "name the column to predict with --target; there are: a, b, color, y, label"),
        (["TABLE", "--target", "colour"], "did you mean 'color'?"),
        (["TABLE", "--target", "label", "--task", "regression"], "regression needs numbers; use --task classification"),
        (["TABLE", "--target", "y", "--task", "classification"], "use --task regression"),
        (["TABLE", "--target", "y", "--cv", "1"], "cv must be"),
        (["TABLE", "--target", "y", "--cv", "many"], "invalid int value"),
        (["TABLE", "--target", "y", "--budget", "-3"], "budget must be"),
        (["TABLE", "--target", "y", "--candidates", "gausian"], "did you mean 'gaussian'"),
        (["TABLE", "--target", "y", "--groups", "nobody"], "unknown column 'nobody'"),
        (["TABLE", "--target", "y", "--time-column", "color"], "neither numbers nor dates"),
        (["TABLE", "--target", "y", "--json", "/no/such/folder/out.json"], "cannot write"),
        (["TABLE", "--target", "y", "--dataset", "iris"], "either FILE or --dataset"),
        (["--dataset", "irys"], "did you mean 'iris'"),
        (["--target", "y"], "no FILE was given"),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_bad_input_is_one_line_and_code_2(table, arguments, message, capsys):
    assert main(["compare", *(table if word == "TABLE" else word for word in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("kernelkit: ") and message in err


@pytest.mark.parametrize(
    ("flags", "other"), [(["--json", "TABLE"], "FILE"), (["--json", "o", "--report", "o"], "--json")]
)
def test_no_file_is_written_over_another(table, flags, other, capsys):
    before = Path(table).read_text(encoding="utf-8")
    flags = [table if word == "TABLE" else word for word in flags]
    assert main(["compare", table, "--target", "y", *flags]) == 2
    assert f"names the same file as {other}" in capsys.readouterr().err
    assert Path(table).read_text(encoding="utf-8") == before


def test_bad_input_leaves_no_file(table, tmp_path):
    assert main(["compare", table, "--target", "nothing", "--json", str(tmp_path / "out.json")]) == 2
    assert not (tmp_path / "out.json").exists()


def test_help_and_unknown_command(capsys):
    assert main([]) == 0
    assert "compare" in capsys.readouterr().out
    assert main(["comparee"]) == 2
    with pytest.raises(SystemExit) as end:
        main(["compare", "--help"])
    assert end.value.code == 0 and "--time-column" in capsys.readouterr().out


def test_interrupt_is_one_line_and_code_130(table, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kernelkit.comparison._cli.compare", interrupted)
    assert main(["compare", table, "--target", "y"]) == 130
    assert capsys.readouterr().err == "kernelkit: interrupted\n"


def run(*arguments, **options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **options.pop("env", {})}
    command = [sys.executable, "-m", "kernelkit", *arguments]
    return subprocess.run(command, capture_output=True, env=environment, timeout=120, **options)


def test_process_end_to_end(table, tmp_path):
    # From an empty directory, into a pipe that knows ASCII only.
    folder = os.path.dirname(os.path.dirname(kernelkit.__file__))
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": folder}
    done = run("compare", table, "--target", "y", *FAST, env=environment, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == b""
    assert b"VERDICT" in done.stdout and done.stdout.isascii()
    wrong = run("compare", table, "--target", "z", env=environment, cwd=tmp_path)
    assert wrong.returncode == 2 and wrong.stderr.count(b"\n") == 1


def test_version():
    done = run("--version")
    assert done.returncode == 0 and done.stdout.decode().strip() == f"kernelkit {kernelkit.__version__}"
