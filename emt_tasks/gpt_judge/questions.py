"""One question to a judge: about one distinct pair of label and answer, known by a key."""

import hashlib
import json
from dataclasses import dataclass

from emt_tasks.gpt_judge.protocols import Protocol
from emt_tasks.label_match.spelling import answer_alone
from emt_tasks.labels import LabelSet

CUT = " [...] "


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked once, however many rows, epochs and runs it stands for.

    Attributes:
        protocol: how it is asked.
        prompt_hash: the protocol's fingerprint (with the list of labels, where that is shown).
        model: the judge.
        label: the right label; the label set's name where the judge does not see the right one.
        labels: the set's labels in index order.
        answer: the model's answer as the judge sees it (see `shown`).
    """

    protocol: Protocol
    prompt_hash: str
    model: str
    label: str
    labels: tuple[str, ...]
    answer: str

    @property
    def key(self) -> str:
        """The sha256 of what identifies it: protocol, prompt, model, label, answer."""
        return key_of(self.protocol.name, self.prompt_hash, self.model, self.label, self.answer)

    @property
    def messages(self) -> list[dict[str, str]]:
        """What is sent, in the form of chat completions."""
        system = [{"role": "system", "content": self.protocol.system}] if self.protocol.system else []
        asked = self.protocol.question(self.answer, self.label, self.labels)
        return [*system, {"role": "user", "content": asked}]


def key_of(protocol: str, prompt_hash: str, model: str, label: str, answer: str) -> str:
    """The sha256, in hex, of the five parts that a verdict is known by."""
    return hashlib.sha256(json.dumps([protocol, prompt_hash, model, label, answer]).encode()).hexdigest()


def shown(answer: str, longest: int) -> str:
    r"""An answer as a judge sees it: without thoughts and special tokens, at most `longest` characters.

    Control characters and halves of surrogate pairs become spaces, and white space at both ends goes. Of a longer
    answer the middle is left out, since answers say what they mean at either end.

    >>> shown("<think>a cat?</think> a\x1b[0m ship\n", 100)
    'a [0m ship'
    """
    alone = answer_alone(answer)
    text = "".join(char if char in "\n\t" or char.isprintable() else " " for char in alone).strip()
    if len(text) <= longest:
        return text
    half = (longest - len(CUT)) // 2
    return f"{text[:half].rstrip()}{CUT}{text[-half:].lstrip()}"


class Questions:
    """Makes the questions of one label set; an answer that comes again is prepared once."""

    def __init__(self, protocol: Protocol, model: str, labels: LabelSet) -> None:
        self._protocol, self._model, self._labels = protocol, model, labels
        self._hash = protocol.fingerprint(labels.labels)
        self._shown: dict[str, str] = {}
        self._made: dict[tuple[str, str], Question] = {}

    def about(self, label: str, answer: str) -> Question:
        """The question about `answer` to a row whose right label, as the prompt lists it, is `label`."""
        if answer not in self._shown:
            self._shown[answer] = shown(answer, self._protocol.longest_answer)
        subject = label if self._protocol.shows_label else self._labels.key
        about = (subject, self._shown[answer])
        if about not in self._made:
            self._made[about] = Question(
                self._protocol, self._hash, self._model, subject, self._labels.labels, about[1]
            )
        return self._made[about]
