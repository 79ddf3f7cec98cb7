"""Every rule of the validator: an entry that stands it, and entries that don't."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import toy_entries

from leaderboard.entry import checks
from leaderboard.entry.folder import read_entries
from leaderboard.entry.known import known_data

Change = Callable[[dict[str, Any]], Any]


def rules_broken(board: toy_entries.Board) -> set[str]:
    found = read_entries(board.folder, known_data(board.folder))
    return {reason.rule for one in found.excluded for reason in one.reasons}


def test_an_entry_that_was_made_of_a_run_stands_every_rule(board: toy_entries.Board, entry: Path) -> None:
    found = read_entries(board.folder, known_data(board.folder))
    assert (len(found.cases), found.excluded) == (1, ())


def counts(told: dict[str, Any]) -> dict[str, int]:
    return told["counts"]["mnist"]["label_match"]


FIELDS: dict[str, tuple[str, Change]] = {
    "a field that no entry has": ("schema", lambda told: told.update(extra=1)),
    "a field missing": ("schema", lambda told: told.pop("provenance")),
    "a number as text": ("schema", lambda told: told["datasets"]["mnist"].update(n="10")),
    "a future version of the schema": ("schema", lambda told: told.update(schema_version=2)),
    "HTML in a name": ("schema", lambda told: told["model"].update(llm="<b>Vicuna</b>")),
    "a Markdown link in a name": ("schema", lambda told: told["model"].update(llm="[x](y)")),
    "an address where none may be": ("schema", lambda told: told["model"].update(llm="see https://example.org")),
    "a link that is no https": ("schema", lambda told: told["model"].update(url="javascript:alert(1)")),
    "http": ("schema", lambda told: told["model"].update(url="http://example.org")),
    "quotes in an address": ("schema", lambda told: told["model"].update(url='https://a.org/"onload=')),
    "signs that turn the writing": ("schema", lambda told: told["model"].update(llm="a\u202eb")),
    "a terminal sequence": ("schema", lambda told: told["provenance"].update(submitted_by="a\x1b[31m")),
    "a name of 121 characters": ("schema", lambda told: told["model"].update(llm="x" * 121)),
    "a day that is none": ("schema", lambda told: told["provenance"].update(date="2026-02-30")),
    "a negative count": ("schema", lambda told: counts(told).update(empty=-1)),
    "a tuning without what it was tuned on": ("schema", lambda told: told.update(tuning={"kind": "lora"})),
    "a set of ours spelt otherwise": (
        "schema",
        lambda told: told.update(tuning={"kind": "lora", "dataset": ["CIFAR-10"], "base": "org/base"}),
    ),
    "the tier paper": ("schema", lambda told: told["provenance"].update(tier="paper")),
    "reported, with answers": ("schema", lambda told: told["provenance"].update(tier="reported")),
    "a set that is none of ours": ("schema", lambda told: told["datasets"].update(svhn=told["datasets"]["mnist"])),
    "a reading of one's own": ("schema", lambda told: told["readings"].append({"name": "constructor"})),
    "a command as long as a book": ("schema", lambda told: told.update(command=["x" * 450] * 9)),
    "no label_match": ("schema", lambda told: told.update(readings=[{"name": "other"}])),
    "another folder than its name": ("place", lambda told: told["model"].update(name="other")),
    "data that nobody knows": ("data", lambda told: told["datasets"]["mnist"].update(fingerprint="0" * 64)),
    "more rows than the data has": ("data", lambda told: told["datasets"]["mnist"].update(n=11)),
    "another question": ("data", lambda told: told["datasets"]["mnist"].update(task="emt_mnist_open")),
    "a version that nobody has published": ("data", lambda told: told["datasets"]["mnist"].update(version="99.0")),
    "no version": ("data", lambda told: told["datasets"]["mnist"].pop("version")),
    "a task that is none": ("data", lambda told: told["datasets"]["mnist"].update(task="emt_mnist__lite")),
    "the task of another set": ("data", lambda told: told["datasets"]["mnist"].update(task="emt_cifar10")),
    "counts above the rows": ("counts", lambda told: counts(told).update(correct=counts(told)["correct"] + 1)),
    "counts moved": ("counts", lambda told: counts(told).update(correct=9, incorrect=1)),
    "foreign above the rows": ("counts", lambda told: counts(told).update(foreign=11)),
    "foreign made up": ("counts", lambda told: counts(told).update(foreign=1)),
    "a confusion made up": ("confusions", lambda told: told["confusion"]["mnist"].append([0, 0, 1])),
    "a confusion missing": ("confusions", lambda told: told["confusion"].pop("mnist")),
    "other answers than it was made of": ("rows", lambda told: told["predictions"].update(sha256="0" * 64)),
    "another number of answers": ("rows", lambda told: told["predictions"].update(rows=39)),
    "verified by itself": ("tier", lambda told: told["provenance"].update(tier="verified")),
    "a judge that is none": ("schema", lambda told: told["readings"][0].update(judge={"model": "gpt"})),
}  # fmt: skip


@pytest.mark.parametrize("case", FIELDS)
def test_an_entry_with_this_is_left_out(board: toy_entries.Board, entry: Path, case: str) -> None:
    rule, change = FIELDS[case]
    board.change(entry, change)
    assert rule in rules_broken(board)


def right(line: dict[str, Any]) -> None:
    line["read"]["label_match"] = [line["label"], "correct"]


ANSWERS: dict[str, tuple[str, Change]] = {
    "scores that the answers do not have": ("label_match", right),
    "a score for a list of all labels": (
        "label_match",
        lambda line: line.update(raw="0, 1, 2, 3, 4") if line["set"] == "mnist" else None,
    ),
    "labels changed to the answers": ("same_data", lambda line: line.update(label=line["read"]["label_match"][0])),
    "pictures that are not the data's": ("same_data", lambda line: line.update(image="f" * 64)),
    "a label that the set has not": ("rows", lambda line: line.update(label="unicorn")),
    "a row twice": ("rows", lambda line: line.update(row=0)),
    "no prediction": ("rows", lambda line: line.update(read={})),
    "a reading that was not counted": ("rows", lambda line: line["read"].update(other=[None, "empty"])),
    "an outcome that is none": ("answers", lambda line: line["read"].update(label_match=[None, "brilliant"])),
    "an outcome with a line break": ("answers", lambda line: line["read"].update(label_match=[None, "empty\n"])),
    "a hash that is none": ("answers", lambda line: line.update(image="../../etc/passwd")),
    "a negative row": ("answers", lambda line: line.update(row=-1)),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_with_this_are_left_out(board: toy_entries.Board, entry: Path, case: str) -> None:
    rule, change = ANSWERS[case]
    board.change_answers(entry, change)
    assert rule in rules_broken(board)


def test_a_row_left_out_is_seen(board: toy_entries.Board, entry: Path) -> None:
    board.change_answers(entry, lambda line: line.clear() if (line["set"], line["row"]) == ("mnist", 1) else None)
    assert rules_broken(board) == {"rows"}


def test_answers_changed_behind_the_entrys_back_are_seen(board: toy_entries.Board, entry: Path) -> None:
    board.change_answers(entry, lambda line: line.update(raw=line["raw"] + " "), tell=False)
    assert rules_broken(board) == {"rows"}


def numbers_alone(told: dict[str, Any]) -> None:
    told["provenance"]["tier"] = "reported"
    told.pop("predictions")


def test_numbers_alone_are_taken_as_reported(board: toy_entries.Board, entry: Path) -> None:
    board.change(entry, numbers_alone)
    entry.with_name(f"{entry.stem}.preds.jsonl.gz").unlink()
    assert rules_broken(board) == set()


@pytest.mark.parametrize(
    "cells", [[[0, 0, 99]], [[10, 0, 1]], [[0, 14, 1]], [[0, 0, 3], [0, 0, 4]], [[0, 0, 6]], [[0, 0, 7], [1, 2, 4]]]
)
def test_numbers_alone_must_add_up_too(board: toy_entries.Board, entry: Path, cells: list[list[int]]) -> None:
    board.change(entry, numbers_alone)
    board.change(entry, lambda told: told["confusion"].update(mnist=cells))
    entry.with_name(f"{entry.stem}.preds.jsonl.gz").unlink()
    assert rules_broken(board) == {"confusions"}


def test_answers_beside_numbers_alone_are_refused(board: toy_entries.Board, entry: Path) -> None:
    board.change(entry, numbers_alone)
    assert rules_broken(board) == {"rows"}


def test_every_rule_has_a_bad_example_here_or_with_the_judge() -> None:
    ours = {rule.__name__ for rule in (*checks.FIRST, *checks.THEN)}
    shown = {rule for rule, _ in (*FIELDS.values(), *ANSWERS.values())}
    assert ours - shown == {"judge", "other_readings"}


def test_a_maintainers_list_makes_an_entry_verified(board: toy_entries.Board, entry: Path) -> None:
    board.change(entry, lambda told: told["provenance"].update(tier="verified"))
    (board.folder / "verified.txt").write_text("org__model__base  # ran again in March\n")
    assert rules_broken(board) == set()


def test_a_submitters_own_list_of_verified_entries_counts_for_nothing(
    board: toy_entries.Board, entry: Path, tmp_path: Path
) -> None:
    board.change(entry, lambda told: told["provenance"].update(tier="verified"))
    (board.folder / "verified.txt").write_text("org__model__base\n")
    found = read_entries(board.folder, known_data(board.folder), lists=tmp_path)
    assert [reason.rule for one in found.excluded for reason in one.reasons] == ["tier"]
