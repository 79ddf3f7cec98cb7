"""What may lie in a folder of entries, and what is refused before it is read."""

import gzip
import json
import os
from pathlib import Path

import pytest
import toy_entries

from emt_tasks.errors import EmtError
from leaderboard.entry import answers
from leaderboard.entry.folder import Entries, read_entries
from leaderboard.entry.known import known_data
from leaderboard.entry.names import place_of, slugged


def read(board: toy_entries.Board) -> Entries:
    return read_entries(board.folder, known_data(board.folder))


def told(found: Entries) -> list[tuple[str, str]]:
    return [(one.path, reason.rule) for one in found.excluded for reason in one.reasons]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": NaN}', '{"model": {}, "model": {}}', "[" * 100_000])
def test_what_is_no_json_object_is_named(board: toy_entries.Board, entry: Path, text: str) -> None:
    (entry.parent / "other.json").write_text(text)
    found = read(board)
    assert told(found) == [("org__model/other.json", "schema")]
    assert len(found.cases) == 1


def test_a_file_that_is_too_large_is_not_read(board: toy_entries.Board, entry: Path) -> None:
    entry.write_text(entry.read_text() + " " * 200_000)
    assert told(read(board)) == [("org__model/base.json", "size")]


def test_a_gzip_bomb_is_not_unpacked_further_than_allowed(
    board: toy_entries.Board, entry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_UNPACKED", 2**21)
    entry.with_name("base.preds.jsonl.gz").write_bytes(gzip.compress(b"\0" * 2**24))
    found = read(board)
    assert told(found) == [("org__model/base.json", "answers")]
    assert "unpacked" in found.excluded[0].reasons[0].what


def packed(lines: bytes) -> bytes:
    return gzip.compress(lines, mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(b"no gzip", id="no gzip"),
        pytest.param(packed(b"{}\n")[:-4], id="gzip cut short"),
        pytest.param(packed(b"{}\nx\n"), id="a line that is no JSON"),
    ],
)
def test_answers_that_are_none_are_named(board: toy_entries.Board, entry: Path, content: bytes) -> None:
    entry.with_name("base.preds.jsonl.gz").write_bytes(content)
    assert [rule for _, rule in told(read(board))] in (["answers"], ["rows"] * 6)


def test_answers_that_are_missing_are_named(board: toy_entries.Board, entry: Path) -> None:
    entry.with_name("base.preds.jsonl.gz").unlink()
    assert told(read(board)) == [("org__model/base.json", "rows")]


@pytest.mark.parametrize("name", ["base.json", "base.preds.jsonl.gz"])
def test_a_link_is_not_followed(board: toy_entries.Board, entry: Path, tmp_path: Path, name: str) -> None:
    path = entry.with_name(name)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert told(read(board)) == [("org__model/base.json", "path")]


def test_a_folder_that_is_a_link_is_not_followed(board: toy_entries.Board, entry: Path, tmp_path: Path) -> None:
    entry.parent.rename(tmp_path / "elsewhere")
    entry.parent.symlink_to(tmp_path / "elsewhere")
    found = read(board)
    assert (found.cases, told(found)) == ((), [("org__model", "path")])


def test_a_pipe_is_not_waited_for(board: toy_entries.Board, entry: Path) -> None:
    os.mkfifo(entry.with_name("other.json"))
    assert told(read(board)) == [("org__model/other.json", "path")]


@pytest.mark.parametrize(
    "path", ["x.json", "a/b.json", "a__b/c.txt", "a__b/c/d.json", "a__b/.hidden.json", "a__b/con.json"]
)
def test_files_that_are_no_entries_are_named(board: toy_entries.Board, entry: Path, path: str) -> None:
    stray = board.folder / path
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_text("{}")
    found = read(board)
    assert (told(found), len(found.cases)) == ([(path, "path")], 1)


def test_entries_that_only_capitals_tell_apart_are_not_both_taken(
    board: toy_entries.Board, entry: Path, tmp_path: Path
) -> None:
    other = entry.with_name("Base.json")
    other.write_bytes(entry.read_bytes())
    assert read(board).cases == ()
    assert {("org__model/base.json", "path"), ("org__model/Base.json", "path")} <= set(told(read(board)))
    (main := tmp_path / "main" / "org__model").mkdir(parents=True)
    (main / "base.json").write_bytes(entry.read_bytes())
    found = read_entries(board.folder, known_data(board.folder), main.parent)
    assert [case.candidate.place.run for case in found.cases] == ["base"], "main has it"


def test_no_two_entries_have_one_id() -> None:
    assert place_of("a__b.c/d.json").id != place_of("a__b/c.d.json").id


def test_names_of_files_may_be_of_any_bytes(board: toy_entries.Board, entry: Path) -> None:
    for name in (b"\xff\xfe.json", b"\x1b[31m.json", b"a\nb.json", "\u202e.json".encode()):
        Path(os.fsdecode(os.fsencode(entry.parent) + b"/" + name)).write_text("{}")
    found = read(board)
    assert len(found.excluded) == 4
    assert all(one.path.isprintable() and one.path.encode() for one in found.excluded)


def test_a_mistake_is_told_in_a_sentence_however_long_it_is(board: toy_entries.Board, entry: Path) -> None:
    board.change(entry, lambda told: told.update({"x" * 100_000: 1}))
    (one,) = read(board).excluded
    assert len(one.reasons[0].what) <= 500


def test_a_folder_that_is_none_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmtError, match="emt board init"):
        read_entries(tmp_path / "nowhere", {})


def test_a_list_of_known_data_that_is_wrong_is_named(board: toy_entries.Board, entry: Path) -> None:
    (board.folder / "known_data.yaml").write_text("known: [{set: svhn}]")
    with pytest.raises(EmtError, match=r"known\.0\.set"):
        known_data(board.folder)


@pytest.mark.parametrize("name", ["../x", "a/../b", "..", ".", "", "a\0b", "a b", "<script>", "x" * 500, "模型"])
def test_a_slug_is_a_safe_name_of_a_folder(name: str) -> None:
    assert place_of(f"org__{slugged(name)}/run.json") is not None


def test_unpacked_answers_are_named_by_their_line(board: toy_entries.Board, entry: Path) -> None:
    good = gzip.decompress(entry.with_name("base.preds.jsonl.gz").read_bytes()).splitlines()
    bad = {**json.loads(good[2]), "extra": 1}
    entry.with_name("base.preds.jsonl.gz").write_bytes(gzip.compress(b"\n".join([*good[:2], json.dumps(bad).encode()])))
    assert "line 3" in read(board).excluded[0].reasons[0].what
