"""From a spec to files, without network."""

import json
import re
from pathlib import Path

from leaderboard.figures.theme import Spec

PIXELS_PER_POINT = 2  # of the PNG
_ID = re.compile(r'id="((?:clip|gradient_)\d+)"')
_NAMED = re.compile(r'(id="|url\(#)((?:clip|gradient_)\d+)("|\))')


def svg_of(spec: Spec) -> str:
    """`spec` as SVG; the same spec gives the same bytes."""
    import vl_convert

    return renumbered(str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])))


def renumbered(svg: str) -> str:
    """`svg` with its own ids counted from 0: the renderer counts on from one figure to the next.

    >>> renumbered('<g clip-path="url(#clip7)"/><clipPath id="clip7"/>')
    '<g clip-path="url(#part0)"/><clipPath id="part0"/>'
    """
    new = {old: f"part{place}" for place, old in enumerate(dict.fromkeys(_ID.findall(svg)))}
    return _NAMED.sub(lambda found: f"{found[1]}{new.get(found[2], found[2])}{found[3]}", svg)


def write_figure(spec: Spec, stem: Path) -> tuple[Path, Path]:
    """Render `spec` to `stem`.svg and `stem`.png; the two paths."""
    return write_drawn(svg_of(spec), stem)


def write_drawn(drawn: str, stem: Path) -> tuple[Path, Path]:
    """Write the SVG text `drawn` to `stem`.svg, and as a picture to `stem`.png; the two paths."""
    import vl_convert

    svg, png = stem.with_name(stem.name + ".svg"), stem.with_name(stem.name + ".png")
    svg.write_text(drawn, encoding="utf8")
    png.write_bytes(vl_convert.svg_to_png(drawn, scale=PIXELS_PER_POINT))
    return svg, png


def write_spec(spec: Spec, stem: Path) -> Path:
    """Write `spec` to `stem`.vl.json, from which anyone can draw it anew; the path."""
    path = stem.with_name(stem.name + ".vl.json")
    path.write_text(json.dumps(spec, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
    return path
