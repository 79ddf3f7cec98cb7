"""What our own readings make of submitted answers: `label_match` once for each, and a judge's from its replies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from emt_tasks import label_match
from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.questions import Questions
from emt_tasks.gpt_judge.verdicts import Verdict, judged, meaning_of
from emt_tasks.labels import LabelSet, label_set
from emt_tasks.lost_answers import is_lost
from emt_tasks.outcomes import Outcome, outcome_of
from emt_tasks.reading import Reading
from emt_tasks.tasks import catalogue
from leaderboard.entry.answers import Read
from leaderboard.entry.schema import JudgeFields

NOT_READ = Reading(label_match.NAME, "", (), (), says_something=True, scored=False)


class Reply(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """One reply of a judge: about which set, label and answer, as the judge was shown them."""

    reading: str
    set: str
    label: str
    answer: str
    reply: str


@dataclass(frozen=True, slots=True)
class Rereader:
    """`label_match`, with what it has read kept."""

    kept: dict[tuple[str, str], Reading] = field(default_factory=dict)
    told: dict[tuple[str, str, str], Read] = field(default_factory=dict)

    def reading(self, key: str, raw: str) -> Reading:
        """The reading of an answer to set `key`; what the harness wrote where it got none is not read."""
        at = (key, raw)
        if at not in self.kept:
            self.kept[at] = NOT_READ if is_lost(raw) else label_match.read(raw, label_set(key))
        return self.kept[at]

    def read(self, key: str, raw: str, label: str) -> Read:
        """Prediction and outcome of an answer whose right label is `label`."""
        at = (key, raw, label)
        if at not in self.told:
            found = self.reading(key, raw)
            self.told[at] = found.prediction, outcome_of(found, label).value
        return self.told[at]


class JudgeReplay:
    """A judge's reading of one set, from the replies that were handed in and from nothing else."""

    def __init__(self, name: str, key: str, judge: JudgeFields, replies: Mapping[tuple[str, ...], str]) -> None:
        self.name, self.key, self.replies = name, key, replies
        self.labels: LabelSet = label_set(key)
        self.protocol = protocol(judge.protocol, separator=judge.separator)
        self._questions = Questions(self.protocol, judge.model, self.labels)

    @property
    def prompt_hash(self) -> str:
        """Of the questions that it makes; the entry must name the same."""
        return self.protocol.fingerprint(self.labels.labels)

    def read(self, words: Reading, raw: str, label: str) -> Read:
        """Prediction and outcome; unscored where there is no reply.

        Args:
            words: the answer under `label_match`.
            raw: the answer.
            label: the right label.
        """
        lost = is_lost(raw)
        verdict = None
        if not lost and words.says_something:
            question = self._questions.about(label, raw)
            reply = self.replies.get((self.name, self.key, question.label, question.answer))
            verdict = None if reply is None else Verdict(reply, meaning_of(reply, question))
        found, outcome = judged(verdict, words, label, self.name)
        return found.prediction, (Outcome.UNSCORED if lost else outcome).value


def task_version() -> str:
    """The version of our tasks as they are now, which `label_match` goes by."""
    return str(catalogue()["emt_mnist"].config["metadata"]["version"])
