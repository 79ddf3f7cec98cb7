"""A document as one HTML file that loads nothing and runs nothing."""

from collections.abc import Mapping
from functools import cache

from jinja2 import Template
from markupsafe import Markup

from emt_tasks.documents.blocks import Document, Table, spread
from emt_tasks.documents.templates import page_templates


def written(document: Document, drawings: Mapping[str, Markup] | None = None) -> str:
    """`document` as a whole HTML page; the template escapes every text.

    Args:
        document: what to write.
        drawings: SVG, checked to draw and do nothing else, by the file of the picture that it stands for; a picture
            without one is named.
    """
    wide = tuple(spread(block) if isinstance(block, Table) else block for block in document.blocks)
    return _template().render(document=Document(document.title, wide), drawings=drawings or {})


@cache
def _template() -> Template:
    environment = page_templates("emt_tasks.documents")
    environment.tests["kind"] = lambda block, name: type(block).__name__ == name
    return environment.get_template("page.html.j2")
