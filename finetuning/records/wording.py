"""How a labelled picture is asked about and answered: Jinja sentences from `templates/`, filled for each row."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from jinja2 import StrictUndefined, TemplateError
from jinja2 import Template as JinjaTemplate
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field

from emt_tasks.errors import EmtError, UnknownName
from finetuning.declared import file_of, read_mapping, validated
from finetuning.records.articles import with_article

FOLDER = Path(__file__).parent / "templates"
IMAGE = "<image>"
LIST = " Please only answer a single {{ noun }} in {{ labels | join(', ') }}."
"""The paper's list of labels (arXiv 2309.10313, Fig. 1), after any question."""
WORDS = ("noun", "label", "a_label", "labels")


class Said(NamedTuple):
    """A question, with `<image>` where its picture stands, and the wanted answer."""

    question: str
    answer: str


class Template(BaseModel):
    """Questions and answers to draw from, each Jinja over `noun`, `label`, `a_label` (with its article), `labels`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    questions: tuple[str, ...] = Field(min_length=1)
    answers: tuple[str, ...] = Field(min_length=1)
    list_labels: bool = False


def template_names() -> tuple[str, ...]:
    """The templates that come along."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def read_template(named: str, list_labels: bool | None = None) -> Template:
    """The template of that name, or in that YAML file.

    Args:
        named: one of `template_names()`, or a path that ends with .yaml.
        list_labels: whether questions end with the list of labels; None leaves it to the template.

    Raises:
        EmtError: there is no such template, or it is not one.
    """
    said = read_mapping(file_of("template", named, FOLDER), "template")
    if list_labels is not None:
        said["list_labels"] = list_labels
    return validated(Template, said, f"template {named}")


class Wording:
    """A template's sentences for one set.

    Args:
        template: to fill.
        labels: words of the set, in index order.
        noun: what they are, "object" or "number".
        seed: chooses among questions and answers, for each row anew.

    Raises:
        EmtError: a sentence is no Jinja, asks for an unknown word, or a question marks its picture more than once.
    """

    def __init__(self, template: Template, labels: tuple[str, ...], noun: str, seed: int) -> None:
        self._labels, self._noun, self._seed = labels, noun, seed
        self._environment = SandboxedEnvironment(undefined=StrictUndefined)
        ending = LIST if template.list_labels else ""
        self._questions = [self._compiled(_with_list(question, ending)) for question in template.questions]
        self._answers = [self._compiled(answer) for answer in template.answers]
        self._known: dict[tuple[int, int, int], Said] = {}
        if labels:
            for question in range(len(self._questions)):
                _require_one_picture(self._filled(0, question, 0).question)
            for answer in range(len(self._answers)):
                _require_words(self._filled(0, 0, answer).answer)

    def said(self, label: int, row: str) -> Said:
        """What is said about a row of class `label`; `row` names it, the same wherever it stands."""
        drawn = int.from_bytes(hashlib.blake2b(f"{self._seed} {row}".encode(), digest_size=8).digest())
        answers = drawn // len(self._questions)
        return self._filled(label, drawn % len(self._questions), answers % len(self._answers))

    def _filled(self, label: int, question: int, answer: int) -> Said:
        key = (label, question, answer)
        if key not in self._known:
            word = self._labels[label]
            words = {
                "noun": self._noun,
                "label": word,
                "a_label": with_article(word, self._noun),
                "labels": list(self._labels),
            }
            try:
                asked = self._questions[question].render(words)
                self._known[key] = Said(asked, self._answers[answer].render(words))
            except (TemplateError, TypeError) as error:
                raise EmtError(f"a template can't be filled for {word!r}: {error}.") from error
        return self._known[key]

    def _compiled(self, sentence: str) -> JinjaTemplate:
        try:
            unknown = find_undeclared_variables(self._environment.parse(sentence)) - set(WORDS)
            if unknown:
                raise UnknownName("word for a template", min(unknown), WORDS)
            return self._environment.from_string(sentence)
        except TemplateError as error:
            raise EmtError(f"the template {sentence!r} is no Jinja: {error}.") from error


def _require_one_picture(question: str) -> None:
    if question.count(IMAGE) > 1:
        raise EmtError(f"a question marks {question.count(IMAGE)} pictures ({IMAGE}), and a row has one: {question!r}")


def _require_words(answer: str) -> None:
    if IMAGE in answer:
        raise EmtError(f"an answer holds the sign of a picture ({IMAGE}), which only questions may: {answer!r}")
    if not answer.strip():
        raise EmtError("an answer of the template says nothing, and there is nothing to learn from it.")


def _with_list(question: str, ending: str) -> str:
    """The question with `ending` after its words: before a picture at the end, else at the end."""
    body, mark, rest = question.rpartition(f" {IMAGE}")
    return f"{body}{ending}{mark}" if mark and not rest else f"{question}{ending}"
