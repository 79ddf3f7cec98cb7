"""Templates: the paper's words, the right article, draws by the seed, and no way out of the sandbox."""

from pathlib import Path

import pytest

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.tasks import prompt_of
from finetuning.records.articles import noun_of, with_article
from finetuning.records.wording import Said, Template, Wording, read_template, template_names

NOT_BY_THE_LETTER = {"unicycle", "hourglass"}
WORDS = label_set("cifar10").labels


def wording(name: str = "articles", seed: int = 0, **more) -> Wording:
    return Wording(read_template(name, **more), WORDS, "object", seed)


@pytest.mark.parametrize("key", ALL_SETS)
def test_every_label_takes_its_article(key: str) -> None:
    labels = label_set(key).labels
    for label in labels:
        if noun_of(labels) == "number":
            assert with_article(label, "number") == label
        else:
            vowel = (label[0].lower() in "aeiou") != (label in NOT_BY_THE_LETTER)
            assert with_article(label) == f"{'an' if vowel else 'a'} {label}"


def test_the_hour_takes_an_though_it_begins_with_a_consonant() -> None:
    assert (with_article("hourglass"), with_article("iPod")) == ("an hourglass", "an iPod")


@pytest.mark.parametrize(
    ("article", "labels"),
    [
        (
            "an",
            "8 ball|80s car|11th man|18-wheeler|1800s house|11,000 m|SUV|LED lamp|M16|F-16|éclair|über car|ear",
        ),
        (
            "a",
            "110 V plug|180|118|U2|U-boat|European rabbit|ewe|one-armed bandit|onesie|led|V8|7 iron|日本|unit",
        ),
    ],
)
def test_numbers_letters_and_odd_first_sounds_take_their_article(article: str, labels: str) -> None:
    for label in labels.split("|"):
        assert with_article(label) == f"{article} {label}"


def test_an_answer_with_a_pictures_sign_or_nothing_in_it_is_refused() -> None:
    for answer, said in (("<image> {{ label }}", "which only questions may"), ("{# #} ", "says nothing")):
        with pytest.raises(EmtError, match=said):
            Wording(Template(questions=("What?",), answers=("fine", answer)), WORDS, "object", 0)


def test_the_reproduction_says_a_before_everything_and_ours_does_not() -> None:
    assert wording("reproduction").said(0, "") == Said(
        "What is the object in the image? <image>", "The object is a airplane."
    )
    assert wording("articles").said(0, "").answer == "The object is an airplane."


@pytest.mark.parametrize("key", ALL_SETS)
def test_the_papers_question_is_what_the_task_asks(key: str) -> None:
    labels = label_set(key).labels
    said = Wording(read_template("paper"), labels, noun_of(labels), 0).said(1, "")
    assert said.question.replace("<image>", "") == prompt_of(f"emt_{key}")


def test_a_list_of_labels_can_be_had_and_left_out_with_any_template() -> None:
    for name in template_names():
        assert "airplane, automobile" in wording(name, list_labels=True).said(3, "x").question
        assert "airplane" not in wording(name, list_labels=False).said(3, "x").question
        assert wording(name, list_labels=True).said(3, "x").question.count("<image>") == 1


def test_ten_paraphrases_are_all_drawn_and_the_seed_decides() -> None:
    template = read_template("paraphrases")
    assert (len(set(template.questions)), len(set(template.answers))) == (10, 10)
    three = (wording("paraphrases", seed) for seed in (0, 0, 1))
    first, again, other = ([each.said(5, str(row)) for row in range(400)] for each in three)
    assert first == again
    assert first != other
    assert len({said.question for said in first}) == len({said.answer for said in first}) == 10


@pytest.mark.parametrize(
    ("question", "said"),
    [("{{ lable }}?", "Did you mean 'label'"), ("{% if %}", "is no Jinja"), ("<image> or <image>?", "marks 2 pictures"),
     ("{{ labels.__class__.__mro__ }}", "can't be filled")],
)  # fmt: skip
def test_a_template_that_can_not_be_filled_says_why(question: str, said: str) -> None:
    with pytest.raises(EmtError, match=said):
        Wording(Template(questions=[question], answers=["{{ label }}"]), WORDS, "object", 0)


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("questions: ['<image>What?']\nanswers: ['{{ a_label }}']\n")
    assert wording(str(tmp_path / "t.yaml")).said(0, "").answer == "an airplane"
    (tmp_path / "t.yaml").write_text("question: ['<image>What?']\nanswers: ['{{ a_label }}']\n")
    with pytest.raises(UnknownName, match="Did you mean 'questions'"):
        read_template(str(tmp_path / "t.yaml"))
