import numpy as np
from sklearn.metrics import confusion_matrix

from emt_tasks.forgetting.confusion import BINS, confusion, mistakes
from emt_tasks.forgetting.findings import Findings
from emt_tasks.labels import label_set
from emt_tasks.outcomes import Outcome


def test_it_is_scikit_learns_where_one_label_is_named(of_the_paper: Findings) -> None:
    rows = of_the_paper.told.rows["base", "cifar100"]
    labels = label_set("cifar100").labels
    found = confusion("base", "cifar100", rows)
    assert found is not None
    named = [(label, said) for label, said in zip(rows.rows.label, rows.rows.prediction, strict=True) if said]
    expected = confusion_matrix([label for label, _ in named], [said for _, said in named], labels=labels)
    assert np.array_equal(found.counts[:, : len(labels)], expected)


def test_every_answer_has_one_place(of_the_paper: Findings) -> None:
    rows = of_the_paper.told.rows["lora-mnist/epoch-3", "cifar10"]
    found = confusion("r", "cifar10", rows)
    assert found is not None
    assert found.counts.sum() == rows.n
    bins = dict(zip(BINS, found.counts[:, -len(BINS) :].sum(axis=0).tolist(), strict=True))
    assert bins["several"] == rows.counts[Outcome.INTRINSIC]
    assert bins["foreign"] + bins["none"] == rows.counts[Outcome.EXTRINSIC]
    assert bins["empty"] == rows.counts[Outcome.EMPTY]
    assert bins["foreign"] > 0


def test_other_tasks_name_no_answers(of_the_paper: Findings) -> None:
    assert confusion("r", "mmbench", of_the_paper.told.rows["base", "mnist"]) is None


def test_the_commonest_mistakes_come_first_and_right_answers_are_none(of_the_paper: Findings) -> None:
    found = mistakes(of_the_paper.confusions[0], 10)
    shares = [one.count / one.of for one in found]
    assert shares == sorted(shares, reverse=True)
    assert all(one.label != one.answer for one in found)
    assert all(one.interval[0] <= one.count / one.of <= one.interval[1] for one in found)
