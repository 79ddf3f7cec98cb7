"""Figures to stand in a page: checked to draw and do nothing else, and their colours left to the page's style sheet."""

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SVG = "http://www.w3.org/2000/svg"
_DRAWS = {
    "svg",
    "g",
    "path",
    "text",
    "tspan",
    "rect",
    "line",
    "circle",
    "defs",
    "clipPath",
    "linearGradient",
    "stop",
    "title",
    "desc",
}
_REFERS = re.compile(r"url\(#([^)]*)\)")
_STILL = "translate(0,0)"
_SILENT = re.compile(r"aria-.*|role|class|pointer-events|font-family|version")
_NOTHING: Mapping[str, str] = {"opacity": "1", "fill-opacity": "1", "stroke-opacity": "1", "text-anchor": "start"}


def inline(drawn: str, name: str) -> str:
    """The SVG text `drawn` to stand in an HTML page: ids of its own begin with `name`, and it holds only what draws.

    Groups of marks without a mark lose their role: there is nothing in them to be heard.

    Raises:
        ValueError: it holds an element, a handler or a link that draws nothing; Vega writes none.
    """
    root = _checked(drawn, name)
    for group in root.iter(f"{{{SVG}}}g"):
        if not len(group) and group.get("role"):
            for attribute in ("role", "aria-roledescription"):
                group.attrib.pop(attribute, None)
    return _text(root)


def as_one_picture(drawn: str, name: str, says: str, words: Mapping[str, str]) -> str:
    """The SVG text `drawn` as one picture of a page that has its data in a table beside it.

    Args:
        drawn: checked as by `inline`.
        name: what ids begin with.
        says: what is heard in its place.
        words: what stands instead of texts that are exactly so, in the page's language.

    Raises:
        ValueError: as `inline`.
    """
    root = _checked(drawn, name)
    for element in root.iter():
        kept = {a: v for a, v in element.attrib.items() if not _SILENT.fullmatch(a) and _NOTHING.get(a) != v}
        element.attrib.clear()
        element.attrib.update(kept)
        if element.text in words:
            element.text = words[element.text or ""]
    _emptied(root)
    root.set("role", "img")
    root.set("aria-label", says)
    return _text(root)


def _checked(drawn: str, name: str) -> Element:
    root = ElementTree.fromstring(drawn)  # noqa: S314  # written by the renderer from our own spec
    for element in root.iter():
        tag = element.tag.removeprefix(f"{{{SVG}}}")
        if tag not in _DRAWS:
            raise ValueError(f"a figure with <{tag}>, which draws nothing")
        for attribute, value in element.attrib.items():
            if attribute.lower().startswith("on") or attribute.endswith("href"):
                raise ValueError(f"a figure whose <{tag}> has {attribute}={value[:40]!r}")
            element.set(attribute, _REFERS.sub(rf"url(#{name}-\1)", value))
        if "id" in element.attrib:
            element.set("id", f"{name}-{element.attrib['id']}")
    return root


def _emptied(element: Element) -> None:
    """Take out what is not seen: groups without a child, and backgrounds that nothing fills or strokes."""
    for child in list(element):
        _emptied(child)
        if _unseen(child):
            element.remove(child)
    if element.tag == f"{{{SVG}}}g":
        _unwrap(element)


def _unseen(element: Element) -> bool:
    if element.tag == f"{{{SVG}}}g":
        return not len(element)
    return (
        element.tag == f"{{{SVG}}}path" and not set(element.attrib) - {"d", "transform"} and _is_frame(element.get("d"))
    )


def _is_frame(path: str | None) -> bool:
    """Whether a path is one that Vega draws around each group; within a group without fill it is not seen."""
    return re.fullmatch(r"M[-\d.,]+h[-\d.]+v[-\d.]+h[-\d.]+Z", path or "") is not None


def _unwrap(group: Element) -> None:
    """Replace groups that say nothing by what is in them."""
    for place, child in reversed(list(enumerate(group))):
        if (
            child.tag == group.tag
            and not set(child.attrib) - {"transform"}
            and child.get("transform") in (None, _STILL)
        ):
            group[place : place + 1] = list(child)


def _text(root: Element) -> str:
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def texts_of(svg: str) -> Iterator[str]:
    """The texts that stand in the SVG text `svg`."""
    for element in ElementTree.fromstring(svg).iter(f"{{{SVG}}}text"):  # noqa: S314  # written by the renderer
        yield from filter(None, element.itertext())
