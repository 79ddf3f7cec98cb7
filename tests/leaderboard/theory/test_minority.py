"""Figure 2 and its table from histories on disk, whatever they are called."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from emt_tasks.documents import markdown
from emt_tasks.errors import EmtError
from leaderboard.theory import minority
from leaderboard.theory.histories import histories
from leaderboard.theory.writing import write

HOSTILE = "<script>alert(1)</script>\x1b[31m|x"
COLLAPSE = {"variability": 2.0, "means_norm": 0.5, "rows_norm": 0.1, "means_widest": 0.2, "rows_widest": 0.3,
            "alignment": 1.0, "agreement": 0.5}  # fmt: skip


def epoch(number: int, part: int, first: float, second: float) -> dict:
    return {
        "epoch": number, "part": part, "loss": 1.0, "first": first, "second": second, "first_nearest": 0.75,
        "second_nearest": 0.5, "collapse": COLLAPSE, "absent_cosine": 0.9, "share_in_model": 0.9,
    }  # fmt: skip


def left(root: Path, folder: str, name: str, **more) -> Path:
    history = [epoch(1, 0, 0.5, 0.0), epoch(2, 0, 0.9, 0.0), epoch(3, 1, 0.2, 0.4), epoch(4, 1, 0.01, 0.8)]
    told = {"set": name, "inputs": {"network": "resnet18", "stem": "cifar"}, "history": history, **more}
    (root / folder).mkdir(parents=True)
    (root / folder / "training.json").write_text(json.dumps(told))
    return root


def test_the_table_says_what_was_learnt_and_when_it_was_gone(tmp_path: Path) -> None:
    found = histories(left(left(tmp_path, "b", "cifar10"), "a", "mnist"), "resnet18")
    assert [one.set for one in found] == ["mnist", "cifar10"]  # the paper's order
    assert minority.table(found).rows[0] == ("MNIST", "90.0", "20.0", "1.0", "2", "75.0", "80.0", "0.90")


def test_two_of_one_set_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    found = histories(left(left(tmp_path, "seed0", "mnist"), "seed1", "mnist"), "resnet18")
    assert [row[0] for row in minority.table(found).rows] == ["seed0", "seed1"]


def test_one_that_was_never_gone_is_said_to_be_there() -> None:
    from leaderboard.theory.histories import Epoch

    after, learnt = [Epoch(**epoch(3, 1, 0.05, 0.4))], Epoch(**epoch(2, 0, 0.9, 0.0))
    assert minority.gone_after(after, learnt) == "not"


def test_what_was_never_learnt_is_not_said_to_be_gone() -> None:
    from leaderboard.theory.histories import Epoch

    after, learnt = [Epoch(**epoch(3, 1, 0.0, 0.4))], Epoch(**epoch(2, 0, 0.02, 0.0))
    assert minority.gone_after(after, learnt) == "never learnt"


def test_page_and_figures_are_written_and_hostile_names_stay_text(tmp_path: Path) -> None:
    found = histories(left(tmp_path, "x", HOSTILE), "resnet18")
    files = write(minority.document(found), minority.specs(found), tmp_path, "resnet")
    assert {path.name for path in files} >= {"figure-2.png", "figure-2-collapse.svg", "resnet.html", "resnet.md"}
    page = (tmp_path / "resnet.html").read_text()
    assert "<svg" in page
    assert "<script" not in page
    assert "\x1b" not in page + markdown.written(minority.document(found))
    root = ElementTree.parse(tmp_path / "figure-2.svg").getroot()  # noqa: S314  # our own file
    assert not {element.tag.rsplit("}", 1)[-1] for element in root.iter()} & {"script", "image", "a"}


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    found = histories(left(tmp_path, "x", "mnist"), "resnet18")
    pages = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(minority.document(found), minority.specs(found), tmp_path / name, "resnet")
        pages.append((tmp_path / name / "resnet.html").read_bytes())
    assert pages[0] == pages[1]


def test_measures_that_could_not_be_had_are_left_out(tmp_path: Path) -> None:
    history = [epoch(1, 0, 0.5, 0.0) | {"collapse": {"variability": None, "means_norm": 0.5}}]
    found = histories(left(tmp_path, "x", "mnist", history=history), "resnet18")
    measured = minority.measured(found, minority.names(found))
    assert {one.measure for one in measured} == {"means_norm", "absent_cosine"}


def test_trainings_of_another_network_are_somebody_elses(tmp_path: Path) -> None:
    assert histories(left(tmp_path, "x", "mnist"), "clip") == ()


@pytest.mark.parametrize(
    "text",
    ["{", '{"inputs": {"network": "resnet18"}}', '{"inputs": []}',
     '{"set": "x", "inputs": {"network": "resnet18"}, "history": [{"epoch": 1, "part": 0, "loss": NaN}]}'],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "training.json").write_text(text)
    with pytest.raises(EmtError, match=r"training\.json is not what emt repro writes"):
        histories(tmp_path, "resnet18")
