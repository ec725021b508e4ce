"""How the site is built: ``python -m sphinx -W -b html docs docs/_build/html``."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from reference.listing import file_names, write_listing  # noqa: E402  beside this file

import kernelkit  # noqa: E402

project = "kernelkit"
author = copyright = "The kernelkit developers"
version = release = kernelkit.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]  # the gallery's settings hold functions

# Pages are Markdown that GitHub shows too: formulas between dollars or in ```math, links to titles as #anchors.
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4

# Nothing comes from another host: MathJax is one file of a Python package, fonts and icons are the theme's own.
MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax" / "tex-svg.js"
mathjax_path = MATHJAX.name

html_theme = "pydata_sphinx_theme"
html_title = f"kernelkit {release}"
html_static_path = ["_static", str(MATHJAX)]
html_css_files = ["kernelkit.css"]
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
html_sidebars = {"index": [], "install": [], "choose": [], "changelog": []}

autosummary_generate = True
autosummary_filename_map = file_names()
autodoc_typehints = "none"  # the docstrings say what comes in, in words
numpydoc_class_members_toctree = False
numpydoc_show_inherited_class_members = False
copybutton_exclude = ".linenos, .gp, .go"

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"plot_",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "plot_gallery": True,
}


# What is shown as it stands: words between backticks, doctests, and indented blocks after two colons.
LITERAL = re.compile(r"(``.+?``|`.+?`|^ *>>> .*?(?:\n\s*\n|\Z)|::\n\n(?: .*\n|\n)+)", flags=re.DOTALL | re.MULTILINE)


def _without_foreign_links(app, what, name, obj, options, lines):
    """Leave the words of links into scikit-learn's own pages, which are not here."""
    if not getattr(obj, "__module__", "").startswith("kernelkit"):
        lines[:] = [re.sub(r":(?:ref|term|class|func|meth):`~?([^`<]+?)(?: <[^`>]*>)?`", r"\1", line) for line in lines]


def _plain_formulas(app, what, name, obj, options, lines):
    """Take bars and final underscores for what they are in docstrings: norms as in abs(x), and names such as coef_."""
    parts = LITERAL.split("\n".join(lines))
    parts[::2] = [re.sub(r"\||(?<=\w)(?<!_)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    lines[:] = "".join(parts).split("\n")


def setup(app):
    """Write the lists of the reference from ``__all__`` before they are read."""
    write_listing(HERE / "reference")
    app.connect("autodoc-process-docstring", _without_foreign_links, priority=100)
    app.connect("autodoc-process-docstring", _plain_formulas, priority=900)  # after numpydoc, which parses names
