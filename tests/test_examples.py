"""The examples of the gallery: each is a page with a title, and runs without a warning up to its figures.

The slow ones run where KERNELKIT_SLOW_EXAMPLES is set.
"""

import ast
import os
import runpy
from pathlib import Path

import pytest
from matplotlib import pyplot

EXAMPLES = sorted((Path(__file__).parent.parent / "docs" / "examples").glob("plot_*.py"))
SLOW = {"plot_image_regression", "plot_million_rows"}  # a minute where others want the processors
if_asked = pytest.mark.skipif(
    not os.environ.get("KERNELKIT_SLOW_EXAMPLES"), reason="KERNELKIT_SLOW_EXAMPLES is not set"
)


@pytest.fixture
def figures(monkeypatch):
    """Figures with something drawn on them, at each call of show."""
    shown = []

    def show():
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            figure.draw_without_rendering()
            shown.append(all(ax.has_data() for ax in figure.axes))
        pyplot.close("all")

    monkeypatch.setattr(pyplot, "show", show)
    yield shown
    pyplot.close("all")


def test_there_are_examples():
    assert len(EXAMPLES) >= 14
    assert {path.stem for path in EXAMPLES} >= SLOW


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_uses_public_names_and_no_network(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [*node.module.split("."), *(name.name for name in node.names)]
            assert not any(name.startswith("_") or name.startswith("fetch_") for name in names)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_is_a_page_of_the_gallery(path):
    text = path.read_text()
    title, line, *rest = ast.get_docstring(compile(text, path, "exec", ast.PyCF_ONLY_AST)).splitlines()
    assert line == "=" * len(title)
    assert any(rest)
    sections = text.split("\n# %%\n")[1:]
    assert sections
    for section in sections:
        head, line, *_ = section.splitlines()
        assert head.startswith("# ")
        if line.startswith("# --"):
            assert line == "# " + "-" * (len(head) - 2)
    assert text.endswith("\nplt.show()\n")


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=if_asked if path.stem in SLOW else ()) for path in EXAMPLES],
    ids=lambda path: path.stem,
)
def test_runs(path, figures):
    runpy.run_path(str(path))
    assert figures
    assert all(figures)
