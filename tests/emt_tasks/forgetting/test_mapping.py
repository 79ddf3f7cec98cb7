from pathlib import Path

import pytest

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.forgetting.mapping import mapped, read_mapping, template

PLACES = (
    Place("enc", "ViT-L-14 openai", Role.ENCODER, encoder="ViT-L-14 openai"),
    Place("base", "llava: 7b # not a comment", Role.BASE, encoder="ViT-L-14 openai"),
    Place("a/epoch-1", "mine", Role.TUNED, base="base", sets=("mnist", "cifar10"), method="lora", epoch=1.0, seed=2),
)


def test_a_template_read_back_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(template(PLACES))
    for before, after in zip(PLACES, mapped(PLACES, read_mapping(path)), strict=True):
        fields = [name for name in Place.__slots__ if name != "known_from"]
        assert [getattr(before, name) for name in fields] == [getattr(after, name) for name in fields]


def test_what_is_not_said_stays_as_it_was_found(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("runs:\n  a/epoch-1: {epoch: 3}\n")
    after = mapped(PLACES, read_mapping(path))
    assert (after[2].epoch, after[2].sets, after[2].known_from) == (3.0, ("mnist", "cifar10"), "mapping file")
    assert after[:2] == PLACES[:2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("runs: {base: {rol: base}}", "rol"),
        ("runs: {base: {role: bose}}", "encoder"),
        ("runs: {base: {epoch: -1}}", "epoch"),
        ("runs: {base: {epoch: .nan}}", "epoch"),
        ("runs: [", "no YAML"),
        ("runs: {base: {role: base}, base: {role: encoder}}", "'base' stands there twice"),
        ("runs: {base: {role: base, role: tuned}}", "'role' stands there twice"),
        ("rnus: {}", "rnus"),
        ("- 1", "mapping"),
    ],
)
def test_what_means_nothing_is_an_error_that_names_it(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    with pytest.raises(EmtError, match=says):
        read_mapping(path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(EmtError, match="--write-mapping"):
        read_mapping(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("text", ["runs: {bsae: {role: base}}", "runs: {a/epoch-1: {base: bsae}}"])
def test_a_run_that_is_not_there_is_an_error_with_the_nearest(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    with pytest.raises(UnknownName, match="Did you mean 'base'"):
        mapped(PLACES, read_mapping(path))


@pytest.mark.parametrize(("base", "says"), [("a/epoch-1", "itself"), ("enc", "the encoder 'enc'")])
def test_what_can_be_no_base_is_refused(tmp_path: Path, base: str, says: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(f"runs: {{a/epoch-1: {{base: {base}}}}}")
    with pytest.raises(EmtError, match=f"can't be {says}"):
        mapped(PLACES, read_mapping(path))


def test_sets_may_be_spelt_as_the_paper_spells_them(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("runs: {a/epoch-1: {sets: [CIFAR-10, mini_imagenet, food101]}}")
    assert mapped(PLACES, read_mapping(path))[2].sets == ("cifar10", "miniimagenet", "food101")
