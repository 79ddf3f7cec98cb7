"""The page as files: its words, its size, and that the same board gives the same bytes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from synthetic_board import board

from leaderboard.page import render
from leaderboard.page.wording import LANGUAGES, words

IMAGES = re.compile(r"<svg.*?</svg>|data:image/[^\"')]*", re.DOTALL)
NAMES = re.compile(r"\{(\w+)\}")


def leaves(told: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        for key, value in told.items():
            yield from leaves(value, f"{path}/{key}")
    elif isinstance(told, list):
        for place, value in enumerate(told):
            yield from leaves(value, f"{path}/{place}")
    else:
        yield path, str(told)


def test_each_language_has_the_same_words_with_the_same_numbers_in_them() -> None:
    first, *others = (dict(leaves(words(language))) for language in LANGUAGES)
    for told in others:
        ours = {key for key in told if not key.startswith("/drawn")}
        assert ours == {key for key in first if not key.startswith("/drawn")}
        for key in ours:
            assert sorted(NAMES.findall(told[key])) == sorted(NAMES.findall(first[key])), key


def test_no_word_is_called_as_a_method_is() -> None:
    for path, _ in leaves(words("en")):
        assert not set(path.split("/")[2:]) & set(dir(dict)), path


def test_the_same_board_gives_the_same_bytes() -> None:
    assert render(board(5)) == render(board(5))


def test_every_figure_is_a_file_and_so_is_the_other_language(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf8")
    linked = set(re.findall(r'href="(figures/[^"]+)"', page))
    assert linked
    assert all((site / one).is_file() for one in linked)
    assert (site / "index.zh.html").is_file()


@pytest.mark.parametrize(("entries", "most"), [(0, 100_000), (30, 300_000), (200, 300_000)])
def test_a_page_without_its_pictures_keeps_to_its_size(entries: int, most: int) -> None:
    rendered = render(board(entries))
    for page in (rendered.html, rendered.files["index.zh.html"].decode("utf8")):
        assert len(IMAGES.sub("", page).encode("utf8")) <= most
        assert len(page.encode("utf8")) <= 2_000_000


def test_the_policy_lets_one_script_run_and_nothing_load(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;")
    assert policy[1].count("sha256-") == 1
    assert "unsafe-inline" not in policy[1].split("script-src")[1]
