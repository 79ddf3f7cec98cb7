"""A judge's verdicts count only as far as its replies, played back, give them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import toy_entries

from emt_tasks.errors import EmtError
from emt_tasks.gpt_judge.panel import Panel
from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.verdicts import Verdict, meaning_of
from emt_tasks.labels import label_set
from emt_tasks.runs.log_seal import as_field, seal_of
from leaderboard.entry.folder import read_entries
from leaderboard.entry.known import known_data


def judged_run(folder: Path, named: str = "yes_no", **changes: Any) -> Path:
    """A run with a judge's reading beside it, which says yes to even rows and no to odd ones."""
    rows = toy_entries.rows("cifar10", wrong="\ud83d It might be a bird or a plane.")  # half a pair, as runs hold it
    run = toy_entries.run(folder, {"emt_cifar10": rows})
    panel = Panel(label_set("cifar10"), JudgeSettings(protocol(named, **changes), model="toy-judge"))
    log, lines = next(run.glob("*_samples_*")), []
    for row in rows:
        label, raw = row["emt"]["label"], row["emt"]["raw"]
        question = panel.question(label, raw)
        assert question is not None
        reply = {"yes_no": "Yes." if row["doc_id"] % 2 else "NO", "which_label": "bird, airplane"}[named]
        reading, outcome = panel.reading(label, raw, Verdict(reply, meaning_of(reply, question)))
        emt = {**row["emt"], **reading.extra, "reading": reading.reading, "prediction": reading.prediction}
        emt |= {"outcome": outcome.value, "named": list(reading.named)}
        lines.append(json.dumps({"doc_id": row["doc_id"], **({} if lines else as_field(seal_of(log))), "emt": emt}))
    name = panel.settings.protocol.reading
    log.with_name(log.name.replace("samples_emt_cifar10", f"readings_emt_cifar10.{name}")).write_text(
        "\n".join(lines) + "\n"
    )
    return run


def rules_broken(board: toy_entries.Board) -> set[str]:
    found = read_entries(board.folder, known_data(board.folder))
    return {reason.rule for one in found.excluded for reason in one.reasons}


@pytest.mark.parametrize(("named", "changes"), [("yes_no", {}), ("yes_no", {"separator": ","}), ("which_label", {})])
def test_verdicts_that_their_replies_give_stand(
    board: toy_entries.Board, tmp_path: Path, named: str, changes: dict[str, Any]
) -> None:
    entry = board.add(judged_run(tmp_path / "run", named, **changes))
    told = json.loads(entry.read_text())
    assert told["readings"][1]["judge"]["model"] == "toy-judge"
    assert rules_broken(board) == set()


def test_a_verdict_changed_is_seen(board: toy_entries.Board, tmp_path: Path) -> None:
    entry = board.add(judged_run(tmp_path / "run"))
    board.change_answers(entry, lambda line: line["read"].update(gpt_judge=[line["label"], "correct"]))
    assert {"judge", "counts"} <= rules_broken(board)


def test_replies_changed_are_seen(board: toy_entries.Board, tmp_path: Path) -> None:
    entry = board.add(judged_run(tmp_path / "run"))
    path = entry.with_name("base.verdicts.jsonl.gz")
    lines = [{**json.loads(line), "reply": "Yes"} for line in gzip.decompress(path.read_bytes()).splitlines()]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    assert rules_broken(board) == {"judge"}


def test_replies_left_out_are_seen(board: toy_entries.Board, tmp_path: Path) -> None:
    entry = board.add(judged_run(tmp_path / "run"))
    entry.with_name("base.verdicts.jsonl.gz").unlink()
    assert rules_broken(board) == {"judge"}


def test_two_replies_about_one_answer_are_refused(board: toy_entries.Board, tmp_path: Path) -> None:
    entry = board.add(judged_run(tmp_path / "run"))
    path = entry.with_name("base.verdicts.jsonl.gz")
    text = gzip.decompress(path.read_bytes())
    other = {**json.loads(text.splitlines()[0]), "reply": "both yes and no"}
    path.write_bytes(gzip.compress(text + json.dumps(other).encode()))
    assert rules_broken(board) == {"answers"}


def test_a_prompt_that_nobody_has_is_refused(board: toy_entries.Board, tmp_path: Path) -> None:
    entry = board.add(judged_run(tmp_path / "run"))
    board.change(entry, lambda told: told["readings"][1]["judge"]["prompt_hash"].update(cifar10="0" * 16))
    assert rules_broken(board) == {"judge"}


def test_a_judges_reading_without_its_judge_is_refused(board: toy_entries.Board, tmp_path: Path) -> None:
    entry = board.add(judged_run(tmp_path / "run"))
    board.change(entry, lambda told: told["readings"][1].pop("judge"))
    assert rules_broken(board) == {"judge"}


def test_a_judge_that_is_not_named_makes_no_entry(board: toy_entries.Board, tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run")
    path = next(run.glob("*_readings_*"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line["emt"].pop("judge")
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    with pytest.raises(EmtError, match="names 0 judges"):
        board.add(run)


def test_a_protocol_of_ones_own_makes_no_entry(board: toy_entries.Board, tmp_path: Path) -> None:
    with pytest.raises(EmtError, match="none that ships"):
        board.add(judged_run(tmp_path / "run", longest_answer=64))


def test_another_reading_must_be_of_one_piece(board: toy_entries.Board, tmp_path: Path) -> None:
    rows = toy_entries.rows("cifar10")
    other = [{**row, "emt": {**row["emt"], "reading": "clip_argmin"}} for row in rows]
    run = toy_entries.run(tmp_path / "run", {"emt_cifar10": [*rows, *other]})
    entry = board.add(run)
    assert rules_broken(board) == set()
    board.change_answers(entry, lambda line: line["read"].update(clip_argmin=["cat", "correct"]))
    assert "other_readings" in rules_broken(board)
