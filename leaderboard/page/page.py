"""From a board to its page, once for each language."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files as resources
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from emt_tasks.documents.templates import page_templates
from leaderboard.board.view import Board, Rendered
from leaderboard.look.policy import policy
from leaderboard.page import drawings, filters, pictures
from leaderboard.page.parts import parts
from leaderboard.page.room import Room
from leaderboard.page.wording import LANGUAGES, Words, words

SCRIPTS = (
    "statistics", "bits", "state", "table", "downloads", "switches", "matrix", "maps", "answers", "compare", "begin",
)  # fmt: skip
STYLES = ("look/colours.css", "page/style/page.css", "page/style/sections.css")


def render(board: Board) -> Rendered:
    """The page of `board` in English, and as files beside it the page in the other languages and all drawings.

    The same board gives the same bytes.
    """
    english = words("en")
    roses = drawings.roses(board, english)
    gaps, epochs = list(drawings.gaps(board, english)), list(drawings.epochs(board, english))
    drawn = [*(one for pair in roses for one in pair), *gaps, *epochs]
    svgs = pictures.rendered(drawn)
    figures: Mapping[str, Any] = {"roses": roses, "gaps": gaps, "epochs": epochs, "figure_files": sorted(svgs)}
    pages = {words(one)["language"]["file"]: _page(board, words(one), figures, svgs) for one in LANGUAGES}
    others = {name: page.encode("utf8") for name, page in pages.items() if name != english["language"]["file"]}
    return Rendered(pages[english["language"]["file"]], {**others, **dict(pictures.files(drawn, svgs))})


def _page(board: Board, told: Words, figures: Mapping[str, Any], svgs: Mapping[str, str]) -> str:
    environment = templates()
    code = script()
    styles = [(resources("leaderboard") / one).read_text(encoding="utf8") for one in STYLES]
    room = Room(code, *styles, "x" * REST)
    shared = {"w": told, "board": board, "policy": policy([code]), "script": Markup(code)}  # noqa: S704  # our own file
    macros = environment.get_template("page/pieces/figure.html.j2").make_module(
        {"w": told, "embed": _embedding(told, svgs)}
    )
    figure = vars(macros)["figure"]
    inside = parts(board, told, room, environment)
    return environment.get_template("page/page.html.j2").render(
        **shared, **figures, **inside, figure=figure, head=partial(filters.head, told=told, board=board)
    )


REST = 66_000  # bytes of words, sections and tables beside drawings, about


def _embedding(told: Words, svgs: Mapping[str, str]) -> Callable[[str, str], Markup]:
    return lambda name, caption: pictures.embedded(svgs[name], name, caption, told["drawn"])


@cache
def script() -> str:
    """The page's script: its files in one function, so that nothing of it is a name of the page's."""
    folder = resources("leaderboard.page") / "script"
    code = "\n".join((folder / f"{name}.js").read_text(encoding="utf8") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{code}}})();'


@cache
def templates() -> Environment:
    """The page's templates, with its filters."""
    environment = page_templates("leaderboard")
    environment.filters |= filters.FILTERS
    environment.finalize = filters.said
    return environment
