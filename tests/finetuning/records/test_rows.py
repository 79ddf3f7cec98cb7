"""Labelled sets from parquet, folders and the datasets library; mixtures; what is wrong with one is said by name."""

import json
import shutil
from collections import Counter
from pathlib import Path

import datasets
import pytest
from PIL import Image

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.images import pixel_hash
from finetuning.records.class_words import class_words
from finetuning.records.export import write_records
from finetuning.records.rows import InstructionRows, instruction_rows
from finetuning.records.set_spec import read_spec
from finetuning.records.wording import read_template
from finetuning.toy.data import SetSizes, drawing_splits

RED, BLUE = Image.new("RGB", (4, 4), "red"), Image.new("RGB", (5, 4), "blue")


def rows(*specs: str, seed: int = 0, data_dir: Path | None = None, template: str = "articles") -> InstructionRows:
    return instruction_rows(specs, read_template(template), seed, data_dir)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for label, picture, count in (("red_ball", RED, 5), ("umbrella", BLUE, 2)):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for place in range(count):
            picture.save(tmp_path / "photos" / label / f"{place}.png")
    return tmp_path / "photos"


def test_one_of_ours_comes_with_every_picture_and_label(sets: Path) -> None:
    read = rows("cifar10", data_dir=sets)
    examples = drawing_splits(0, SetSizes(digit_tests=2, drawing_tests=2, drawing_trains=4))["train"]
    assert [(pixel_hash(row.image), row.label) for row in read] == [(pixel_hash(i), y) for i, y in examples]
    assert {row.image.mode for row in read} == {"RGB"}
    assert read[0].answer.startswith("The object is a")
    assert rows("mnist?rows=3", data_dir=sets)[0].answer.startswith("The number is ")


def test_a_folder_of_class_folders(photos: Path) -> None:
    read = rows(f"folder:{photos}")
    assert read.name == "photos"
    assert Counter(row.answer for row in read) == {"The object is a red ball.": 5, "The object is an umbrella.": 2}
    assert read[6].image.size == (5, 4)
    balanced = rows(f"folder:{photos}?balanced=true")
    assert balanced.class_counts() == {"photos": {"red ball": 2, "umbrella": 2}}


def test_what_systems_leave_in_folders_is_no_class_and_no_picture_and_is_told_of(photos: Path) -> None:
    before = rows(f"folder:{photos}")
    for stray in (
        "__MACOSX/umbrella/._0.png",
        ".thumbnails/0.png",
        "umbrella/.ipynb_checkpoints/0.png",
        "@eaDir/1.png",
    ):
        (photos / stray).parent.mkdir(parents=True, exist_ok=True)
        (photos / stray).write_bytes(b"\0\5\x16\7")
    (photos / "umbrella" / "._1.png").write_bytes(b"\0\5\x16\7")
    (photos / ".git").mkdir()
    read = rows(f"folder:{photos}")
    assert read.told() == before.told()
    source = read.parts[0].source
    assert source.labels == ("red ball", "umbrella")
    assert source.passed_over_said == "; passed over: .thumbnails, @eaDir, __MACOSX and 2 more"
    assert set(source.passed_over) - {".thumbnails", "@eaDir", "__MACOSX"} == {
        "umbrella/._1.png", "umbrella/.ipynb_checkpoints/0.png",
    }  # fmt: skip


def test_any_set_of_the_datasets_library(photos: Path, tmp_path: Path) -> None:
    cells = {"pic": [str(photos / "umbrella" / "0.png")] * 3, "kind": ["umbrella", "ball", "umbrella"], "n": [1, 2, 3]}
    made = datasets.Dataset.from_dict(cells).cast_column("pic", datasets.Image())
    (tmp_path / "set").mkdir()
    made.to_parquet(tmp_path / "set" / "train.parquet")
    read = rows(f"hub:{tmp_path / 'set'}?label=kind")
    assert [row.answer for row in read] == [
        "The object is an umbrella.",
        "The object is a ball.",
        "The object is an umbrella.",
    ]
    for spec, said in (("", "which column holds each row's label"), ("?label=n", "holds .*not words"),
                       ("?label=knd", "Did you mean 'kind'"), ("?label=kind&image=n", "holds no pictures"),
                       ("?label=kind&split=test", "no split of .*'test'")):  # fmt: skip
        with pytest.raises(EmtError, match=said):
            rows(f"hub:{tmp_path / 'set'}{spec}")


def test_a_mixture_holds_its_sets_by_their_weights(sets: Path) -> None:
    read = rows("cifar10?weight=2", "mnist?rows=10&weight=0.5", data_dir=sets)
    assert read.name == "cifar10+mnist"
    assert len(read) == 2 * 40 + 5
    counts = read.class_counts()
    assert set(counts["cifar10"].values()) == {8}
    assert sum(counts["mnist"].values()) == 5


def test_the_seed_decides_which_rows_and_the_words_of_each(sets: Path) -> None:
    def seen(seed: int) -> list:
        return list(rows("mnist?rows=12", seed=seed, data_dir=sets, template="paraphrases").texts())

    assert seen(0) == seen(0)
    assert seen(0) != seen(1)


def test_what_a_mixture_is_made_of_depends_on_its_pixels(photos: Path) -> None:
    before = rows(f"folder:{photos}").told()
    assert before == rows(f"folder:{photos}").told()
    BLUE.save(photos / "red_ball" / "0.png")
    assert rows(f"folder:{photos}").told()[0]["fingerprint"] != before[0]["fingerprint"]


def test_a_damaged_picture_is_named_with_its_file(photos: Path) -> None:
    bad = photos / "umbrella" / "1.png"
    bad.write_bytes(bad.read_bytes()[:40])
    with pytest.raises(EmtError, match=rf"photos, row 6 \(file {bad}\), holds a picture that can't be read"):
        rows(f"folder:{photos}").told()


def test_a_set_without_labels_is_refused(tmp_path: Path) -> None:
    RED.save(tmp_path / "a.png")
    with pytest.raises(EmtError, match="has no labels: its pictures must lie in a folder for each class"):
        rows(f"folder:{tmp_path}")
    (tmp_path / "dog").mkdir()
    (tmp_path / "cat").mkdir()
    RED.save(tmp_path / "cat" / "a.png")
    with pytest.raises(EmtError, match="the class 'dog' has no picture"):
        rows(f"folder:{tmp_path}")


@pytest.mark.parametrize(
    ("spec", "said"),
    [("cifar1", "Did you mean 'cifar10'"), ("foldr:x", "Did you mean 'folder'"),
     ("cifar10?row=3", "Did you mean 'rows'"),
     ("cifar10?rows=0", "greater than 0"), ("cifar10?rows=3&rows=4", "each once"), ("cifar10?place=x", "no option"),
     ("cifar10?weight=many", "valid number"), ("folder:", "at least 1 character")],
)  # fmt: skip
def test_a_spec_that_is_none_says_why(spec: str, said: str) -> None:
    with pytest.raises(EmtError, match=said):
        read_spec(spec)


def test_a_split_that_is_not_there_and_too_few_rows_are_named(sets: Path) -> None:
    with pytest.raises(EmtError, match="no parquet file of the split 'validation'"):
        rows("cifar10?split=validation", data_dir=sets)
    with pytest.raises(EmtError, match="5 rows can't hold each of 10 classes"):
        rows("cifar10?rows=5&balanced=true", data_dir=sets)
    with pytest.raises(UnknownName, match="set to learn from"):
        rows("", data_dir=sets)


def test_two_folders_of_one_name_keep_their_own_pictures(tmp_path: Path) -> None:
    for place, picture in (("a", RED), ("b", BLUE)):
        (tmp_path / place / "photos" / "dog").mkdir(parents=True)
        picture.save(tmp_path / place / "photos" / "dog" / "0.png")
    one, two = f"folder:{tmp_path / 'a' / 'photos'}", f"folder:{tmp_path / 'b' / 'photos'}"
    read = rows(one, two, f"{one}?weight=2")
    assert [part.source.name for part in read.parts] == ["photos", "photos-2", "photos"]
    assert read.name == "photos+photos-2"
    assert write_records(read, tmp_path / "out") == 4
    told = json.loads((tmp_path / "out" / "records.json").read_text())
    found = [Image.open(tmp_path / "out" / row["image"]).getpixel((0, 0)) for row in told]
    assert found == [(255, 0, 0), (0, 0, 255), (255, 0, 0), (255, 0, 0)]


def test_the_splits_of_one_set_are_not_taken_for_each_other(sets: Path) -> None:
    read = rows("cifar10?rows=2", "cifar10?split=test&rows=2", data_dir=sets)
    assert [part.source.name for part in read.parts] == ["cifar10", "cifar10-2"]


def test_rows_that_our_tasks_ask_about_are_warned_of(sets: Path) -> None:
    assert rows("cifar10?rows=2", data_dir=sets).warned == ""
    assert "mnist: these rows are the test itself" in rows("mnist?split=test&rows=2", data_dir=sets).warned


def test_a_set_with_fewer_rows_than_asked_for_is_warned_of(sets: Path) -> None:
    there = len(rows("cifar10", data_dir=sets))
    said = f"cifar10: {there} rows, not the {there + 1} asked for, as it has no more"
    assert rows(f"cifar10?rows={there + 1}", data_dir=sets).warned == f"NOTE: {said}"
    assert rows(f"cifar10?rows={there}", data_dir=sets).warned == ""
    alike = len(rows("cifar10?balanced=true", data_dir=sets))
    assert rows(f"cifar10?balanced=true&rows={alike + 9}", data_dir=sets).warned == ""  # of 10 classes, 9 stay over
    more = rows(f"cifar10?balanced=true&rows={alike + 10}", data_dir=sets).warned
    assert more.endswith("as it has no more with all classes alike")


def test_a_set_that_is_damaged_is_called_by_its_folder(sets: Path, tmp_path: Path) -> None:
    shutil.copytree(sets, tmp_path, dirs_exist_ok=True)
    (damaged,) = tmp_path.glob("cifar10/*/train-*.parquet")
    damaged.write_bytes(b"PAR1 no more")
    with pytest.raises(EmtError, match=rf"the set in {tmp_path / 'cifar10'} can't be read"):
        rows("cifar10?rows=2", data_dir=tmp_path)


def test_folders_of_splits_are_not_taken_for_classes(photos: Path, tmp_path: Path) -> None:
    for split in ("train", "val"):
        (tmp_path / "whole" / split / "dog").mkdir(parents=True)
        RED.save(tmp_path / "whole" / split / "dog" / "0.png")
    with pytest.raises(EmtError, match=r"holds splits \(train, val\), not classes. Name one of them: folder:.*/train"):
        rows(f"folder:{tmp_path / 'whole'}")
    assert len(rows(f"folder:{tmp_path / 'whole' / 'val'}")) == 1


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("traffic_light", "traffic light"), "are both called 'traffic light'"),
        (("caf\u00e9", "cafe\u0301"), "are both called 'caf\u00e9'"),
        (("dog", "\x1b[31mcat"), r"the class '\x1b[31mcat' is no word that a sentence can hold"),
        (("dog", "two\nlines"), r"the class 'two\nlines' is no word"),
        (("dog", "_"), "the class '_' is no word"),
        (("dog", "<image>"), "the class '<image>' holds the sign that stands for a picture"),
    ],
)
def test_classes_that_no_sentence_can_name_are_refused(names: tuple[str, ...], said: str) -> None:
    with pytest.raises(EmtError) as caught:
        class_words(names, "photos")
    assert said in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "option"),
    [("folder:photos?split=test", "split"), ("cifar10?label=kind", "label"), ("cifar10?place=x", "place")],
)
def test_an_option_that_a_set_does_not_have_is_refused(spec: str, option: str) -> None:
    with pytest.raises(UnknownName, match=f"'{option}'"):
        read_spec(spec)
