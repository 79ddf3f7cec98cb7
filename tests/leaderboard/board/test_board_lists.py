"""Lists that maintainers keep: what is wrong with one is told, whatever it holds, and a changed one is named."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from emt_tasks.cli import emt
from leaderboard.board.listed import READERS, broken_lists, changed_lists

ROOT = Path(__file__).parents[3]
YAMLS = ("known_data.yaml", "board.yaml")
BROKEN = (b"zz: 1", b"\xff\xfe", b"[", b"[1]", b"1: 1", b"title: 2020-99-99", b"x: !!timestamp z", b"[" * 5_000)


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("name", YAMLS)
def test_a_list_that_holds_something_else_is_named_in_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (found,) = broken_lists(tmp_path)
    assert (found.path, found.reasons[0].rule) == (name, "lists")
    assert name in found.reasons[0].what


def test_a_list_of_verified_entries_that_is_no_text_is_named_and_nothing_is_checked_by_it(tmp_path: Path) -> None:
    (tmp_path / "verified.txt").write_bytes(b"\xff\xfe")
    done = CliRunner().invoke(emt, ["board", "validate", "--entries", str(tmp_path), "--json"])
    assert done.exit_code == 4
    (found,) = json.loads(done.stdout)["excluded"]
    assert "Save it as UTF-8" in found["reasons"][0]["what"]


def test_a_list_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "board.yaml").symlink_to("/dev/zero")
    (found,) = broken_lists(tmp_path)
    assert "link" in found.reasons[0].what


def test_lists_that_are_not_mains_are_named(tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.mkdir()
    (main / "verified.txt").write_text("")
    mine = Path(shutil.copytree(main, tmp_path / "mine"))
    assert changed_lists(mine, main) == ()
    (mine / "verified.txt").write_text("org__model__base\n")
    (mine / "board.yaml").write_text("title: Mine\n")
    assert changed_lists(mine, main) == ("verified.txt", "board.yaml")
    done = CliRunner().invoke(emt, ["board", "validate", "--entries", str(mine), "--lists", str(main)])
    assert (done.exit_code, "verified.txt, board.yaml: not main's" in done.stderr) == (0, True)


def test_only_maintainers_change_the_lists_and_what_checks_by_them() -> None:
    lines = (ROOT / ".github" / "CODEOWNERS").read_text("utf8").splitlines()
    owned = {line.split()[0] for line in lines if not line.startswith("#")}
    lists = {f"/leaderboard/entries/{name}" for name in READERS}
    assert owned == {"/.github/", "/leaderboard/known_data.yaml", *lists}
