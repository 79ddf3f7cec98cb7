import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from leaderboard.figures import Share, before_after, write_figure

SHARES = [
    Share("accuracy", "drawn objects", "before", 0.9, 0.86, 0.93),
    Share("accuracy", "drawn objects", "after", 0.15, 0.11, 0.2),
    Share("foreign", "drawn objects", "before", 0.0, 0.0, 0.01),
    Share("foreign", "drawn objects", "after", 0.58, 0.52, 0.63),
]


def test_the_spec_carries_its_data_in_percent() -> None:
    values = [row for panel in before_after(SHARES, "title")["hconcat"] for row in panel["data"]["values"]]
    assert [(row["state"], row["value"], row["low"], row["high"]) for row in values] == [
        ("before", 90, 86, 93), ("after", 15, 11, 20), ("before", 0, 0, 1), ("after", 58, 52, 63),
    ]  # fmt: skip


def test_a_state_is_told_by_shape_as_well_as_by_colour() -> None:
    encodings = [layer["encoding"] for layer in before_after(SHARES, "t")["hconcat"][0]["layer"]]
    point = next(encoding for encoding in encodings if "shape" in encoding)
    for channel in ("color", "shape"):
        assert len(set(point[channel]["scale"]["range"])) == 2


def test_it_is_rendered_offline_to_svg_and_png(tmp_path: Path) -> None:
    svg, png = write_figure(before_after(SHARES, "What was <b>forgotten</b>", chance=0.1), tmp_path / "figure")
    root = ElementTree.fromstring(svg.read_text())  # noqa: S314  # our own file
    text = "".join(root.itertext())
    assert "What was <b>forgotten</b>" in text
    assert "drawn objects" in text
    assert "<script" not in svg.read_text()
    with Image.open(png) as image:
        assert min(image.size) > 100


def test_the_same_shares_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_figure(before_after(SHARES, "t"), tmp_path / name)[0].read_bytes() for name in ("a", "b"))
    assert one == other
    assert json.dumps(before_after(SHARES, "t")) == json.dumps(before_after(SHARES, "t"))


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one share"):
        before_after([], "t")
