import pytest

from emt_tasks.forgetting.lineage import Place, Recorded, Role, encoder_run, joined, place_of, with_sources
from emt_tasks.runs.records import Identity


def identity(**arguments: str) -> Identity:
    return Identity(arguments.pop("model", "emt_llava"), arguments, encoder="ViT-L-14 openai")


@pytest.mark.parametrize(
    ("run", "arguments", "sets", "method", "epoch"),
    [
        ("r", {"pretrained": "b", "peft": "out/lora-cifar10/epoch-2"}, ("cifar10",), "lora", 2.0),
        ("r", {"pretrained": "b", "projector": "out/linear-mnist/epoch-0.5"}, ("mnist",), "linear", 0.5),
        ("r", {"pretrained": "b", "peft": "cifar-100_miniimagenet/epoch_3"}, ("cifar100", "miniimagenet"), "lora", 3.0),
        ("mnist/epoch-1", {"pretrained": "b", "peft": "x"}, ("mnist",), "lora", 1.0),
        ("r", {"pretrained": "out/full-cifar10/epoch-3"}, ("cifar10",), "full", 3.0),
        ("r", {"pretrained": "b", "peft": "my-lora"}, (), "lora", None),
        ("r", {"pretrained": "b", "peft": "lora-fashion-mnist/epoch-1"}, (), "lora", 1.0),
        ("r", {"pretrained": "b", "peft": "lora-cifar1000/epoch-1"}, (), "lora", 1.0),
    ],
)  # fmt: skip
def test_the_last_resort_is_what_folders_are_called(
    run: str, arguments: dict[str, str], sets: tuple[str, ...], method: str, epoch: float | None
) -> None:
    place = place_of(run, identity(**arguments), None)
    assert (place.role, place.sets, place.method, place.epoch) == (Role.TUNED, sets, method, epoch)
    assert place.known_from == ("folder names" if sets or epoch else "model arguments")


@pytest.mark.parametrize(("folder", "seed"), [("lora-mnist-seed2/epoch-3", 2), ("lora-mnist/epoch-3", None)])
def test_a_seed_is_read_from_a_folder_s_name_where_nothing_else_says_it(folder: str, seed: int | None) -> None:
    assert place_of(folder, identity(pretrained="b", peft=folder), None).seed == seed


def test_what_a_checkpoint_says_of_itself_counts_more_than_its_folder() -> None:
    said = Recorded("linear", ("cifar10",), 1.0, "hub/base", "linear", 3)
    place = place_of("lora-mnist/epoch-9", identity(pretrained="elsewhere", peft="lora-mnist/epoch-9"), said)
    assert (place.method, place.sets, place.epoch, place.base_source) == ("linear", ("cifar10",), 1.0, "hub/base")
    assert place.known_from == "emt_checkpoint.json"


def test_a_model_without_adapter_is_a_base_and_emt_clip_an_encoder() -> None:
    assert place_of("r", identity(pretrained="llava-hf/llava-1.5-7b-hf"), None).name == "llava-1.5-7b-hf"
    assert place_of("r", identity(model="emt_clip"), None).role is Role.ENCODER


def test_a_checkpoint_finds_its_base_by_path_then_by_a_name_that_only_one_has() -> None:
    identities = {
        "one": identity(pretrained="/a/base"),
        "two": identity(pretrained="/b/base"),
        "other": identity(pretrained="/c/other"),
    }
    bases = with_sources([place_of(run, said, None) for run, said in identities.items()], identities)
    tuned = [
        Place(f"t{at}", f"t{at}", Role.TUNED, base_source=source)
        for at, source in enumerate(["/b/base/", "x/other", "y/base"])
    ]
    found = {place.run: place.base for place in joined([*bases, *tuned])}
    assert (found["t0"], found["t1"], found["t2"]) == ("two", "other", None)


def test_an_encoder_is_known_however_it_is_spelt() -> None:
    encoder = Place("e", "ViT-L/14 openai", Role.ENCODER)
    assert encoder_run(Place("m", "m", Role.BASE, encoder="ViT-L-14 openai"), [encoder]) is encoder
    assert encoder_run(Place("m", "m", Role.BASE, encoder="ViT-L-14-336 openai"), [encoder]) is None
    assert encoder_run(Place("m", "m", Role.BASE), [encoder]) is None


def test_what_nothing_says_of_a_checkpoint_is_listed() -> None:
    assert Place("r", "r", Role.TUNED, base="b", method="lora").missing == ("sets", "epoch")
    assert Place("r", "r", Role.TUNED, base="b", sets=("mnist",), method="lora", epoch=0.0).missing == ()
