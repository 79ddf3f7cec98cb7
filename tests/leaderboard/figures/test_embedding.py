"""Figures within pages: they draw, say what they show once, and do nothing else."""

from xml.etree import ElementTree

import pytest

from leaderboard.figures.embedding import SVG, as_one_picture, inline, texts_of
from leaderboard.figures.epoch_curves import Point, curves
from leaderboard.figures.rendering import svg_of

parsed = ElementTree.fromstring  # of our own drawings
GROUP = f"{{{SVG}}}g"


@pytest.fixture(scope="module")
def drawn() -> str:
    """Curves without a drop: of one of their layers nothing is drawn."""
    measured = [Point("on a", "b", "lora", "t", epoch, 0.5, 0.4, 0.6, False) for epoch in (0, 1)]
    return svg_of(curves(measured, "title", "subtitle"))


def test_a_group_of_marks_without_a_mark_is_silent(drawn: str) -> None:
    empty = [one for one in parsed(drawn).iter(GROUP) if not len(one) and one.get("role")]
    assert empty
    assert not [one for one in parsed(inline(drawn, "x")).iter(GROUP) if not len(one) and one.get("role")]


def test_one_picture_says_one_thing_and_looks_the_same(drawn: str) -> None:
    told = as_one_picture(drawn, "x", "what <it> shows", {})
    root = parsed(told)
    assert (root.get("role"), root.get("aria-label")) == ("img", "what <it> shows")
    assert not [one for one in root.iter() if one is not root and (one.get("role") or one.get("aria-label"))]
    assert list(texts_of(told)) == list(texts_of(drawn))
    assert len(told) < 0.7 * len(drawn)
    paths = [one.get("d") for one in parsed(drawn).iter(f"{{{SVG}}}path") if one.get("fill", "none") != "none"]
    kept = [one.get("d") for one in root.iter(f"{{{SVG}}}path") if one.get("fill", "none") != "none"]
    assert kept == paths


def test_words_of_a_picture_are_those_of_the_page(drawn: str) -> None:
    told = list(texts_of(as_one_picture(drawn, "x", "", {"epoch": "轮次", "poch": "never"})))
    assert "轮次" in told
    assert "epoch" not in told


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>1</script>",
        '<g onload="1"/>',
        '<g xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="javascript:1"/>',
    ],
)
def test_what_acts_is_refused(hostile: str) -> None:
    svg = f'<svg xmlns="{SVG}">{hostile}</svg>'
    for put in (inline, lambda text, name: as_one_picture(text, name, "", {})):
        with pytest.raises(ValueError, match="figure"):
            put(svg, "x")
