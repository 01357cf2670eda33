"""Walk a built site: broken links, missing images, images without a text, files from elsewhere.

Run: ``python tests/walk_site.py docs/_build/html``
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# The thumbnail of an example stands beside its title, which says what it is.
DECORATION = "sphx-glr-thumbcontainer"


class Page(HTMLParser):
    """Links, images and anchors of a page.

    Attributes
    ----------
    links : list of targets of links
    loaded : list of addresses of scripts, styles and images, which a browser loads by itself
    images : list of (address, text or None)
    anchors : set of names that a link can end in
    """

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.images = [], [], []
        self.anchors = {"", "top"}
        self._is_decoration = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "div":
            self._is_decoration = DECORATION in found.get("class", "")
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload", "modulepreload"):
            self.loaded.append(found["href"])
        if tag in ("script", "img", "source", "iframe") and "src" in found:
            self.loaded.append(found["src"])
        if tag == "img" and not self._is_decoration:
            self.images.append((found.get("src"), found.get("alt")))


def faults(root):
    """What is wrong with a site.

    Parameters
    ----------
    root : Path
        Folder of the built site.

    Returns
    -------
    faults : list of str, empty if all is well

    Raises
    ------
    ValueError
        If there is no page.
    """
    root = root.resolve()
    found = [path for path in sorted(root.rglob("*.html")) if root / "_static" not in path.parents]
    pages = {path: Page(path) for path in found}
    if not pages:
        raise ValueError(f"{root} has no page: build the site first.")
    return [
        f"{path.relative_to(root)}: {fault}"
        for path, page in pages.items()
        for fault in [
            *broken_links(path, page, pages, root),
            *from_elsewhere(page),
            *without_text(page),
        ]
    ]


def broken_links(path, page, pages, root):
    """Links and files of the site that are not there."""
    for address in dict.fromkeys([*page.links, *page.loaded]):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if root not in target.parents or not target.is_file():
            yield f"{address} is not there"
        elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
            yield f"{address} has no such anchor"


def from_elsewhere(page):
    """Scripts, styles and images that need the network."""
    for address in page.loaded:
        if urlsplit(address).netloc:
            yield f"{address} needs the network"


def without_text(page):
    """Images whose alternative text is missing, or only the name of the file."""
    for address, text in page.images:
        if not text or Path(text).name == Path(unquote(address or "")).name:
            yield f"image {address} has no alternative text"


if __name__ == "__main__":
    found = faults(Path(sys.argv[1]))
    print("\n".join(found) or "links, images and alternative texts: no fault")
    sys.exit(1 if found else 0)
