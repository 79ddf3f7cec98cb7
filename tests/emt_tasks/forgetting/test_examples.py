import hashlib
from collections.abc import Callable

from synthetic_runs import BASE, Truth

from emt_tasks.forgetting.examples import KINDS
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
    run, key = "lora-mnist/epoch-3", "cifar10"
    kinds = [example.kind for example in of_the_paper.examples if (example.run, example.key) == (run, key)]
    counts = of_the_paper.told.rows[run, key].counts
    expected = [kind for kind in KINDS if kind == "foreign" or counts[Outcome(kind)]]
    assert kinds == expected


def test_a_checkpoints_example_says_what_the_base_said(of_the_paper: Findings) -> None:
    example = next(one for one in of_the_paper.examples if one.run == "lora-mnist/epoch-3" and one.kind == "foreign")
    base = of_the_paper.told.rows["base", example.key].rows
    at = next(place for place in range(len(base)) if base[place].image == example.image)
    assert example.before == base[at].raw
    assert all(one.before is None for one in of_the_paper.examples if one.run == "base")


def test_bases_and_last_checkpoints_are_looked_at(of_the_paper: Findings) -> None:
    runs = {example.run for example in of_the_paper.examples}
    assert runs == {"base", *(f"{method}-{on}/epoch-3" for method in ("linear", "lora") for on in BASE)}


def test_none_are_drawn_where_none_are_asked_for(told: Told) -> None:
    assert told([Truth("base", BASE)], choices=Choices(each=0)).examples == ()
