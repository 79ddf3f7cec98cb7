import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from emt_tasks.runs.journal import Journal, JournalFull, answer_key


def test_answers_are_there_at_the_next_start(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add({"a": "The object is a(n) ship.", "b": [1.5, True]})
    with Journal(tmp_path) as journal:
        assert (journal["a"], journal["b"], len(journal)) == ("The object is a(n) ship.", [1.5, True], 2)
        assert "c" not in journal


def test_every_rank_reads_what_all_ranks_wrote(tmp_path: Path) -> None:
    for rank in (0, 1):
        with Journal(tmp_path, rank) as journal:
            journal.add({f"from {rank}": rank})
    with Journal(tmp_path, 2) as journal:
        assert journal["from 0"] == 0
        assert journal["from 1"] == 1


def test_a_line_cut_off_is_asked_again_and_spoils_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add({"whole": "yes", "cut": "no"})
    kept = journal.path.read_bytes()
    journal.path.write_bytes(kept[:-5])
    with Journal(tmp_path) as journal:
        assert "whole" in journal
        assert "cut" not in journal
        journal.add({"after": "fine"})
    with Journal(tmp_path) as journal:
        assert journal["after"] == "fine"


def test_line_separators_inside_an_answer_do_not_break_its_line(tmp_path: Path) -> None:
    said = "one\u2028two\x85three\n\x0bfour\x00"
    with Journal(tmp_path) as journal:
        journal.add({"key": said})
    with Journal(tmp_path) as journal:
        assert journal["key"] == said


def full(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_full_disk_says_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path) as journal:
        journal.add({"a": "kept"})
        with monkeypatch.context() as disk:
            disk.setattr("os.write", full)
            with pytest.raises(JournalFull, match=r"No space left on device.*1 answers are kept; make room"):
                journal.add({"b": "lost"})


def test_a_disk_that_tells_late_that_it_is_full_is_heard_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = ExitStack()
    journal = opened.enter_context(Journal(tmp_path))
    journal.add({"a": "synced at once"})
    monkeypatch.setattr("os.fsync", full)
    journal.add({"b": "not yet"})
    with pytest.raises(JournalFull, match="No space left on device"):
        opened.close()


def test_the_disk_is_waited_for_once_in_a_while_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    with Journal(tmp_path) as journal:
        for number in range(100):
            journal.add({str(number): "answer"})
        while_open = len(synced)
        assert len(journal.path.read_text().splitlines()) == 100  # what a killed process leaves behind
    assert while_open < 10
    assert len(synced) == while_open + 1


def test_a_fresh_start_serves_no_rank_what_any_rank_kept(tmp_path: Path) -> None:
    for rank in range(3):
        with Journal(tmp_path, rank) as journal:
            journal.add({f"from {rank}": rank})
    Journal.forget(tmp_path, ranks=2)
    for rank in range(2):
        with Journal(tmp_path, rank, keep=False) as journal:
            assert len(journal) == 0
            journal.add({"new": rank})
    with Journal(tmp_path) as journal:
        assert len(journal) == 1


def test_a_key_depends_on_every_part_and_on_no_order_of_names() -> None:
    assert answer_key({"a": 1, "b": 2}, "x") == answer_key({"b": 2, "a": 1}, "x")
    assert len({answer_key("x"), answer_key("x", 0), answer_key(["x"]), answer_key("x", None)}) == 4


def test_a_full_device_is_said_once_and_closing_says_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open
    monkeypatch.setattr(os, "open", lambda *_: real("/dev/full", os.O_WRONLY))
    with pytest.raises(JournalFull, match=r"No space left on device"), Journal(tmp_path) as journal:
        journal.add({"a": "lost"})
