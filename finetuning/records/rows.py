"""Instruction rows: one or more sets, worded and mixed. Nothing but indices is in memory until a row is asked for."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from emt_tasks.errors import EmtError
from finetuning.records.labelled import LabelledSet
from finetuning.records.opening import labelled_set
from finetuning.records.record import Record
from finetuning.records.selection import Indices, balanced, drawn, weighted
from finetuning.records.set_spec import SetSpec, read_spec
from finetuning.records.wording import Template, Wording


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A set's share of a mixture: `rows` are the numbers of those seen in an epoch, repeated where it weighs more."""

    spec: SetSpec
    source: LabelledSet
    wording: Wording
    rows: Indices


class Place(NamedTuple):
    """Where a row of a mixture comes from."""

    part: Part
    row: int


class InstructionRows(Sequence[Record]):
    """Records of a mixture of sets, made when asked for.

    Args:
        parts: of the mixture, in order.

    Attributes:
        name: of its sets, "cifar10+mnist".
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.name = "+".join(dict.fromkeys(part.source.name for part in parts))
        self._ends = np.cumsum([len(part.rows) for part in parts])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: Any) -> Any:  # Record; Sequence's overload for slices is not had
        part, row = self.place(int(index))
        said = self._said(part, row)
        target = int(part.source.targets[row])
        return Record(part.source.picture(row), said.question, said.answer, target)

    def __iter__(self) -> Iterator[Record]:
        return (self[index] for index in range(len(self)))

    def place(self, index: int) -> Place:
        """Which row of which set row `index` is."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        which = int(np.searchsorted(self._ends, index, side="right"))
        part = self.parts[which]
        return Place(part, int(part.rows[index - (self._ends[which] - len(part.rows))]))

    def texts(self) -> Iterator[tuple[str, str]]:
        """Question and answer of each row, without its picture."""
        for part in self.parts:
            for row in part.rows.tolist():
                said = self._said(part, row)
                yield said.question, said.answer

    @property
    def warned(self) -> str:
        """Which of its sets our tasks ask about, and which have fewer rows than asked for, as a line; "" for none."""
        tested = [part.source.name for part in self.parts if part.spec.asked_about]
        said = [f"{', '.join(tested)}: these rows are the test itself, which then tests nothing"] if tested else []
        said += [few for part in self.parts if (few := _too_few(part.source, part.spec))]
        return f"NOTE: {'; '.join(said)}" if said else ""

    def told(self) -> list[dict[str, Any]]:
        """What the mixture is made of, as JSON; reads every picture, the first time."""
        return [
            {
                "set": part.source.name,
                "spec": part.spec.model_dump(exclude_defaults=True),
                "labels": len(part.source.labels),
                "rows": len(part.rows),
                "rows_sha256": hashlib.sha256(part.rows.astype("<i8").tobytes()).hexdigest(),
                "fingerprint": part.source.fingerprint(np.unique(part.rows)),
            }
            for part in self.parts
        ]

    def class_counts(self) -> dict[str, Counter[str]]:
        """How many rows of each class there are in an epoch, by set."""
        counted: dict[str, Counter[str]] = {}
        for part in self.parts:
            words = part.source.labels
            found, numbers = np.unique(part.source.targets[part.rows], return_counts=True)
            named = {words[target]: int(number) for target, number in zip(found, numbers, strict=True)}
            counted.setdefault(part.source.name, Counter()).update(named)
        return counted

    @staticmethod
    def _said(part: Part, row: int) -> Any:
        return part.wording.said(int(part.source.targets[row]), f"{part.source.name} {row}")


def instruction_rows(
    specs: Sequence[str | SetSpec], template: Template, seed: int, data_dir: Path | None = None
) -> InstructionRows:
    """The mixture that `specs` name, worded by `template`.

    Args:
        specs: at least one set (`set_spec`).
        template: how rows are worded.
        seed: of every draw: of rows, and of words for each.
        data_dir: where our own four sets lie as on the hub; None reads the hub.

    Raises:
        EmtError: there is no set, or one of them can't be had.
    """
    if not specs:
        raise EmtError("there is no set to learn from. Name one, such as cifar10.")
    return InstructionRows(_told_apart([_part(_spec(each), template, seed, data_dir) for each in specs]))


def _told_apart(parts: Sequence[Part]) -> list[Part]:
    """The parts, each set of them under a name of its own: of two folders called photos the second is photos-2."""
    names: dict[SetSpec, str] = {}
    taken: set[str] = set()
    apart = []
    for part in parts:
        rows_of = part.spec.model_copy(update={"rows": None, "balanced": False, "weight": 1.0})
        if rows_of not in names:
            own, others = part.source.name, range(2, len(parts) + 2)
            free = next(name for name in (own, *(f"{own}-{number}" for number in others)) if name not in taken)
            names[rows_of] = free
            taken.add(free)
        apart.append(replace(part, source=replace(part.source, name=names[rows_of])))
    return apart


def _spec(said: str | SetSpec) -> SetSpec:
    return said if isinstance(said, SetSpec) else read_spec(said)


def _part(spec: SetSpec, template: Template, seed: int, data_dir: Path | None) -> Part:
    source = labelled_set(spec, data_dir)
    return Part(spec, source, Wording(template, source.labels, source.noun, seed), rows_asked_for(source, spec, seed))


def _too_few(source: LabelledSet, spec: SetSpec) -> str:
    """What is said of a set that has fewer rows than are asked for; "" for one that has enough."""
    if spec.rows is None:
        return ""
    counts = np.unique(source.targets, return_counts=True)[1]
    classes = len(counts) if spec.balanced else 1  # of a balanced set equally many of each are drawn
    there = classes * int(counts.min()) if spec.balanced else len(source.targets)
    if there >= spec.rows // classes * classes:
        return ""
    alike = " with all classes alike" if spec.balanced else ""
    return f"{source.name}: {there:,} rows, not the {spec.rows:,} asked for, as it has no more{alike}"


def rows_asked_for(source: LabelledSet, spec: SetSpec, seed: int) -> Indices:
    """The rows of `source` that `spec` asks for, by its balance, number and weight.

    Raises:
        EmtError: none is left.
    """
    rows: Indices = np.arange(len(source.targets))
    if spec.balanced:
        rows = balanced(source.targets, seed)
    if spec.rows is not None:
        rows = _some(rows, source, spec, seed)
    rows = weighted(rows, spec.weight, seed)
    if not len(rows):
        raise EmtError(f"{source.name}: no row is left of {len(source.targets)}. Raise its rows or weight.")
    return rows


def _some(rows: Indices, source: LabelledSet, spec: SetSpec, seed: int) -> Indices:
    """At most `spec.rows` of `rows`; of a balanced set equally many of each class.

    Raises:
        EmtError: fewer rows than classes were asked for, balanced.
    """
    assert spec.rows is not None
    if not spec.balanced:
        return drawn(rows, spec.rows, seed)
    targets = source.targets[rows]
    found = np.unique(targets)
    each = spec.rows // len(found)
    if each == 0:
        raise EmtError(
            f"{source.name}: {spec.rows} rows can't hold each of {len(found)} classes. Ask for at least {len(found)}."
        )
    return np.sort(np.concatenate([drawn(rows[targets == label], each, seed) for label in found]))
