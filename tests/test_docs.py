"""The pages name tests, pages and names that exist, and the site's reference has all public names."""

import importlib
import operator
import pkgutil
import re
import runpy
from pathlib import Path

import pytest

import kernelkit
from tests.test_architecture import FLOORS

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def script(path):
    """What a script of the docs defines."""
    return runpy.run_path(str(ROOT / "docs" / path))


def test_the_tests_that_numerics_names_exist():
    text = (ROOT / "docs" / "numerics.md").read_text(encoding="utf-8")
    defined = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    modules = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(re.findall(r"`(?:[\w./]*::)?(test_\w+)`", text))
    assert len(named) > 20 and named <= defined | modules


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)", text):
        other = (page.parent / target) if target else page
        assert other.exists(), f"{page.name} links to {target}"
        if anchor and other.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor[1:] in {_anchor(title) for title in titles}, f"{page.name} links to {target}{anchor}"


def _anchor(title):
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_every_public_name_has_a_page_in_the_reference():
    listed = script("_ext/listing.py")["listed"]()
    names = {name for page in listed.values() for part in page for name in part}
    top = {f"kernelkit.{name}" for name in kernelkit.__all__}
    assert top <= names
    for folder in (module.name for module in pkgutil.iter_modules(kernelkit.__path__) if module.name[0] != "_"):
        own = set(importlib.import_module(f"kernelkit.{folder}").__all__) - set(kernelkit.__all__)
        assert {f"kernelkit.{folder}.{name}" for name in own} <= names
    assert all(operator.attrgetter(name.removeprefix("kernelkit."))(kernelkit) is not None for name in names)


def test_pages_of_the_reference_differ_by_more_than_capitals():
    listing = script("_ext/listing.py")
    names = [name for page in listing["listed"]().values() for part in page for name in part]
    files = [listing["file_names"]().get(name, name).lower() for name in names]
    assert len(files) == len(set(files))


def test_the_reference_is_written_from_these_lists(tmp_path):
    listing = script("_ext/listing.py")
    listing["write_listing"](tmp_path / "reference")
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "reference").glob("*.rst")}
    for page, parts in listing["listed"]().items():
        assert page in pages["index"]
        assert all(f"   ~{name}\n" in pages[page] for part in parts for name in part)


def test_drawings_are_what_the_script_draws():
    drawn = script("figures/draw.py")["drawings"]()
    assert {path.name for path in FIGURES.glob("*.svg")} == set(drawn)
    for name, text in drawn.items():
        assert (FIGURES / name).read_text(encoding="utf-8") == text, f"run python docs/figures/draw.py: {name} is old"


def test_the_maps_name_what_exists():
    drawing = script("figures/draw.py")
    answers = " ".join(line for map_ in ("KERNEL", "ESTIMATOR", "ROWS") for _, names in drawing[map_] for line in names)
    named = set(re.findall(r"\b[A-Z]\w{2,}", answers)) - {"Dask"}
    assert len(named) > 20 and named <= set(kernelkit.__all__)


def test_words_of_the_maps_fit_their_boxes():
    drawing = script("figures/draw.py")
    for question, names in (row for map_ in ("KERNEL", "ESTIMATOR", "ROWS") for row in drawing[map_]):
        assert len(question) <= 22 and all(len(name) <= 23 for name in names), question


def test_the_layers_drawn_are_those_that_hold():
    drawn = [{name for name, _ in floor} for floor in reversed(script("figures/draw.py")["LAYERS"])]
    hold = [{name for name in FLOORS if FLOORS[name] == floor} for floor in range(FLOORS["__init__"])]
    assert drawn == [names - {"_version", "_show_versions"} for names in hold]


def test_no_page_of_the_docs_is_left_out_of_the_site():
    named = set()
    for page in (ROOT / "docs").glob("*.md"):
        for block in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            named |= {line.strip() for line in block.splitlines() if line.strip() and not line.startswith(":")}
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"} <= named


def test_what_other_hosts_would_load_is_found():
    loads_from_others = script("_ext/own_hosts.py")["loads_from_others"]
    page = '<a href="https://a.org"><link rel="canonical" href="https://b.org"><script src="_static/c.js"></script>'
    assert not loads_from_others(page)
    for thing in (
        '<script async src="https://a.org/x.js">',
        "<img alt='x' src='//a.org/x.png'>",
        '<link href="https://a.org/x.css" rel="stylesheet">',
        "@font-face { src: url(https://a.org/x.woff2) }",
    ):
        assert len(loads_from_others(page + thing)) == 1, thing
