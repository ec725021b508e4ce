"""Check that a built site loads nothing from other hosts: ``python docs/_ext/own_hosts.py docs/_build/html``.

Links that a reader follows are free; scripts, styles, fonts, pictures and frames are not.
"""

import re
import sys
from pathlib import Path

LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^\s\"'>]+"
    r"|<object\b[^>]*\bdata=[\"']?(?:https?:)?//[^\s\"'>]+"
    r"|<link\b(?![^>]*rel=[\"']?(?:canonical|next|prev|search|index))[^>]*\bhref=[\"']?(?:https?:)?//[^\s\"'>]+"
    r"|(?:url\(|@import\s+)[\"']?(?:https?:)?//[^\s\"')]+",
    flags=re.IGNORECASE,
)


def loads_from_others(text: str) -> list[str]:
    """Return what a page or a style sheet asks other hosts for."""
    return LOADED.findall(text)


def main(folder: Path) -> int:
    """Print each such thing, and return how many there are."""
    pages = [*folder.rglob("*.html"), *folder.rglob("*.css")]
    found = [(page, what) for page in pages for what in loads_from_others(page.read_text(encoding="utf-8"))]
    for page, what in found:
        print(f"{page.relative_to(folder)}: {what}")
    print(f"{len(pages)} pages and style sheets, {len(found)} things from other hosts")
    return len(found)


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1])), 1))
