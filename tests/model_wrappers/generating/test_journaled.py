"""What is said of a wrapper that tells the journal too little, too much, or of the wrong rows."""

import pytest
from datasets import Dataset
from lmms_eval.api.model import lmms
from toy_requests import SPLIT, TASK, generate

from emt_tasks.errors import EmtError
from emt_tasks.runs.journal import Journal
from model_wrappers.generating.journaled import Journaled


class Telling(lmms):
    """A third party's wrapper with `on_batch`, which tells it what `told` makes of its answers."""

    is_simple = True
    on_batch = None

    def __init__(self, told):
        super().__init__()
        self.told = told

    def generate_until(self, requests):
        pairs = [(request, f"answer {place}") for place, request in enumerate(requests)]
        self.on_batch(self.told(pairs))
        return [answer for _, answer in pairs]

    def loglikelihood(self, requests):
        raise NotImplementedError

    def generate_until_multi_round(self, requests):
        raise NotImplementedError


def asked(told, folder):
    with Journal(folder) as journal:
        lm = Journaled(Telling(told), journal, "identity", batch_size=2, shown=False)
        lm.task_dict[TASK] = {SPLIT: Dataset.from_dict({"image_sha256": ["a", "b", "c"]})}
        return lm.generate_until([generate("What?", row) for row in range(3)])


def test_a_wrapper_that_tells_of_every_answer_is_served(tmp_path):
    assert asked(list, tmp_path) == ["answer 0", "answer 1", "answer 2"]


def test_one_that_tells_of_too_few_is_named_with_the_row_and_what_it_told_is_kept(tmp_path):
    with pytest.raises(EmtError, match=r"Telling told on_batch of 2 answers to 3 requests; row 2 of toy has none"):
        asked(lambda pairs: pairs[:2], tmp_path)
    with Journal(tmp_path) as journal:
        assert len(journal) == 2


@pytest.mark.parametrize("told", [lambda pairs: [*pairs, pairs[0]], lambda _: [(generate("Else?", 1), "x")]])
def test_one_that_tells_of_a_row_twice_or_of_another_is_named(told, tmp_path):
    with pytest.raises(EmtError, match=r"row \d of toy that it was not asked for, or told of it twice"):
        asked(told, tmp_path)
