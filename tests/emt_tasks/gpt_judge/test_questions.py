from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.questions import CUT, Questions, shown
from emt_tasks.labels import label_set

hostile = st.text(st.one_of(st.characters(), st.sampled_from("\x00\x1b\u202e\ud800🐱<think>|\n ")), max_size=300)


@given(hostile, st.integers(32, 80))
def test_what_a_judge_sees_is_bounded_plain_and_can_be_sent(answer: str, longest: int) -> None:
    text = shown(answer, longest)
    assert len(text) <= longest
    text.encode("utf8")
    assert all(char.isprintable() or char in "\n\t" for char in text)
    assert shown(text, longest) == text or "<" in text or "[" in text


def test_a_megabyte_keeps_its_beginning_and_its_end() -> None:
    text = shown("It is a cat. " + "blah " * 200_000 + "So: a dog.", 2000)
    assert len(text) <= 2000
    assert text.startswith("It is a cat.")
    assert CUT in text
    assert text.endswith("So: a dog.")


def test_thoughts_are_no_answer() -> None:
    assert shown("<think>a cat? " + "hm " * 100_000 + "</think>It is a dog.</s>", 2000) == "It is a dog."
    assert shown("<Think>A cat?</Think>It is a dog.", 2000) == "It is a dog."


def test_the_rest_of_a_dialogue_is_no_answer() -> None:
    assert shown("It is a Ship. Human: And this? Assistant: A dog.", 2000) == "It is a Ship."


def test_the_same_pair_is_the_same_question_whatever_the_white_space() -> None:
    about = Questions(protocol("yes_no"), "judge", label_set("cifar10")).about
    assert about("cat", " a cat\n").key == about("cat", "a cat").key
    assert about("cat", "a cat").key != about("dog", "a cat").key


def test_each_part_of_the_key_counts() -> None:
    labels = label_set("cifar10")
    keys = {
        Questions(protocol(name), model, labels).about(label, answer).key
        for name in ("yes_no", "which_label")
        for model in ("a", "b")
        for label in ("cat", "dog")
        for answer in ("cat", "dog")
    }
    assert len(keys) == 2 * 2 * 2 + 2 * 2, "the label protocol asks the same whatever is right"


def test_the_label_protocol_never_holds_the_right_label() -> None:
    about = Questions(protocol("which_label"), "judge", label_set("cifar10")).about
    assert about("cat", "a frog").messages == about("dog", "a frog").messages
    assert about("cat", "a frog").label == "cifar10"
