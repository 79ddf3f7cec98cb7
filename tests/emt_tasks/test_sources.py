from pathlib import Path

import pytest

from emt_tasks import sources

CONFIG = {
    "dataset_path": "uoft-cs/cifar10",
    "dataset_kwargs": {"revision": "a" * 40, "data_files": {"test": "plain_text/test-*"}},
    "metadata": {"version": 1.0},
}


def test_unset_or_blank_means_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sources.data_dir() is None
    monkeypatch.setenv("EMT_DATA_DIR", " ")
    assert sources.data_dir() is None


def test_a_folder_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMT_DATA_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(sources.MissingData, match="which is no folder"):
        sources.data_dir()


def copy_at(folder: Path) -> None:
    """Something that looks like CIFAR-10's test split."""
    (folder / "cifar10" / "plain_text").mkdir(parents=True)
    (folder / "cifar10" / "plain_text" / "test-0.parquet").touch()


def test_a_config_reads_the_folder_and_says_so(tmp_path: Path) -> None:
    copy_at(tmp_path)
    local = sources.from_folder(CONFIG, tmp_path)
    assert local["dataset_path"] == str(tmp_path / "cifar10")
    assert local["dataset_kwargs"] == {"data_files": {"test": "plain_text/test-*"}}
    assert local["metadata"] == {"version": 1.0, "data_dir": str(tmp_path)}
    assert CONFIG["dataset_kwargs"]["revision"] == "a" * 40, "the task's own config is left as it was"


def test_a_set_that_the_folder_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(sources.MissingData, match="has no folder 'cifar10' for uoft-cs/cifar10"):
        sources.from_folder(CONFIG, tmp_path)


def test_tasks_of_others_are_left_alone(tmp_path: Path) -> None:
    config = {"dataset_path": "lmms-lab/MME", "dataset_kwargs": None}
    assert sources.from_folder(config, tmp_path) == config


def test_hub_rows_are_refused_where_a_folder_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "_redirected", set())
    monkeypatch.setenv("EMT_DATA_DIR", str(tmp_path))
    with pytest.raises(sources.MissingData, match="the rows of cifar10 come from the hub"):
        sources.require_asked_for("cifar10")
    copy_at(tmp_path)
    sources.from_folder(CONFIG, tmp_path)
    sources.require_asked_for("cifar10")


def test_a_folder_without_the_test_split_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cifar10").mkdir()
    with pytest.raises(sources.MissingData, match=r"has no file plain_text/test-\*"):
        sources.from_folder(CONFIG, tmp_path)


def test_a_path_that_reads_as_a_pattern_is_refused(tmp_path: Path) -> None:
    copy_at(tmp_path / "[red]")
    with pytest.raises(sources.MissingData, match=r"reads .* in a path as a pattern"):
        sources.from_folder(CONFIG, tmp_path / "[red]")
