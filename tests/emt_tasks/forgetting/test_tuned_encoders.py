"""An encoder that others were tuned from is their base, unless a model here looks through it."""

import pytest

from emt_tasks.forgetting.lineage import Recorded, Role, joined, place_of, with_sources
from emt_tasks.runs.records import ENCODER_MODEL, Identity

ENCODER = Identity(ENCODER_MODEL, {"pretrained": "openai"}, encoder="ViT-L-14 openai")
TUNED = Identity(ENCODER_MODEL, {"pretrained": "out/full-mnist/epoch-1.0"}, encoder="epoch-1.0")
SAID = Recorded("full", ("mnist",), 1.0, "ViT-L-14 openai", "full", 0)
LLAVA = Identity("emt_llava", {"pretrained": "llava"}, encoder="ViT-L-14 openai")


def places(**runs: Identity):
    said = {"tuned": SAID}
    found = [place_of(name, identity, said.get(name)) for name, identity in runs.items()]
    return {place.run: place for place in joined(with_sources(found, runs))}


def test_a_tuned_tower_finds_the_encoder_that_it_began_as() -> None:
    found = places(start=ENCODER, tuned=TUNED)
    assert found["start"].role is Role.BASE
    assert found["tuned"].role is Role.TUNED
    assert found["tuned"].base == "start"
    assert (found["tuned"].sets, found["tuned"].epoch) == (("mnist",), 1.0)


def test_beside_a_model_that_looks_through_it_it_stays_an_encoder() -> None:
    found = places(start=ENCODER, tuned=TUNED, llava=LLAVA)
    assert found["start"].role is Role.ENCODER
    assert found["llava"].role is Role.BASE
    assert found["tuned"].base == "start"


@pytest.mark.parametrize("alone", [{"start": ENCODER}, {"start": ENCODER, "llava": LLAVA}])
def test_an_encoder_that_nothing_was_tuned_from_is_one(alone: dict[str, Identity]) -> None:
    assert places(**alone)["start"].role is Role.ENCODER
