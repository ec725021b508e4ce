"""How the site is built: ``python -m sphinx -W -b html docs docs/_build/html``."""

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from listing import file_names, write_listing  # noqa: E402

import kernelkit  # noqa: E402

write_listing(HERE / "reference")

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
    "pages",
]
exclude_patterns = ["_build", "examples", "sg_execution_times.rst"]
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]  # the gallery's settings hold functions

smartquotes = False  # what stands between quotes is often code

# Pages are Markdown that GitHub shows too: formulas between dollars or in ```math, links to titles as #anchors.
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4

# Nothing comes from another host: MathJax is one file of a Python package, fonts and icons are the theme's own.
MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax" / "tex-svg.js"
mathjax_path = MATHJAX.name
mathjax3_config = {"svg": {"scale": 0.9}}  # as high as the letters around it

html_theme = "pydata_sphinx_theme"
html_favicon = "figures/logo.svg"
html_title = f"kernelkit {release}"
html_static_path = ["_static", str(MATHJAX)]
html_css_files = ["kernelkit.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"image_light": "figures/logo.svg", "image_dark": "figures/logo.svg", "text": "kernelkit"},
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
numpydoc_show_class_members = False  # the members stand on the page themselves
toc_object_entries_show_parents = "hide"
copybutton_exclude = ".linenos, .gp, .go"

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "reference/examples",  # which examples use a name: shown on its page
    "doc_module": ("kernelkit",),
    "reference_url": {"kernelkit": None},
    "filename_pattern": r"plot_",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "write_computation_times": False,  # a page of tables from other hosts
}
