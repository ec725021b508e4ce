"""The scripts behind the figures of the docs run; on few rows, where nothing is measured."""

import importlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def versus(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr("sys.modules", dict(sys.modules))
    module = importlib.import_module("versus")
    monkeypatch.setattr(module, "ENOUGH", 0.0)
    return module


def test_versus_writes_table_and_figure(versus, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- begin: benchmarks/versus.py -->\nold\n<!-- end: benchmarks/versus.py -->\nafter\n")
    works = [work for work in versus.WORKS if work.name in ("gram", "svc-fit", "fourier", "nystroem")]
    names = ",".join(work.name for work in works)
    monkeypatch.setattr(sys, "argv", ["versus.py", "--quick", "--write", str(page), "--only", names])
    versus.main()
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert all(work.title(quick=True) in text for work in works)
    assert "scikit-learn |" in text and "numpy:" in text
    assert (tmp_path / "versus.svg").read_text().startswith("<?xml")
    assert "differ by" in capsys.readouterr().out


def test_versus_agrees_with_its_peers(versus):
    for name in ("gram", "ridge", "svc-values", "pca"):
        found = versus.Found()
        versus.measure(next(work for work in versus.WORKS if work.name == name), True, found)
        assert {line.peer for line in found.lines} >= {"scikit-learn"}
        assert all(line.difference < 1e-4 for line in found.lines)


def test_versus_refuses_unknown_works_and_pages_without_marks(versus, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["versus.py", "--only", "gramm"])
    with pytest.raises(SystemExit, match="no work is called 'gramm'; there are gram, ridge"):
        versus.main()
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(SystemExit, match="must hold the marks"):
        versus.write(page, versus.Found())
