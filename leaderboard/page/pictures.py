"""Drawings as SVG: rendered once, put into pages in each language, and offered as files."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from markupsafe import Markup

from leaderboard.figures.embedding import as_one_picture
from leaderboard.figures.rendering import svg_of
from leaderboard.page.drawings import Drawing

_LONG = re.compile(r"(\d\.\d)\d+")


def rendered(drawings: Sequence[Drawing]) -> dict[str, str]:
    """SVG by the drawings' names, without the title that a page has as text."""

    def svg(one: Drawing) -> str:
        return svg_of({key: value for key, value in one.spec.items() if key != "title"})

    with ThreadPoolExecutor(2) as pool:  # the renderer leaves the interpreter's lock
        return dict(zip((one.name for one in drawings), pool.map(svg, drawings), strict=True))


def files(drawings: Sequence[Drawing], svgs: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Each drawing's SVG and its spec, from which anyone can draw it anew, by their paths beside the page."""
    for one in drawings:
        yield f"figures/{one.name}.svg", svgs[one.name].encode("utf8")
        yield f"figures/{one.name}.vl.json", (json.dumps(one.spec, ensure_ascii=True) + "\n").encode("ascii")


def embedded(svg: str, name: str, says: str, texts: Mapping[str, str]) -> Markup:
    """An SVG to stand in a page: places to a tenth of a point, and its own words in the page's language."""
    return Markup(_LONG.sub(r"\1", as_one_picture(svg, name, says, texts)))  # noqa: S704  # checked to draw only
