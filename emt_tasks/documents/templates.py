"""How our pages are made of templates: every text escaped, no name left undefined."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from emt_tasks.documents.blocks import joined
from emt_tasks.escaping import plain


def page_templates(package: str) -> Environment:
    """The templates in the folder of `package`, with the filter `one_line` for the text of a table's cell."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["one_line"] = lambda cell: plain(joined(cell))
    return environment
