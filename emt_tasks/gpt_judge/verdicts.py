"""What a judge's reply means, and what that makes of an answer."""

import json
import re
from dataclasses import dataclass

from emt_tasks import label_match
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.label_match.spelling import answer_alone, folded
from emt_tasks.labels import LabelSet, label_set
from emt_tasks.outcomes import Outcome, outcome_of
from emt_tasks.reading import Reading

_WORD = re.compile(r"\w+")
_NONE = frozenset({"none", "none of them", "none of these", "none of the labels", "none of the above"})
MOST_REPLY = 500  # characters of a reply that are kept


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said.

    Attributes:
        reply: its words, at most `MOST_REPLY` characters.
        meaning: "yes", "no", or the labels named as a JSON list; None where it said neither, twice.
    """

    reply: str
    meaning: str | None


def meaning_of(reply: str, question: Question) -> str | None:
    """What `reply` to `question` means; None where that can't be told. A judge's thoughts before it are not read."""
    said = answer_alone(folded(reply))
    return yes_or_no(said) if question.protocol.shows_label else _labels_in(said, label_set(question.label))


def yes_or_no(reply: str) -> str | None:
    """Yes or no: the first word where it is one of them, else whichever of the two stands in the reply alone.

    The reproductions look for YES in the upper-cased reply, which takes "No: yes would be wrong" and "eyes" for a yes.

    >>> yes_or_no("Yes, it is."), yes_or_no("It is: NO"), yes_or_no("No: yes would be wrong"), yes_or_no("maybe")
    ('yes', 'no', 'no', None)
    """
    words: list[str] = _WORD.findall(reply.casefold())
    if words and words[0] in ("yes", "no"):
        return words[0]
    said = {"yes", "no"} & set(words)
    return said.pop() if len(said) == 1 else None


def _labels_in(reply: str, labels: LabelSet) -> str | None:
    """The labels in a folded `reply` as a JSON list, empty for "none"."""
    spelt = {folded(label): label for label in labels.labels}
    parts = [part.strip(" .\"'`*\t") for part in re.split(r"[,\n]", reply) if part.strip(" .\"'`*\t")]
    if parts and all(part in _NONE for part in parts):
        return "[]"
    if parts and all(part in spelt for part in parts):
        return json.dumps(list(dict.fromkeys(spelt[part] for part in parts)))
    named = label_match.read(reply, labels).named
    return json.dumps(list(named)) if named and "none" not in _WORD.findall(reply.casefold()) else None


def judged(
    verdict: Verdict | None, words: Reading, label: str, reading: str, why: str | None = None
) -> tuple[Reading, Outcome]:
    """An answer as the judge understood it, and its outcome.

    Whether the answer says anything and which foreign labels it names are facts of its words, whatever the reading:
    they are `label_match`'s. A "no" of the yes/no judge is `incorrect`; it can't tell a wrong label from a list.

    Args:
        verdict: what the judge said; None where it could not be had, `why` says why.
        words: the answer under `label_match`.
        label: the right label, as the prompt lists it.
        reading: the name of the reading.
        why: why there is no verdict.
    """
    says, extra = words.says_something, {} if verdict is None else {"reply": verdict.reply}
    meaning = verdict.meaning if verdict else None
    if says and meaning is None:
        extra["why"] = why or "the judge's reply means nothing that was asked for, twice"
    named: tuple[str, ...] = ()
    if says and meaning is not None and meaning != "no":
        named = (label,) if meaning == "yes" else tuple(json.loads(meaning))
    scored = not says or meaning is not None
    found = Reading(reading, words.raw, named, words.foreign, says, extra, scored)
    return found, Outcome.INCORRECT if says and meaning == "no" else outcome_of(found, label)
