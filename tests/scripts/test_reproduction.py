"""docs/reproduction.md says what its answers say, and the archive of them is what the scripts make."""

import importlib.util
import json
import re
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from emt_tasks.errors import EmtError
from emt_tasks.forgetting.findings import Choices, findings
from emt_tasks.runs.reading_back import read_runs
from emt_tasks.runs.run_folders import starts
from leaderboard.entry.folder import read_entries
from leaderboard.entry.known import known_data
from leaderboard.report.data import as_data

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "reproduction.md").read_text(encoding="utf8")
ENTRIES = ROOT / "leaderboard" / "entries"
SETS = ("mnist", "cifar10", "cifar100", "miniimagenet")


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, unpacked."""
    folder = tmp_path_factory.mktemp("answers")
    shutil.unpack_archive(ROOT / "docs" / "answers" / "mini.tar.xz", folder)
    return folder


def report(out: Path, *studies: str, variant: str | None = None) -> Mapping[str, Any]:
    found = findings(read_runs([out / study / "runs" for study in studies]), choices=Choices(variant=variant))
    assert not found.partial
    return json.loads(json.dumps(as_data(found)))


def test_every_table_is_that_of_the_shipped_answers(out: Path) -> None:
    words, choice = report(out, "mini", "mini-seeds"), report(out, "mini", variant="choice")
    assert script("reproduction_tables").missing(DOCUMENT, words, choice, report(out, "mini-gentle")) == []
    read, distinct = words["answers"]["read"], words["answers"]["distinct"]
    assert f"{distinct} of them," in DOCUMENT
    assert f"{read:,} answers" in DOCUMENT


def test_another_answer_would_be_seen(out: Path) -> None:
    words, choice = report(out, "mini", "mini-seeds"), report(out, "mini", variant="choice")
    tables = script("reproduction_tables")
    words["scores"][0]["accuracy"] += 0.002
    words["grid"][0]["accuracy"] += 0.002
    assert len(tables.missing(DOCUMENT, words, choice, report(out, "mini-gentle"))) == 1


@pytest.mark.parametrize(
    ("model", "task", "line"),
    [
        ("instructed", "emt_{}", r"\| before \(`instructed`\) \| `label_match` \|(.*)"),
        ("instructed", "emt_{}_choice", r"before.*\n\| \| `_choice` \|(.*)"),
        ("instructed", "emt_{}_choice_sentence", r"before.*\n.*\n\| \| `_choice_sentence` \|(.*)"),
        ("mini-llava", "emt_{}", r"\| after \(`mini-llava`\) \| `label_match` \|(.*)"),
        ("mini-llava", "emt_{}_choice", r"after.*\n\| \| `_choice` \|(.*)"),
        ("mini-llava", "emt_{}_choice_sentence", r"after.*\n.*\n\| \| `_choice_sentence` \|(.*)"),
    ],
)
def test_so_is_that_of_labels_in_sentences(out: Path, model: str, task: str, line: str) -> None:
    (run,) = read_runs([out / "mini-sentences" / "runs" / model]).runs
    shown = [f"{100 * run.of(task.format(key)).correct.mean():.1f}" for key in SETS]
    assert re.search(line, DOCUMENT)[1].strip(" |").split(" | ") == shown


def test_the_entries_hold_the_same_answers(out: Path) -> None:
    runs = {
        (run.identity.checkpoint, folder.parent.name): run
        for study in ("mini", "mini-seeds")
        for run in read_runs([out / study / "runs"]).runs
        for folder in [Path(run.folder).parent]
    }
    cases = [
        case for case in read_entries(ENTRIES, known_data(ENTRIES)).cases if "mini-llava" in case.candidate.place.id
    ]
    assert len(cases) == 29  # the base, 12 tunings of seed 0, 8 of seed 1 and 8 of seed 2
    for case in cases:
        told = case.candidate.fields
        if told.tuning.kind != "none":
            seed = f"-seed{told.tuning.seed}" if told.tuning.seed else ""
            run = runs["epoch-3.0", f"toy-{told.tuning.kind}-{told.tuning.dataset[0]}{seed}"]
            right = {key: int(run.of(f"emt_{key}").correct.sum()) for key in SETS}
            assert right == {key: told.counts[key]["label_match"].correct for key in SETS}


def test_packing_what_was_packed_changes_nothing(out: Path, tmp_path: Path) -> None:
    pack = script("pack_answers")
    once = pack.packed([out / "mini-sentences" / "runs"], out, {})
    (tmp_path / "again.tar.xz").write_bytes(once)
    again = tmp_path / "again"
    shutil.unpack_archive(tmp_path / "again.tar.xz", again)
    with tarfile.open(tmp_path / "again.tar.xz") as archive:
        assert all(member.mtime == 0 and not member.uname for member in archive)
    assert pack.packed([again / "mini-sentences" / "runs"], again, {}) == once
    for start in starts([again]):
        for path in (start.manifest, start.results, *start.samples.values()):
            assert path.read_bytes() == (out / path.relative_to(again)).read_bytes()


def test_a_log_that_was_cut_off_is_not_packed(out: Path, tmp_path: Path) -> None:
    shutil.copytree(out / "mini-sentences" / "runs" / "instructed", tmp_path / "runs")
    log = next(iter(starts([tmp_path])[0].samples.values()))
    log.write_bytes(log.read_bytes()[:-9])
    with pytest.raises(EmtError, match="lines that are no rows"):
        script("pack_answers").packed([tmp_path / "runs"], tmp_path, {})


def test_the_archive_tells_nothing_of_the_machine_that_made_it(out: Path) -> None:
    for path in out.rglob("*.json"):
        text = path.read_text()
        assert not re.search(r'"(?:local-dir:)?/', text), path
