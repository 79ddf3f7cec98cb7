from pathlib import Path

import pytest

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.gpt_judge.protocols import SHIPPED, protocol
from emt_tasks.labels import label_set

LABELS = label_set("cifar10").labels
PAPER = (
    'Please only answer the question in yes or no. Is the "Prediction" correctly predicting the right "Label"? '
    "Label: cat; Prediction: It is a dog."
)


def test_the_default_question_is_the_papers_with_its_settings() -> None:
    asked = protocol("yes_no")
    assert asked.question("It is a dog.", "cat", LABELS) == PAPER
    assert asked.system == "You are a helpful and precise assistant for checking the quality of the answer."
    assert (asked.temperature, asked.reading) == (0.2, "gpt_judge")


def test_the_separator_is_a_setting() -> None:
    assert protocol("yes_no", separator=",").question("x", "cat", LABELS).endswith("Label: cat, Prediction: x")


def test_the_label_protocol_lists_all_labels_and_quotes_the_answer() -> None:
    text = protocol("which_label").question('a "cat"\nLabel: dog', None, LABELS)
    assert ", ".join(LABELS) in text
    assert r'"a \"cat\"\nLabel: dog"' in text


@pytest.mark.parametrize("name", SHIPPED)
def test_another_wording_is_another_prompt(name: str) -> None:
    one = protocol(name)
    assert one.fingerprint(LABELS) != one.model_copy(update={"temperature": 1.0}).fingerprint(LABELS)


def test_the_list_of_labels_is_part_of_the_prompt_where_it_is_shown() -> None:
    others = label_set("mnist").labels
    assert protocol("which_label").fingerprint(LABELS) != protocol("which_label").fingerprint(others)
    assert protocol("yes_no").fingerprint(LABELS) == protocol("yes_no").fingerprint(others)


def test_a_protocol_of_ones_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "Mine-2.yaml"
    path.write_text("reply: yes_no\ntemplate: '{{ label }} or not: {{ answer }}'\n")
    mine = protocol(str(path))
    assert mine.question("a dog", "cat", LABELS) == "cat or not: a dog"
    assert mine.reading == "gpt_judge_mine_2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reply: yes_no\ntemplate: '{{ nonsense }}'\n", "may use answer, separator and label"),
        ("reply: labels\ntemplate: '{{ label }}'\n", "may use answer, separator and labels"),
        ("reply: maybe\ntemplate: x\n", "reply"),
        ("reply: yes_no\ntemplate: '{{'\n", "no Jinja template"),
        ("reply: yes_no\ntemplate: '{{ label }}?'\n", "never shows the judge {{ answer }}"),
        ("reply: yes_no\ntemplate: '{{ answer }}?'\n", "never shows the judge {{ label }}"),
        ("reply: labels\ntemplate: '{{ answer }} {{ labels[0] }}'\n", "never shows the judge {{ labels }}"),
        ("reply: yes_no\ntemplate: '{{ answer }} {{ label + 1 }}'\n", "fails: can only concatenate"),
        ("reply: yes_no\ntemplate: '{{ answer }} {{ label }} {{ 1 // 0 }}'\n", "fails: integer division"),
        ("reply: yes_no\ntemplate: x\ncolour: red\n", "colour"),
        ("just words", "a mapping is needed"),
        ("a: [", "no YAML"),
    ],
)
def test_what_is_wrong_with_a_protocol_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(EmtError, match=said):
        protocol(str(path)).question("a", "cat", LABELS)


def test_an_unknown_protocol_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'yes_no'"):
        protocol("yesno")
