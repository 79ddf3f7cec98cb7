"""The file of answers: unpacked as gzip does it, and sorted into sets and rows whatever its order."""

import gzip
import random
from pathlib import Path

import pytest

from leaderboard.entry.answers import BadAnswers, Line, by_set, packed, read_answers, unpacked

TEXT = b'{"a": 1}\n' * 5_000


def file(folder: Path, content: bytes) -> Path:
    (path := folder / "x.gz").write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT),
        gzip.compress(TEXT) + b"\0" * 700,
        gzip.compress(TEXT[:900]) + gzip.compress(TEXT[900:]),
        gzip.compress(b"") + gzip.compress(TEXT) + gzip.compress(b""),
    ],
)
def test_a_file_is_unpacked_as_gzip_does_it(tmp_path: Path, content: bytes) -> None:
    assert unpacked(file(tmp_path, content)) == gzip.decompress(content) == TEXT


@pytest.mark.parametrize(
    "content",
    [gzip.compress(TEXT)[:-1], gzip.compress(TEXT) + b"more", gzip.compress(TEXT)[:-8] + b"\0" * 8, TEXT, b""],
)
def test_what_is_no_whole_file_is_refused_or_empty_as_gzip_has_it(tmp_path: Path, content: bytes) -> None:
    if not content:
        assert unpacked(file(tmp_path, content)) == b""
        return
    with pytest.raises(BadAnswers, match="no whole gzip file"):
        unpacked(file(tmp_path, content))


def line(key: str, row: int, image: str = "a" * 64) -> Line:
    return Line(key, row, image, "cat", "a cat", {"label_match": ("cat", "correct")})


def test_lines_of_any_order_are_sorted_into_sets_and_rows() -> None:
    lines = [line(key, row) for key in ("mnist", "cifar10") for row in range(20)]
    mixed = random.Random(0).sample(lines, len(lines))
    assert by_set(lines) == {key: tuple(one for one in lines if one.set == key) for key in ("mnist", "cifar10")}
    assert dict(by_set(mixed)) == dict(by_set(lines))


def test_rows_of_one_number_are_in_the_order_of_their_pictures() -> None:
    several = [line("mnist", 1, "c" * 64), line("mnist", 1, "b" * 64), line("mnist", 0)]
    assert [one.image[0] for one in by_set(several)["mnist"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("image", "taken"), [("0a" * 32, True), ("0A" * 32, False), ("é" * 64, False), (" " * 64, False)]
)
def test_a_picture_s_hash_is_hex_in_small_letters(tmp_path: Path, image: str, taken: bool) -> None:
    path = file(tmp_path, packed([line("mnist", 0), line("mnist", 1, image)])[0])
    if taken:
        assert len(read_answers(path).lines) == 2
        return
    with pytest.raises(BadAnswers, match="line 2: `image` is no sha256"):
        read_answers(path)


@pytest.mark.parametrize("outcome", ["right", "CORRECT", "correct ", "", "OUTCOME"])
def test_an_outcome_that_there_is_not_is_no_line(tmp_path: Path, outcome: str) -> None:
    content, _ = packed([Line("mnist", 0, "a" * 64, "cat", "a cat", {"label_match": (None, outcome)})])
    with pytest.raises(BadAnswers, match="line 1"):
        read_answers(file(tmp_path, content))
