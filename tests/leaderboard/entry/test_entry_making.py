"""Entries from runs: what their files tell, what must be said, and what never leaves a submitter's machine."""

import gzip
import json
import random
from pathlib import Path

import jsonschema
import pytest
import toy_entries
import toy_runs

from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from emt_tasks.runs.reading_back import read_run
from leaderboard.entry.folder import MOST_BYTES, read_entries
from leaderboard.entry.known import known_data
from leaderboard.entry.making import made
from leaderboard.entry.rescoring import rescored
from leaderboard.entry.schema import json_schema
from leaderboard.entry.suggestions import Given, missing, suggested

TASKS = {"emt_mnist": toy_entries.rows("mnist"), "emt_cifar10": toy_entries.rows("cifar10")}


def entry_of(folder: Path, given: Given = toy_entries.SAID) -> dict:
    return json.loads(made(read_run(folder)[0], given).entry)


def test_a_run_of_plain_lmms_eval_makes_an_entry(tmp_path: Path) -> None:
    told = entry_of(toy_entries.run(tmp_path / "run", TASKS), Given(submitted_by="me"))
    assert (told["model"]["org"], told["model"]["name"]) == ("org", "base")
    assert told["counts"]["mnist"]["label_match"]["correct"] == 7
    assert told["provenance"] == {"tier": "rescored", "submitted_by": "me", "date": "2026-01-01"}


def test_a_run_of_lm_eval_makes_an_entry(tmp_path: Path) -> None:
    told = entry_of(toy_runs.write_lm_eval(tmp_path / "run", TASKS))
    assert set(told["datasets"]) == {"mnist", "cifar10"}


def test_what_a_manifest_tells_need_not_be_said(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run", TASKS, manifest=toy_runs.manifest_of(TASKS))
    told = suggested(read_run(run)[0])
    assert (told.encoder, told.tuning, told.epoch, told.base) == ("ViT-L-14 openai", "lora", 2.0, "org/base")
    assert missing(read_run(run)[0], Given()) == ("submitted_by", "dataset")
    entry = entry_of(run, Given(submitted_by="me", dataset=("mnist",)))
    assert entry["tuning"]["adapter_hash"] == "f" * 64


def test_a_folder_is_no_organisation_and_no_base(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run", TASKS, model_args=f"pretrained={tmp_path}/private/llava,peft=loras/epoch-1")
    assert set(missing(read_run(run)[0], Given(submitted_by="me"))) == {"org", "dataset", "base"}


def test_an_encoder_is_called_by_its_own_name(tmp_path: Path) -> None:
    said = {"model": "emt_clip", "model_args": "model=ViT-L-14,pretrained=openai"}
    told = entry_of(toy_entries.run(tmp_path / "run", TASKS, **said), Given(submitted_by="me"))
    assert (told["kind"], told["model"]["org"]) == ("encoder", "open_clip")
    assert told["model"]["name"] == told["model"]["encoder"] == "ViT-L-14 openai"


def test_an_encoder_from_a_folder_must_be_named(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run", TASKS, model="emt_clip", model_args="model=local-dir:/somewhere/clip")
    assert missing(read_run(run)[0], Given(submitted_by="me")) == ("org", "model")
    told = entry_of(run, Given(submitted_by="me", org="us", model="our-clip"))
    assert told["model"]["encoder"] == "our-clip"


def test_the_home_folder_and_secrets_of_a_command_stay_at_home(tmp_path: Path) -> None:
    words = ["emt", "run", "--model-args", f"pretrained={Path.home()}/models/x", "--gen", "\x1b[31m"]
    run = toy_entries.run(tmp_path / "run", TASKS, manifest=toy_runs.manifest_of(TASKS, command=words))
    text = made(read_run(run)[0], Given(submitted_by="me", dataset=("mnist",))).entry.decode()
    assert str(Path.home()) + "/" not in text
    assert "pretrained=.../x" in text
    assert "\\u001b" not in text


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    run = read_run(toy_entries.run(tmp_path / "run"))[0]
    assert made(run, toy_entries.SAID) == made(run, toy_entries.SAID)


def test_a_log_that_is_cut_off_makes_no_entry(tmp_path: Path) -> None:
    run = toy_entries.run(tmp_path / "run", TASKS)
    log = next(run.glob("*_samples_emt_mnist.jsonl"))
    log.write_text(log.read_text()[:-40])
    with pytest.raises(EmtError, match="not whole"):
        made(read_run(run)[0], toy_entries.SAID)


def test_a_log_that_does_not_tell_its_pictures_makes_no_entry(tmp_path: Path) -> None:
    rows = toy_entries.rows("mnist")
    rows[3]["emt"]["image"] = None
    with pytest.raises(EmtError, match="does not tell its pictures"):
        made(read_run(toy_entries.run(tmp_path / "run", {"emt_mnist": rows}))[0], toy_entries.SAID)


@pytest.mark.parametrize("task", ["emt_mnist_open", "mmbench_en"])
def test_another_question_makes_no_entry(tmp_path: Path, task: str) -> None:
    with pytest.raises(EmtError, match=task):
        made(read_run(toy_entries.run(tmp_path / "run", {task: toy_entries.rows("mnist")}))[0], toy_entries.SAID)


@pytest.mark.parametrize(
    "given",
    [
        Given(org="org", model="<script>", submitted_by="me"),
        Given(org="org", model="m", submitted_by="me", url="http://a.org"),
        Given(org="org", model="m", submitted_by="\u202eme"),
    ],
)
def test_what_the_check_would_refuse_is_refused_at_once(tmp_path: Path, given: Given) -> None:
    with pytest.raises(EmtError, match="can't stand in an entry"):
        entry_of(toy_entries.run(tmp_path / "run", TASKS), given)


def test_answers_may_hold_anything(tmp_path: Path) -> None:
    board = toy_entries.Board(tmp_path / "entries")
    hostile = ("<script>alert(1)</script>", "\x1b[2J\u202e", "x" * 1_000_000, "\ud83d", "", "=1+1", "\0")
    for number, raw in enumerate(hostile):
        run = toy_entries.run(tmp_path / str(number), {"emt_mnist": toy_entries.rows("mnist", wrong=raw)})
        board.add(run, Given(org="org", model=f"m{number}", submitted_by="me"))
    found = read_entries(board.folder, known_data(board.folder))
    assert (len(found.cases), found.excluded) == (7, ())


def test_an_entry_of_whole_sets_with_all_kinds_of_mistakes_stays_below_the_limit(tmp_path: Path) -> None:
    chance = random.Random(0)
    labels = label_set("cifar100").labels
    rows = [
        toy_runs.row(number, labels[number % 100], chance.choice(labels), image=toy_runs.picture(number))
        for number in range(10_000)
    ]
    found = made(read_run(toy_entries.run(tmp_path / "run", {"emt_cifar100": rows}))[0], toy_entries.SAID)
    assert 2 * len(found.entry) < MOST_BYTES


def test_an_entry_fits_the_schema_that_is_published(tmp_path: Path) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(entry_of(toy_entries.run(tmp_path / "run")))
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["additionalProperties"] is False


def test_after_the_reading_has_changed_entries_are_made_anew_from_their_answers(tmp_path: Path) -> None:
    board = toy_entries.Board(tmp_path / "entries")
    entry = board.add(toy_entries.run(tmp_path / "run"))
    before = entry.read_bytes(), gzip.decompress(entry.with_name("base.preds.jsonl.gz").read_bytes())
    assert list(rescored(board.folder)) == []
    board.change_answers(entry, lambda line: line["read"].update(label_match=[None, "extrinsic"]))  # an older reading
    ((path, rows, files),) = rescored(board.folder)
    for name, content in files.items():
        (board.folder / name).write_bytes(content)
    assert (path, rows) == ("org__model/base.json", 40)
    assert gzip.decompress(entry.with_name("base.preds.jsonl.gz").read_bytes()) == before[1]
    assert json.loads(entry.read_bytes()) == json.loads(before[0])
