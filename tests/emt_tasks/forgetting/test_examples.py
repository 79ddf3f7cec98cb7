import hashlib
from collections.abc import Callable

from synthetic_runs import BASE, Truth, paper

from emt_tasks.forgetting.examples import FOREIGN, KINDS
from emt_tasks.forgetting.findings import Choices, Findings
from emt_tasks.outcomes import Outcome

Told = Callable[..., Findings]


def test_the_smallest_hash_of_seed_and_picture_is_drawn(told: Told) -> None:
    found = told([Truth("base", BASE)], choices=Choices(seed=7))
    for example in found.examples:
        rows = found.told.rows[example.run, example.key].rows
        of_kind = [
            row.image or ""
            for row in map(rows.__getitem__, range(len(rows)))
            if (bool(row.foreign) if example.kind == "foreign" else row.outcome.value == example.kind)
        ]
        assert example.image == min(of_kind, key=lambda image: hashlib.sha256(f"7:{image}".encode()).digest())


def test_each_kind_that_occurs_has_its_examples_and_no_more(of_the_paper: Findings) -> None:
    kinds = [example.kind for example in of_the_paper.examples if (example.run, example.key) == ("base", "cifar10")]
    rows = of_the_paper.told.rows["base", "cifar10"]
    expected = [kind for kind in KINDS if (any(rows.rows.foreign) if kind == FOREIGN else rows.counts[Outcome(kind)])]
    assert kinds == expected


def test_bases_are_looked_at_and_no_checkpoint_that_is_compared_with_one(of_the_paper: Findings) -> None:
    assert {example.run for example in of_the_paper.examples} == {"base"}


def test_a_checkpoint_without_a_base_is_looked_at(told: Told) -> None:
    alone = next(truth for truth in paper() if truth.name == "lora-mnist/epoch-3")
    found = told([alone])
    assert {example.run for example in found.examples} == {place.run for place in found.told.places}
    assert found.examples


def test_none_are_drawn_where_none_are_asked_for(told: Told) -> None:
    assert told([Truth("base", BASE)], choices=Choices(each=0)).examples == ()
