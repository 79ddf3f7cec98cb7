"""Records as others read them: the LLaVA repository's fields, LLaMA-Factory's columns, the datasets library."""

import json
from pathlib import Path

import datasets
import pytest
from click.testing import CliRunner
from PIL import Image

from emt_tasks.cli import emt
from emt_tasks.errors import EmtError
from emt_tasks.images import pixel_hash
from finetuning.records.export import conversation, write_records
from finetuning.records.rows import instruction_rows
from finetuning.records.wording import read_template


@pytest.fixture
def rows(sets: Path):
    return instruction_rows(["cifar10?rows=6&weight=2", "mnist?rows=3"], read_template("paraphrases"), 0, sets)


def test_llavas_records_name_their_pictures_and_mark_them_once(rows, tmp_path: Path) -> None:
    """The fields and their meaning: LLaVA's docs/Finetune_Custom_Data.md; what its preprocessing asserts."""
    assert write_records(rows, tmp_path / "out") == 15
    records = json.loads((tmp_path / "out" / "records.json").read_text())
    assert len({record["id"] for record in records}) == len(records) == 15
    for record, row in zip(records, rows, strict=True):
        human, gpt = record["conversations"]
        assert (human["from"], gpt["from"]) == ("human", "gpt")
        assert human["value"].startswith("<image>\n")
        assert human["value"].count("<image>") == 1
        assert gpt["value"] == row.answer
        with Image.open(tmp_path / "out" / record["image"]) as picture:
            assert pixel_hash(picture) == pixel_hash(row.image)
        assert record["images"] == [record["image"]]
    assert len(list((tmp_path / "out" / "images").rglob("*.png"))) == 9, "a picture is written once"


def test_llama_factory_finds_its_columns(rows, tmp_path: Path) -> None:
    """LLaMA-Factory's data/README.md: sharegpt form, `conversations` of from and value, one sign for each picture."""
    write_records(rows, tmp_path / "out")
    [(name, about)] = json.loads((tmp_path / "out" / "dataset_info.json").read_text()).items()
    assert (name, about["formatting"]) == ("emt_cifar10+mnist", "sharegpt")
    record = json.loads((tmp_path / "out" / about["file_name"]).read_text())[0]
    assert len(record[about["columns"]["images"]]) == record[about["columns"]["messages"]][0]["value"].count("<image>")


def test_the_datasets_form_is_loaded_with_its_pictures(rows, tmp_path: Path) -> None:
    write_records(rows, tmp_path / "out", "datasets")
    read = datasets.load_dataset(str(tmp_path / "out"))["train"]
    assert len(read) == 15
    assert [pixel_hash(row["image"]) for row in read] == [pixel_hash(row.image) for row in rows]
    assert read[0]["conversations"][1]["value"] == rows[0].answer
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "emt_records.json",
        "train-00000-of-00001.parquet",
    ]


def test_the_sign_comes_first_wherever_the_template_has_it() -> None:
    assert conversation("What <image> is it?", "A")[0]["value"] == "<image>\nWhat is it?"
    assert conversation("What is it?", "A")[0]["value"] == "<image>\nWhat is it?"


def test_the_json_reads_alike_in_every_encoding(tmp_path: Path) -> None:
    (tmp_path / "pets" / "日本犬").mkdir(parents=True)
    Image.new("RGB", (2, 2)).save(tmp_path / "pets" / "日本犬" / "0.png")
    read = instruction_rows([f"folder:{tmp_path / 'pets'}"], read_template("articles"), 0)
    write_records(read, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "records.json").read_text(encoding="ascii"))
    assert told[0]["conversations"][1]["value"] == "The object is a 日本犬."


def test_a_folder_of_somebody_elses_stays_and_ours_is_replaced(rows, tmp_path: Path) -> None:
    write_records(rows, tmp_path / "out")
    write_records(rows, tmp_path / "out", "datasets")
    assert not (tmp_path / "out" / "records.json").exists()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis").write_text("years of work")
    with pytest.raises(EmtError, match="was not made here"):
        write_records(rows, tmp_path / "theirs")
    assert (tmp_path / "theirs" / "thesis").read_text() == "years of work"


def test_the_command_says_what_it_wrote_and_what_is_next(sets: Path, tmp_path: Path) -> None:
    words = ["records", "cifar10?rows=5", "--data-dir", str(sets), "--out", str(tmp_path / "o"), "--labels", "--json"]
    done = CliRunner().invoke(emt, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["records"] == 5
    assert "next: emt finetune lora" in done.stderr
    assert (
        "airplane, automobile"
        in json.loads((tmp_path / "o" / "records.json").read_text())[0]["conversations"][0]["value"]
    )
