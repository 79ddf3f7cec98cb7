import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks import label_match
from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.questions import Questions
from emt_tasks.gpt_judge.verdicts import Verdict, judged, meaning_of, yes_or_no
from emt_tasks.labels import label_set
from emt_tasks.outcomes import Outcome

LABELS = label_set("cifar10")
WHICH = Questions(protocol("which_label"), "judge", LABELS).about("cat", "x")


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        ("yes", "yes"), ("Yes.", "yes"), ("YES!", "yes"), ("**Yes**", "yes"), ("Answer: yes", "yes"),
        ("no", "no"), ("No, it is a dog.", "no"), ("The prediction is wrong, so no.", "no"),
        ("No: yes would be wrong", "no"), ("", None), ("maybe", None), ("eyes", None), ("I know", None),
        ("I can say yes and no", None), ("是", None),
    ],
)  # fmt: skip
def test_a_reply_is_yes_no_or_neither(reply: str, meaning: str | None) -> None:
    assert yes_or_no(reply) == meaning


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("cat", ["cat"]), ("Cat.", ["cat"]), ("cat, dog", ["cat", "dog"]), ("cat\ndog", ["cat", "dog"]),
        ("The answer names cat.", ["cat"]), ("`ship`", ["ship"]), ("none", []), ("None.", []),
        ("none of these", []), ("cat, cat", ["cat"]), ("fish", None), ("", None), ("cat or none?", None),
    ],
)  # fmt: skip
def test_a_reply_names_labels_none_or_nothing_at_all(reply: str, named: list[str] | None) -> None:
    found = meaning_of(reply, WHICH)
    assert (None if found is None else json.loads(found)) == named


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        ("<think>It may be no, or yes.</think>\n\nYes", "yes"), ("<think>Yes, since it", None),
        ("\x1b[31mNo\x1b[0m", "no"), ("<answer>Yes</answer>", "yes"), ("No. User: yes?", "no"),
    ],
)  # fmt: skip
def test_a_judge_s_thoughts_markup_and_further_turns_are_no_reply(reply: str, meaning: str | None) -> None:
    assert meaning_of(reply, Questions(protocol("yes_no"), "judge", LABELS).about("cat", "x")) == meaning


@pytest.mark.parametrize(
    ("meaning", "answer", "outcome"),
    [
        ("yes", "a kitten", Outcome.CORRECT), ("no", "a cat", Outcome.INCORRECT), (None, "a cat", Outcome.UNSCORED),
        ('["cat"]', "x", Outcome.CORRECT), ('["dog"]', "x", Outcome.INCORRECT),
        ('["cat", "dog"]', "x", Outcome.INTRINSIC), ("[]", "x", Outcome.EXTRINSIC),
        ("yes", "...", Outcome.EMPTY), (None, "", Outcome.EMPTY),
    ],
)  # fmt: skip
def test_what_a_verdict_makes_of_an_answer(meaning: str | None, answer: str, outcome: Outcome) -> None:
    found, came_to = judged(Verdict("said", meaning), label_match.read(answer, LABELS), "cat", "gpt_judge")
    assert came_to is outcome
    assert found.extra["reply"] == "said"
    assert ("why" in found.extra) == (outcome is Outcome.UNSCORED)


def test_without_a_verdict_a_row_is_unscored_and_says_why() -> None:
    found, outcome = judged(None, label_match.read("a cat", LABELS), "cat", "gpt_judge", "budget")
    assert (outcome, found.extra["why"], found.scored) == (Outcome.UNSCORED, "budget", False)


@given(st.text(max_size=80))
def test_no_reply_whatever_breaks_anything_and_only_labels_come_back(reply: str) -> None:
    assert yes_or_no(reply) in ("yes", "no", None)
    found = meaning_of(reply, WHICH)
    assert found is None or set(json.loads(found)) <= set(LABELS.labels)
