"""`emt board` through the front door: exit codes, what is asked for, what is said next."""

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from shlex import quote
from types import SimpleNamespace

import pytest
import toy_entries
import toy_sets
from click.testing import CliRunner, Result

from emt_tasks.cli import COMMANDS
from emt_tasks.cli.board import COMMANDS as VERBS
from emt_tasks.cli.board import command
from emt_tasks.errors import EmtError
from leaderboard.entry.known import known_data

SAID = ("--org", "org", "--model", "model", "--submitted-by", "somebody")


def emt(*words: object, code: int = 0) -> Result:
    found = CliRunner().invoke(command, [str(word) for word in words])
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == code, found.output + found.stderr
    return found


@pytest.fixture
def board(tmp_path: Path) -> toy_entries.Board:
    made = toy_entries.Board(tmp_path / "entries")
    made.add(toy_entries.run(tmp_path / "run"))
    return made


def test_a_board_is_one_of_the_commands_and_each_verb_has_an_example() -> None:
    assert "board" in COMMANDS
    for verb in VERBS:
        assert f"emt board {verb}" in emt(verb, "--help").output


def test_an_entry_is_added_without_a_question_where_all_is_said(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run")
    found = emt("add", run, "--entries", tmp_path / "entries", *SAID, "--licence", "MIT")
    assert json.loads((tmp_path / "entries/org__model/base.json").read_text())["model"]["licence"] == "MIT"
    assert "next: emt board validate --entries" in found.stderr


def test_without_a_terminal_what_must_be_said_is_named(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run", model_args="pretrained=/somewhere/llava")
    found = emt("add", run, "--entries", tmp_path / "entries", code=2)
    assert "--org, --submitted-by" in found.stderr
    assert not (tmp_path / "entries").exists()


def test_an_entry_is_never_written_over(board: toy_entries.Board, tmp_path: Path) -> None:
    before = (board.folder / "org__model/base.json").read_bytes()
    with pytest.raises(EmtError, match="there already"):
        emt("add", tmp_path / "run", "--entries", board.folder, *SAID)
    assert (board.folder / "org__model/base.json").read_bytes() == before


@pytest.mark.parametrize("name", ["con", "NUL", "com1.x"])
def test_a_name_that_the_check_would_refuse_is_not_written(tmp_path: Path, name: str) -> None:
    run = toy_entries.run(tmp_path / "run")
    with pytest.raises(EmtError, match="Windows"):
        emt("add", run, "--entries", tmp_path / "entries", *SAID, "--run", name)
    assert not (tmp_path / "entries" / "org__model").exists()


def test_what_can_not_stand_in_an_entry_is_asked_for_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, entries = toy_entries.run(tmp_path / "run"), tmp_path / "entries"
    monkeypatch.setattr("emt_tasks.cli.board.add.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    answers = "http://a.org\nhttps://a.org\n\n<b>\nllama\n\n"
    found = CliRunner().invoke(command, ["add", str(run), "--entries", str(entries), *SAID], input=answers)
    assert found.exit_code == 0, found.stderr
    assert "no plain https:// address" in found.stderr
    assert "markup" in found.stderr
    assert "Value error" not in found.stderr
    told = json.loads((entries / "org__model/base.json").read_text())["model"]
    assert (told["url"], told["llm"]) == ("https://a.org", "llama")


def test_an_option_that_can_not_stand_in_an_entry_is_named_in_our_words_alone(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run")
    with pytest.raises(EmtError, match=r"model\.url: no plain https"):
        emt("add", run, "--entries", tmp_path / "entries", *SAID, "--url", "http://a.org")


def test_rows_that_nobody_knows_are_told_with_the_command_that_makes_them_known(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run")
    assert f"emt board known {quote(str(run))}" in emt("add", run, "--entries", tmp_path / "entries", *SAID).stderr


def test_a_server_that_is_ended_promises_nothing(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("")
    starts = (
        "import sys; from emt_tasks.cli import main; sys.argv = ['emt', 'board', 'serve', sys.argv[1], '--port', '0']"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"{starts}; main()", str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "http://127.0.0.1" in process.stderr.readline()
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.split()) == (143, ["stopped"])


def test_good_entries_are_valid(board: toy_entries.Board) -> None:
    found = emt("validate", "--entries", board.folder)
    assert "1 entries stand every check, 0 files do not" in found.stderr
    assert "next: emt board build" in found.stderr


def test_a_bad_entry_is_named_with_its_rule_and_the_code_is_4(board: toy_entries.Board) -> None:
    (board.folder / "org__model" / "other.json").write_text("{}")
    told = json.loads(emt("validate", "--entries", board.folder, "--json", code=4).stdout)
    assert told["entries"] == ["org__model__base"]
    assert [(one["path"], one["reasons"][0]["rule"]) for one in told["excluded"]] == [
        ("org__model/other.json", "schema")
    ]
    assert "other.json" in emt("validate", "--entries", board.folder, code=4).stdout


def test_a_pull_requests_own_lists_count_for_nothing(board: toy_entries.Board, tmp_path: Path) -> None:
    told = emt("validate", "--entries", board.folder, "--lists", tmp_path, "--json", code=4).stdout
    assert {reason["rule"] for reason in json.loads(told)["excluded"][0]["reasons"]} == {"data"}


def test_the_rows_of_a_run_of_ones_own_can_be_made_known(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run")
    (tmp_path / "entries").mkdir()
    (tmp_path / "entries" / "known_data.yaml").write_text("known:\n" + emt("known", run).stdout)
    emt("add", run, "--entries", tmp_path / "entries", *SAID)
    emt("validate", "--entries", tmp_path / "entries")


def test_a_bad_entry_does_not_keep_the_rest_from_being_built(board: toy_entries.Board, tmp_path: Path) -> None:
    (board.folder / "org__model" / "other.json").write_text("{}")
    found = emt("build", "--entries", board.folder, "--out", tmp_path / "site", "--no-images", code=4)
    told = json.loads((tmp_path / "site" / "data.json").read_text())["board"]
    assert [one["id"] for one in told["entries"]] == ["org__model__base"]
    assert [one["path"] for one in told["excluded"]] == ["org__model/other.json"]
    assert "other.json" in found.stderr


def test_a_site_holds_page_data_schema_and_the_entries_own_files(board: toy_entries.Board, tmp_path: Path) -> None:
    emt("build", "--entries", board.folder, "--out", tmp_path / "site", "--no-images")
    site = tmp_path / "site"
    assert {"index.html", "data.json", "data.csv", "schema.json"} <= {path.name for path in site.iterdir()}
    (one,) = json.loads((site / "data.json").read_text())["board"]["entries"]
    for path in one["downloads"].values():
        assert (site / path).is_file(), path


def test_the_same_entries_give_the_same_site(board: toy_entries.Board, tmp_path: Path) -> None:
    def built(name: str) -> dict[str, bytes]:
        out = tmp_path / name
        words = ["board", "build", "--entries", str(board.folder), "--out", str(out), "--no-images"]
        subprocess.run([sys.executable, "-m", "emt_tasks", *words], check=True, capture_output=True)
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}

    assert built("a") == built("b")


def test_a_board_of_ones_own_begins_empty_and_builds(tmp_path: Path) -> None:
    emt("init", tmp_path / "ours")
    emt("validate", "--entries", tmp_path / "ours/entries")
    with (tmp_path / "ours/entries/known_data.yaml").open("a") as lines:
        lines.write(emt("known", "--data-dir", toy_sets.write_all(tmp_path / "sets", each=1)).stdout)
    assert len(known_data(tmp_path / "ours/entries")) >= 4
    emt("build", "--entries", tmp_path / "ours/entries", "--out", tmp_path / "site")
    assert "Our EMT board" in (tmp_path / "site/index.html").read_text()
    assert (tmp_path / "ours/.github/workflows/board.yml").is_file()
    with pytest.raises(EmtError, match="already"):
        emt("init", tmp_path / "ours")


def test_an_unknown_verb_is_answered_with_the_nearest(tmp_path: Path) -> None:
    assert "Did you mean 'validate'?" in emt("validat", code=2).stderr


def test_exported_records_lie_where_the_collection_wants_them(board: toy_entries.Board, tmp_path: Path) -> None:
    emt("export", "--entries", board.folder, "--out", tmp_path / "out")
    (record,) = (tmp_path / "out").rglob("*.json")
    assert json.loads(record.read_text())["model_info"]["id"] == "org/model"


def test_a_built_board_is_served_on_this_machine_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("the page")
    (tmp_path / "secret").write_text("no")
    words = [sys.executable, "-u", "-m", "emt_tasks", "board", "serve", str(tmp_path / "site"), "--port", "0"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        assert process.stderr is not None
        address = process.stderr.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        assert urllib.request.urlopen(address).read() == b"the page"  # noqa: S310  # loopback
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(address + "../secret")  # noqa: S310
    finally:
        timer.cancel()
        process.terminate()
        process.wait()


def test_what_is_not_built_can_not_be_served(tmp_path: Path) -> None:
    with pytest.raises(EmtError, match="emt board build"):
        emt("serve", tmp_path)
