"""Examples as boxes: picture, label, model, answer, as the paper shows them."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from emt_tasks.documents.blocks import Column, Table
from emt_tasks.escaping import plain
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.examples import RULE, Example
from emt_tasks.forgetting.findings import Findings

LONGEST = 240  # characters of an answer that are shown


@dataclass(frozen=True, slots=True)
class Box:
    """One example, ready to be shown; `picture` is a data URI, or None where the picture is not at hand."""

    kind: str
    outcome: str
    label: str
    answer: str
    picture: str | None
    row: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The boxes of one model on one set."""

    model: str
    key: str
    boxes: tuple[Box, ...]


def shelves(found: Findings, pictures: Mapping[str, bytes]) -> tuple[Shelf, ...]:
    """The examples by model and set, in the order of the report."""
    called = naming.names(found.told)
    grouped = groupby(found.examples, key=lambda one: (one.run, one.key))
    return tuple(Shelf(called[run], sets.shown(key), _boxes(list(those), pictures)) for (run, key), those in grouped)


def _boxes(examples: Sequence[Example], pictures: Mapping[str, bytes]) -> tuple[Box, ...]:
    return tuple(
        Box(
            one.kind,
            one.outcome.value,
            one.label,
            cut(one.raw),
            picture_uri(one.image, pictures),
            f"{one.task}, row {one.doc_id}",
        )
        for one in examples
    )


def picture_uri(image: str | None, pictures: Mapping[str, bytes]) -> str | None:
    """The picture as a data URI; None where it is not at hand."""
    data = pictures.get(image or "")
    return None if data is None else f"data:image/webp;base64,{b64encode(data).decode('ascii')}"


def cut(answer: str) -> str:
    r"""An answer in one line, its end left out where it is long.

    >>> cut(" The airplane\n is 8. ")
    'The airplane is 8.'
    """
    line = " ".join(plain(answer).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ... ({len(line):,} characters)"


def rule(found: Findings) -> str:
    """How the examples were drawn."""
    return RULE.format(seed=found.choices.seed, each=found.choices.each)


def table(all_shelves: Sequence[Shelf]) -> Table:
    """The boxes as a table, for forms that show no pictures."""
    heads = ("model", "set", "outcome", "picture of", "answer", "row")
    columns = tuple(Column(head, folds=head in ("model", "answer")) for head in heads)
    rows = tuple(
        (shelf.model, shelf.key, _kind(box), box.label, box.answer, box.row)
        for shelf in all_shelves
        for box in shelf.boxes
    )
    return Table("Examples", columns, rows)


def _kind(box: Box) -> str:
    return box.kind if box.kind == box.outcome else f"{box.kind} ({box.outcome})"
