"""A report as files: what is in them, and that nothing in them acts."""

import csv
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from synthetic_runs import BASE, STAMP, Truth, paper, write_run

from emt_tasks.forgetting.findings import findings
from emt_tasks.forgetting.mapping import Mapped
from emt_tasks.runs.reading_back import read_runs
from leaderboard.report.drawings.models import roses
from leaderboard.report.writing import Written, write_report

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\\input{x}$|\x1b[31m\u202e=1+1"
URI = re.compile(r"https?://")


class Page(HTMLParser):
    """What stands in a page: tags with their attributes, and whether tags close as they opened."""

    VOID = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Written, Path]:
    """A report of a base, its encoder and two tunings, whose answers, names and folders are hostile."""
    folder = tmp_path_factory.mktemp("runs")
    for truth in paper(epochs=(1, 3), sets=("mnist", "cifar10")):
        name = truth.pretrained if truth.alone else f"models/{HOSTILE.replace('/', '')}"
        tuned = None if truth.tuned is None else {**truth.tuned, "base": name, "recipe_name": HOSTILE}
        home = write_run(folder, replace(truth, pretrained=name, tuned=tuned), 40)
        log = home / f"{STAMP}_samples_emt_cifar10.jsonl"
        rows = [json.loads(line) for line in log.read_text().splitlines()]
        for row in rows:
            row["emt"]["raw"] = HOSTILE + row["emt"]["raw"]
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = findings(read_runs([folder]))
    picture = {image: b"RIFF" for _, image, _ in list(found.pictures)[:3]}
    return write_report(found, folder / "report", f"What {HOSTILE} forgot", picture), folder / "report"


def test_every_form_and_every_figure_is_there(written: tuple[Written, Path]) -> None:
    told, folder = written
    assert {path.name for path in told.files} == {
        "report.html", "report.md", "report.tex", "report.json", "failures.csv",
    }  # fmt: skip
    names = {path.name.split(".")[0] for path in (folder / "figures").iterdir()}
    assert {"rose-1", "gaps", "forgetting-1", "epochs-1", "outcomes-1", "confusion-1"} <= names
    for name in names:
        ends = {path.name.removeprefix(f"{name}.") for path in (folder / "figures").glob(f"{name}.*")}
        assert ends == {"svg", "png", "vl.json", "csv"}
    assert told.figures == len(names)


def test_the_page_runs_nothing_and_loads_nothing(written: tuple[Written, Path]) -> None:
    page = Page(written[0].page.read_text(encoding="utf8"))
    assert page.open == []
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "iframe", "object", "embed", "link", "form", "base", "audio", "video", "use", "image"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("href", "src", "xlink:href", "action", "data"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/webp;base64,")), (tag, name, value[:50])
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_hostile_text_is_shown_as_text(written: tuple[Written, Path]) -> None:
    page = Page(written[0].page.read_text(encoding="utf8"))
    assert "<script>alert(1)</script>" in page.text
    assert not set("\x1b\u202e") & set(page.text)


def test_the_page_can_be_heard_and_walked_through(written: tuple[Written, Path]) -> None:
    page = Page(written[0].page.read_text(encoding="utf8"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"] or "" for tag, a in page.tags if tag == "a"]
    assert all(link[1:] in ids for link in links)
    assert all(a.get("alt") for tag, a in page.tags if tag == "img")
    assert all(a.get("scope") == "col" for tag, a in page.tags if tag == "th")
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert next(a for tag, a in page.tags if tag == "html")["lang"] == "en"


def test_markdown_and_latex_hold_no_markup_of_others(written: tuple[Written, Path]) -> None:
    markdown = (written[1] / "report.md").read_text(encoding="utf8")
    latex = (written[1] / "report.tex").read_text(encoding="utf8")
    assert "<script" not in re.sub(r"\\.", "", markdown)
    assert "![" in markdown
    assert r"\input{x}" not in latex
    assert r"\includegraphics" in latex
    for text in (markdown, latex):
        assert not set("\x1b\u202e") & set(text)


def test_a_spreadsheet_takes_nothing_for_a_formula(written: tuple[Written, Path]) -> None:
    for path in written[1].rglob("*.csv"):
        for line in path.read_text(encoding="utf8").splitlines():
            assert not line.startswith(("=", "+", "@")), path.name


def test_json_has_all_numbers_and_only_plain_characters(written: tuple[Written, Path]) -> None:
    text = (written[1] / "report.json").read_text(encoding="utf8")
    assert text.isascii()
    told = json.loads(text)
    assert {run["role"] for run in told["runs"]} == {"encoder", "base", "tuned"}
    assert [claim["claim"] for claim in told["claims"]] == ["a", "b", "c", "d", "e"]
    last = next(one for one in told["forgetting"] if one["run"] == "lora-mnist/epoch-3" and one["set"] == "cifar10")
    truth = BASE["cifar10"] - next(t for t in paper() if t.name == last["run"]).accuracy["cifar10"]
    assert last["interval"][0] < truth < last["interval"][1]
    assert last["forgetting"] == pytest.approx(-last["against"]["difference"])
    assert len(told["scores"]) == 2 * len(told["runs"])


def test_failures_are_a_table_with_all_that_their_drawing_can_be_checked_by(written: tuple[Written, Path]) -> None:
    with (written[1] / "failures.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    told = json.loads((written[1] / "report.json").read_text(encoding="utf8"))["failures"]["of"]
    drawn = [one for fate in told for those in fate["drawn"].values() for one in those]
    assert [row["image"] for row in rows] == [one["image"] for one in drawn]
    assert {row["failure"] for row in rows} >= {"foreign", "other"}
    for row in rows:
        assert row["draw"] == hashlib.sha256(f"0:{row['image']}".encode()).hexdigest()
        assert 0 < int(row["of"]) <= int(row["right before"])
        assert row["picture of"] in row["before"]
        assert (row["seed"], row["epoch"]) == ("0", "3")


def test_the_page_shows_what_was_said_before_and_after(written: tuple[Written, Path]) -> None:
    page = Page(written[0].page.read_text(encoding="utf8"))
    with (written[1] / "failures.csv").open(encoding="utf8", newline="") as file:
        assert [tag for tag, _ in page.tags].count("dd") == 2 * len(list(csv.DictReader(file)))


def test_it_says_how_many_answers_were_read_and_how_many_differ(written: tuple[Written, Path]) -> None:
    told = json.loads((written[1] / "report.json").read_text(encoding="utf8"))
    models = sum(run["role"] != "encoder" for run in told["runs"])
    assert told["answers"]["read"] == models * 2 * 40
    assert told["answers"]["distinct"] == sum(one["distinct"] for one in told["answers"]["sets"].values())
    said = f"{told['answers']['read']:,} answers of models were read by label_match: {told['answers']['distinct']:,}"
    assert told["method"].startswith(said)
    for name in ("report.html", "report.md", "report.tex"):
        assert f"{told['answers']['distinct']:,} different ones" in (written[1] / name).read_text(encoding="utf8")


def test_pictures_that_are_not_at_hand_are_counted_and_said(written: tuple[Written, Path]) -> None:
    text = written[0].page.read_text(encoding="utf8")
    assert written[0].missing > 0
    assert f"{written[0].missing} pictures are not at hand" in text
    assert text.count("no picture at hand") == written[0].missing


def test_the_same_runs_give_the_same_bytes(tmp_path: Path) -> None:
    for truth in paper(epochs=(1,), sets=("mnist", "cifar10"))[:4]:
        write_run(tmp_path / "runs", truth, 30)
    found = findings(read_runs([tmp_path / "runs"]))
    for name in ("one", "other"):
        write_report(found, tmp_path / name, "title", {})
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "other" / path.relative_to(tmp_path / "one")).read_bytes(), path.name


def test_an_encoder_that_was_a_folder_here_is_called_by_its_last_part(tmp_path: Path) -> None:
    write_run(tmp_path, Truth("base", BASE), 10)
    found = read_runs([tmp_path])
    mapping = Mapped.model_validate({"runs": {found.runs[0].name: {"encoder": "/home/me/secret-project/tower"}}})
    (figure,) = roses(findings(found, mapping))
    assert figure.caption == "Models that look through tower: accuracy on each set."
