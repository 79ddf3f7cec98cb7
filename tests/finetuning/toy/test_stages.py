import json
from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from finetuning.toy.stages import MANIFEST, finished, stage
from finetuning.training.checkpoint import file_sha256


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


def record_files(folder: Path, files: object) -> None:
    told = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(told | {"files": files}))


@pytest.mark.parametrize("files", [{}, [], None, "made", 3, {"made": None}, {"": ""}, {"a\0b": ""}, {".": ""}])
def test_a_record_that_names_no_file_by_its_content_is_none(tmp_path: Path, files: object) -> None:
    stage(tmp_path / "s", {"a": 1}, written)
    record_files(tmp_path / "s", files)
    assert finished(tmp_path / "s", {"a": 1}) is None
    assert not stage(tmp_path / "s", {"a": 1}, written).kept


def test_a_stage_that_left_no_file_never_counts_as_finished(tmp_path: Path) -> None:
    stage(tmp_path / "s", {}, lambda _: {})
    assert finished(tmp_path / "s", {}) is None


@pytest.mark.parametrize("way", ["above", "absolute", "link", "link above"])
def test_files_outside_of_the_stage_are_not_its_own(tmp_path: Path, way: str) -> None:
    folder, other = tmp_path / "s", tmp_path / "other"
    other.mkdir()
    (other / "made").write_text("yes")
    stage(folder, {}, written)
    (folder / "link").symlink_to(other / "made")
    (folder / "away").symlink_to(other, target_is_directory=True)
    name = {"above": "../other/made", "absolute": str(other / "made"), "link": "link", "link above": "away/made"}[way]
    record_files(folder, {name: file_sha256(other / "made")})
    assert finished(folder, {}) is None


def test_a_stage_that_is_a_link_is_kept_where_it_is_whole_and_else_refused_before_its_work(tmp_path: Path) -> None:
    stage(tmp_path / "elsewhere", {"a": 1}, written)
    (tmp_path / "s").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert stage(tmp_path / "s", {"a": 1}, lambda _: pytest.fail("done twice")).kept
    with pytest.raises(EmtError, match=r"s is a link.*Remove the link \(what it leads to stays\), or choose another"):
        stage(tmp_path / "s", {"a": 2}, lambda _: pytest.fail("worked for nothing"))
    assert finished(tmp_path / "elsewhere", {"a": 1}) is not None
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with pytest.raises(EmtError, match="is a link"):
        stage(tmp_path / "nowhere", {}, lambda _: pytest.fail("worked for nothing"))
