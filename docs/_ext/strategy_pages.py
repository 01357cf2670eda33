"""Sphinx extension: a page for each strategy, and the table of all, from strategies.csv.

The page has what the docstring of the class says, its row of the table, and the picture that
plot_strategies.py draws.
"""

import csv
import os
from pathlib import Path

from numpydoc.docscrape import ClassDoc
from sphinx.errors import ExtensionError

from skally.samplers import all_samplers

PAGE = """\
{title}
{underline}

{summary}

.. image:: {name}.png
   :alt: Where {title} asks for labels: 20 rows of a pool of five clouds, marked in red.

:Asks for: {asks for}
:When: {when}
:Cost: {cost}
{source}:Class: :class:`skally.{name}`

The cost is for n rows in the pool, L labelled rows, k rows to query, C classes and d features of
the embedding. :doc:`/strategies` has the other strategies on the same pool.

{description}

{examples}
"""
TABLE = """\
.. list-table::
   :header-rows: 1
   :widths: 20 22 16 30 12

   * - strategy
     - asks for
     - cost
     - when
     - source
"""
ROW = """\
   * - :doc:`{title} </strategies/{name}>`
     - {asks for}
     - {cost}
     - {when}
     - {source}
"""


def read_rows(path):
    """Rows of the table, one for each strategy: dicts with inline markup.

    Raises
    ------
    ExtensionError
        If it has other strategies than the package.
    """
    with open(path, encoding="utf-8", newline="") as file:
        rows = [{"name": row["sampler"], **row} for row in csv.DictReader(file)]
    differ = {row["name"] for row in rows} ^ set(dict(all_samplers()))
    if differ:
        raise ExtensionError(f"{path.name} and skally.samplers differ in {sorted(differ)}.")
    return [{**row, "title": row["name"].removesuffix("Sampler")} for row in rows]


def page(row):
    """Page of a strategy."""
    doc = ClassDoc(dict(all_samplers())[row["name"]])
    texts = {key: "\n".join(doc[key]) for key in ("Extended Summary", "References", "Examples")}
    source = f":Source: {row['source']}\n" if row["source"] else ""
    return PAGE.format_map(
        {
            **row,
            "underline": "=" * len(row["title"]),
            "summary": "\n".join(doc["Summary"]),
            "source": source,
            "description": texts["Extended Summary"],
            "examples": texts["Examples"],
        }
    )


def write(path, text):
    """Write a file if it changes, so that Sphinx builds again only what did."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def write_pages(app):
    """Write all pages and the table."""
    docs = Path(app.srcdir)
    folder = docs / "strategies"
    folder.mkdir(exist_ok=True)
    rows = read_rows(docs / "strategies.csv")
    write(folder / "table.txt", TABLE + "".join(ROW.format_map(row) for row in rows))
    for row in rows:
        write(folder / f"{row['name']}.rst", page(row))
    if not all((folder / f"{row['name']}.png").exists() for row in rows):
        # Without its checksum the example that draws them runs again.
        (docs / "auto_examples" / "plot_strategies.py.md5").unlink(missing_ok=True)


def setup(app):
    os.environ["SKALLY_PICTURES"] = str(Path(app.srcdir) / "strategies")  # for plot_strategies.py
    app.connect("builder-inited", write_pages, priority=400)  # before the examples run
    names = [name for name, _ in all_samplers()]
    app.config.autosummary_context["strategies"] = names  # for the template of classes
    return {"parallel_read_safe": True}
