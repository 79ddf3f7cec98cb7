from collections.abc import Callable
from dataclasses import replace

import pytest
from synthetic_runs import BASE, ENCODER, Truth

from emt_tasks.forgetting.claims import Verdict
from emt_tasks.forgetting.findings import Findings

Told = Callable[..., Findings]


def verdicts(found: Findings) -> dict[str, Verdict]:
    return {claim.letter: claim.verdict for claim in found.claims}


def tuned(on: str, method: str, epoch: float, by: float, words: str = "mnist") -> Truth:
    """A checkpoint that is better by `by` on all sets but its own."""
    said = {"method": method, "set": on, "epoch": epoch, "base": "models/base", "recipe_name": method, "seed": 0}
    accuracy = {key: min(max(share + by, 0.01), 0.99) if key != on else share for key, share in BASE.items()}
    return Truth(f"{method}-{on}-{epoch:g}", accuracy, words=words, tuned=said)


def test_all_hold_where_all_are_true(of_the_paper: Findings) -> None:
    assert set(verdicts(of_the_paper).values()) == {Verdict.HOLDS}


def test_none_holds_where_the_opposite_is_true(told: Told) -> None:
    runs = [
        Truth("encoder", {key: share - 0.2 for key, share in BASE.items()}, alone=True),
        Truth("base", BASE),
        tuned("mnist", "linear", 3, -0.2), tuned("mnist", "lora", 3, +0.1),
        tuned("cifar10", "linear", 1, -0.2), tuned("cifar10", "lora", 3, +0.1), tuned("cifar100", "lora", 3, -0.15),
    ]  # fmt: skip
    assert set(verdicts(told(runs)).values()) == {Verdict.DOES_NOT}


def test_a_base_alone_tells_of_no_claim_and_each_says_what_it_lacks(told: Told) -> None:
    found = told([Truth("base", BASE)])
    assert set(verdicts(found).values()) == {Verdict.CANT_TELL}
    assert all(part.lacks for claim in found.claims for part in claim.parts)


def test_what_changed_nothing_can_be_told_neither_way(told: Told) -> None:
    runs = [Truth("base", BASE), tuned("mnist", "lora", 3, 0.0), tuned("cifar10", "linear", 1, 0.0)]
    found = verdicts(told(runs, n=60))
    assert (found["b"], found["c"], found["d"]) == (Verdict.CANT_TELL,) * 3


def test_a_point_on_the_way_to_a_tuning_is_no_further_tuning(told: Told) -> None:
    run = tuned("mnist", "lora", 3, -0.3)
    half_way = {**(run.tuned or {}), "recipe_name": "lora-alpha-0.5", "alpha": 0.5}
    between = Truth("half way", {key: share + 0.2 for key, share in run.accuracy.items()}, tuned=half_way)
    found = told([Truth("base", BASE), run, between])
    evidence = {letter: claim.parts[0].evidence for claim in found.claims if (letter := claim.letter) in "bd"}
    assert {letter: {one.b for one in several} for letter, several in evidence.items()} == {
        "b": {run.name}, "d": {run.name},
    }  # fmt: skip
    assert {place.run for place in found.told.checkpoints()} == {run.name, "half way"}, "it is told of all the same"


def test_one_set_that_rose_is_enough_against_all_others(told: Told) -> None:
    run = tuned("mnist", "lora", 3, -0.2)
    rose = Truth(run.name, {**run.accuracy, "cifar100": 0.7}, tuned=run.tuned)
    assert verdicts(told([Truth("base", BASE), rose]))["d"] is Verdict.DOES_NOT


def test_all_others_are_all_three_and_what_is_wanting_is_said(told: Told) -> None:
    run = tuned("mnist", "lora", 3, -0.3)
    asked = Truth(run.name, {key: share for key, share in run.accuracy.items() if key != "cifar100"}, tuned=run.tuned)
    (claim,) = [claim for claim in told([Truth("base", BASE), asked]).claims if claim.letter == "d"]
    assert claim.parts[0].counts == (2, 0, 0)
    assert claim.verdict is Verdict.CANT_TELL
    assert claim.parts[0].lacks == "the same on CIFAR-100"


def test_one_model_above_its_encoder_on_one_set_in_twelve_is_still_nearly_every(told: Told) -> None:
    runs = [Truth("encoder", ENCODER, alone=True)]
    for name in ("a", "b", "c"):
        share = {**BASE, "mnist": 0.95} if name == "c" else BASE
        runs.append(Truth(name, share, pretrained=f"models/{name}"))
    (claim,) = [claim for claim in told(runs).claims if claim.letter == "a"]
    assert claim.parts[0].counts == (11, 1, 0)
    assert claim.verdict is Verdict.HOLDS


@pytest.mark.parametrize("epoch", [2.0, 4.0])
def test_claim_b_is_of_three_epochs(told: Told, epoch: float) -> None:
    assert verdicts(told([Truth("base", BASE), tuned("mnist", "lora", epoch, -0.3)]))["b"] is Verdict.CANT_TELL


def test_a_part_that_can_not_be_told_leaves_the_claim_open(told: Told) -> None:
    found = told([Truth("base", BASE), tuned("mnist", "lora", 3, -0.3)])
    (claim,) = [claim for claim in found.claims if claim.letter == "b"]
    assert [part.verdict for part in claim.parts] == [Verdict.HOLDS, Verdict.CANT_TELL]
    assert claim.verdict is Verdict.CANT_TELL


def of_seed(run: Truth, seed: int) -> Truth:
    return replace(run, name=f"{run.name}-seed{seed}", tuned={**(run.tuned or {}), "seed": seed})


@pytest.mark.parametrize(("seeds", "pairs"), [((0, 1), 2), ((0, 2), 1), ((2, 3), 4)])
def test_tunings_of_one_seed_are_compared_where_both_have_it(told: Told, seeds: tuple[int, int], pairs: int) -> None:
    linear, lora = tuned("mnist", "linear", 3, -0.1), tuned("mnist", "lora", 3, -0.2)
    wide = tuned("cifar100", "lora", 3, -0.1)
    runs = [of_seed(linear, seed) for seed in (0, 1)] + [of_seed(run, seed) for run in (lora, wide) for seed in seeds]
    found = told([Truth("base", BASE), *runs], n=60)
    more = next(claim for claim in found.claims if claim.letter == "b").parts[1]
    diverse = next(claim for claim in found.claims if claim.letter == "e").parts[0]
    assert len(more.evidence) == pairs * 3  # on each of the other three sets
    assert len(diverse.evidence) == 2 * 2  # both seeds of LoRA, on the two sets that neither was tuned on
    seen = {place.run: place.seed for place in found.told.places}
    assert all(seen[one.a] == seen[one.b] for one in diverse.evidence)
