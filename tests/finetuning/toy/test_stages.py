import json
from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from finetuning.toy.stages import finished, stage


def written(part: Path) -> dict:
    (part / "made").write_text("yes")
    return {"said": 1}


def test_a_stage_is_done_once(tmp_path: Path) -> None:
    first = stage(tmp_path / "s", {"a": 1}, written)
    second = stage(tmp_path / "s", {"a": 1}, lambda _: pytest.fail("done twice"))
    assert (first.kept, second.kept, second.outcome) == (False, True, {"said": 1})


def test_other_inputs_do_it_anew(tmp_path: Path) -> None:
    stage(tmp_path / "s", {"a": 1}, written)
    assert finished(tmp_path / "s", {"a": 2}) is None
    assert not stage(tmp_path / "s", {"a": 2}, written).kept


def test_what_was_interrupted_does_not_look_finished(tmp_path: Path) -> None:
    def broken(part: Path) -> dict:
        written(part)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage(tmp_path / "s", {}, broken)
    assert finished(tmp_path / "s", {}) is None
    assert not (tmp_path / "s").exists()
    assert not stage(tmp_path / "s", {}, written).kept


def test_a_folder_of_somebody_elses_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis").write_text("years of work")
    with pytest.raises(EmtError, match="was not made here, so it stays as it is"):
        stage(tmp_path / "s", {}, written)
    assert (tmp_path / "s" / "thesis").read_text() == "years of work"


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    def full(_part: Path) -> dict:
        raise OSError(28, "No space left on device")

    with pytest.raises(EmtError, match=r"No space left on device.*make room or choose another --out"):
        stage(tmp_path / "s", {}, full)


def test_a_damaged_manifest_means_not_finished(tmp_path: Path) -> None:
    stage(tmp_path / "s", {"a": 1}, written)
    (tmp_path / "s" / "stage.json").write_text(json.dumps(["no", "manifest"]))
    assert finished(tmp_path / "s", {"a": 1}) is None
