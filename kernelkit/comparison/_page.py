"""The frame of the HTML report: one file that needs no network, with what makes it look and sort."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

_COLOURS = "--ink: #1a1a1a; --soft: #555; --line: #c9c9c9; --link: #0b3c6f;"

# What the page and a notebook share.
_PARTS = """
.verdict { border: 2px solid var(--ink); border-left-width: .6rem; padding: .8rem 1rem; }
.verdict p { font-size: 1.35rem; line-height: 1.3; font-weight: 700; margin: 0 0 .5rem; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
li { margin: .2rem 0; }
table.data { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
table.data th, table.data td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid #e4e4e4;
  white-space: nowrap; background: #fff; }
table.data th[scope=row], table.data td.words { text-align: left; }
table.data th[scope=row], table.data thead th:first-child { position: sticky; left: 0; text-align: left; }
table.data td.reason { text-align: left; color: var(--soft); font-style: italic; white-space: normal; }
table.data thead th { vertical-align: bottom; white-space: normal; border-bottom: 2px solid var(--ink); }
table.data tr.chosen th, table.data tr.chosen td { font-weight: 700; background: #eef2f7; }
"""

STYLE = (
    f":root {{ color-scheme: light; {_COLOURS} }}"
    + """
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main, header, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 2rem; align-items: start; }
section { grid-column: 1 / -1; min-width: 0; margin: 1.2rem 0 0; }
section.half { grid-column: span 1; }
h1 { font-size: 1rem; font-weight: 600; color: var(--soft); margin: 1.2rem 0 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 .5rem; border-bottom: 1px solid var(--line); }
p, li, dd { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); }
.scroll:focus-visible, button:focus-visible, summary:focus-visible, .model input:focus-visible + label {
  outline: 3px solid var(--link); outline-offset: 1px; }
th button { all: unset; cursor: pointer; font-weight: 600; padding: .3rem 0; text-decoration: underline dotted; }
th[aria-sort=ascending] button::after { content: " \\25B2"; }
th[aria-sort=descending] button::after { content: " \\25BC"; }
figure { margin: .5rem 0; }
figure svg { width: 100%; height: auto; max-width: 36rem; display: block; margin: 0 auto; }
figcaption, .note { color: var(--soft); font-size: .88rem; }
pre.code { margin: .5rem 0; padding: .8rem; font: .8rem/1.45 ui-monospace, Consolas, Menlo, monospace; }
.model { overflow-x: auto; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; }
dt { font-weight: 600; }
dd { margin: 0; }
footer { margin-top: 2rem; padding-bottom: 2rem; color: var(--soft); font-size: .88rem; }
"""
)

_MEDIA = """
@media (max-width: 52rem) {
  section.half { grid-column: 1 / -1; }
  .verdict p { font-size: 1.15rem; }
  table.data th[scope=row], table.data thead th:first-child { max-width: 8rem; white-space: normal; }
  table.data { font-size: .84rem; }
  table.data th, table.data td { padding: .3rem .45rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
}
@media print {
  body { font-size: 10pt; }
  main { display: block; }
  section, figure, tr { break-inside: avoid; }
  section.long { break-inside: auto; }
  h2 { break-after: avoid; }
  .scroll, .model { overflow: visible; border: 0; }
  table.data { font-size: 7.5pt; }
  table.data th, table.data td { padding: .15rem .3rem; white-space: normal; position: static !important; }
  table.data tr.chosen th, table.data tr.chosen td { background: none; border: solid #000; border-width: 1px 0; }
  pre.code { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 7pt; }
  figure svg { max-width: 10.5cm; }
  th button { text-decoration: none; }
}
"""

# The buttons are made here: without scripts there is nothing to press, and the table is in the report's own order.
SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], rows = [...body.rows];
  const said = document.getElementById(table.dataset.status);
  const key = (row, j) => row.cells[j] === undefined ? undefined : row.cells[j].dataset.value;
  const sort = (head, j) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const sign = up ? 1 : -1, text = head.dataset.kind === "text";
    rows.sort((a, b) => {
      const x = key(a, j), y = key(b, j);
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      return sign * (text ? x.localeCompare(y) : x - y);
    });
    body.append(...rows);
    said.textContent = "Sorted by " + head.innerText + (up ? ", ascending." : ", descending.");
  };
  [...table.tHead.rows[0].cells].forEach((head, j) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, j));
  });
}
"""


@dataclass(frozen=True)
class Section:
    """A part of the page: HTML below a title; half as wide on a desk, or one that may be broken over printed pages."""

    title: str
    body: str
    half: bool = False
    long: bool = False

    def html(self, number: int) -> str:
        """Return the section."""
        kinds = " ".join(kind for kind, wanted in (("half", self.half), ("long", self.long)) if wanted)
        return (
            f'<section aria-labelledby="part-{number}"{_class(kinds)}>\n'
            f'<h2 id="part-{number}">{escape(self.title)}</h2>\n{self.body}\n</section>'
        )


def _class(names: str) -> str:
    return f' class="{names}"' if names else ""


def page(title: str, sections: list[Section], footer: str) -> str:
    """Return the whole document."""
    parts = "\n".join(section.html(number) for number, section in enumerate(sections, 1))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{escape(title)}</title>
<style>{STYLE}{_PARTS}{_MEDIA}</style>
</head>
<body>
<header><h1>{escape(title)}</h1></header>
<main>
{parts}
</main>
<footer>{escape(footer)}</footer>
<script>{SCRIPT}</script>
</body>
</html>
"""


def fragment(inside: str) -> str:
    """Return a piece of a notebook, whose style touches nothing else there."""
    style = f".kernelkit-compare {{ color: #1a1a1a; background: #fff; padding: .5rem; {_COLOURS}{_PARTS}}}"
    return f'<div class="kernelkit-compare"><style>{style}</style>\n{inside}\n</div>'


def scrolled(inside: str, label: str, tag: str = "div", kind: str = "scroll") -> str:
    """Return a region that scrolls sideways, with the arrow keys too."""
    return f'<{tag} class="{kind}" role="region" tabindex="0" aria-label="{escape(label)}">{inside}</{tag}>'


def listed(items: list[str]) -> str:
    """Return sentences as a list."""
    return "<ul>\n" + "\n".join(f"<li>{escape(item)}</li>" for item in items) + "\n</ul>"


def figure(svg: str, caption: str, label: str) -> str:
    """Return a picture with what it shows in words."""
    picture = f'<div role="img" aria-label="{escape(label)}">{svg}</div>'
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"
