"""A document as one HTML file that loads nothing and runs nothing."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from emt_tasks.documents.blocks import Document, Table, joined, spread
from emt_tasks.escaping import plain


def written(document: Document) -> str:
    """`document` as a whole HTML page; the template escapes every text."""
    wide = tuple(spread(block) if isinstance(block, Table) else block for block in document.blocks)
    return _template().render(document=Document(document.title, wide))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("emt_tasks.documents", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["one_line"] = lambda cell: plain(joined(cell))
    environment.tests["kind"] = lambda block, name: type(block).__name__ == name
    return environment.get_template("page.html.j2")
