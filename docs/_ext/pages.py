"""What the pages need beyond Sphinx: docstrings with plain formulas, words in code that lead to the reference."""

import re

from docutils import nodes
from listing import names_in_prose
from sphinx import addnodes

# What is shown as it stands: words between backticks, doctests, and indented blocks after two colons.
LITERAL = re.compile(r"(``.+?``|`.+?`|^ *>>> .*?(?:\n\s*\n|\Z)|::\n\n(?: .*\n|\n)+)", flags=re.DOTALL | re.MULTILINE)
FOREIGN_LINK = re.compile(r":(?:ref|term|class|func|meth):`~?([^`<]+?)(?: <[^`>]*>)?`")
ROUTING = re.compile(r"set_\w+_request|get_metadata_routing|set_callbacks")
NOT_OURS = re.compile(r"(scikit-learn|sklearn|himalaya)('s|’s)[\w\s-]{,25}$")
ABOUT_OTHERS = {"coming_from"}  # their names are the same, and what they name is not


def plain_formulas(app, what, name, obj, options, lines):
    """Take bars and final underscores for what they are in docstrings: norms as in abs(x), and names such as coef_."""
    parts = LITERAL.split("\n".join(lines))
    parts[::2] = [re.sub(r"\||(?<=\w)(?<!_)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    lines[:] = "".join(parts).split("\n")


def without_foreign_links(app, what, name, obj, options, lines):
    """Leave the words of links into scikit-learn's own pages, which are not here."""
    if not getattr(obj, "__module__", "").startswith("kernelkit"):
        lines[:] = [FOREIGN_LINK.sub(r"\1", line) for line in lines]


def without_routing(app, what, name, obj, skip, options):
    """Leave out the methods that scikit-learn makes for its own machinery."""
    return True if ROUTING.fullmatch(name) else None


def linked_names(app, doctree):
    """Let public names in code lead to their page, ``KernelRidge(alpha=1)`` too, and files of examples to theirs."""
    if app.env.docname in ABOUT_OTHERS:
        return
    known = names_in_prose()
    for literal in list(doctree.findall(nodes.literal)):
        target = _target(literal.astext(), known)
        inside = isinstance(literal.parent, nodes.reference | nodes.title | addnodes.pending_xref)
        if target and not inside and not NOT_OURS.search(_text_before(literal)):
            link = addnodes.pending_xref("", **target, refexplicit=True, refwarn=True, refdoc=app.env.docname)
            literal.replace_self(link)
            link += literal


def tight_code(app, doctree):
    """Drop the empty line that ends a doctest in Markdown, where it keeps the fence out of what is expected."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext().rstrip()
        block.rawsource = text
        if len(block.children) == 1 and isinstance(block.children[0], nodes.Text):
            block.children[0] = nodes.Text(text)
            block.children[0].parent = block


def setup(app):
    """Hang all of it where Sphinx asks for it."""
    app.connect("autodoc-process-docstring", without_foreign_links, priority=100)
    app.connect("autodoc-process-docstring", plain_formulas, priority=900)  # after numpydoc, which parses names
    app.connect("autodoc-skip-member", without_routing)
    app.connect("doctree-read", linked_names)
    app.connect("doctree-read", tight_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _target(text, known):
    """Return where the words of a piece of code lead, as Sphinx names it, or None."""
    if text.startswith("docs/examples"):
        page = text.removeprefix("docs/examples").removesuffix(".py").strip("/") or "index"
        return {"refdomain": "std", "reftype": "doc", "reftarget": f"/auto_examples/{page}"}
    name = known.get(text.partition("(")[0])
    return name and {"refdomain": "py", "reftype": "obj", "reftarget": name}


def _text_before(node):
    place = node.parent.index(node)
    return node.parent[place - 1].astext() if place else ""
