"""Answers with the outcome that a person gives them by the rules of docs/labelling-guide.md.

Most are what models said, with which model and how it was asked; the others were written to attack, and say so. Half of
them may be looked at while a reading is mended, the other half are held back and tell how well it reads what it has not
seen. Which half an answer is in, the sha256 of its set and text decides.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from emt_tasks.labels import LabelSet, label_set
from emt_tasks.outcomes import Outcome

KINDS = ("real", "constructed")
HALVES = ("tuning", "held_back")


@dataclass(frozen=True, slots=True)
class HandLabelled:
    """One answer and what a person takes it for.

    Attributes:
        id: its number in the file.
        labels: the set that it was asked about.
        text: the answer; of a long stand-in the whole of it.
        label: the right one.
        outcome: the person's.
        named: the labels that it gives as what is in the picture; their order does not count.
        kind: "real" or "constructed".
        source: which model said it and how it was asked, or who wrote it.
        tags: what it is an example of ("injection", "negation").
        half: "tuning" or "held_back".
    """

    id: int
    labels: LabelSet
    text: str
    label: str
    outcome: Outcome
    named: tuple[str, ...]
    kind: str
    source: str
    tags: tuple[str, ...]
    half: str


@cache
def hand_labelled() -> tuple[HandLabelled, ...]:
    """All of them, in the file's order."""
    lines = files(__name__).joinpath("answers.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(_answer(json.loads(line)) for line in lines)


def _answer(line: dict[str, Any]) -> HandLabelled:
    return HandLabelled(
        id=line["id"],
        labels=label_set(line["set"]),
        text=line["answer"] * line.get("times", 1),
        label=line["label"],
        outcome=Outcome(line["outcome"]),
        named=tuple(line["named"]),
        kind=line["kind"],
        source=line["source"],
        tags=tuple(line.get("tags", ())),
        half=line["half"],
    )
