"""What answers are worth beside the strict number: synonyms, broader words by their depth, right superclasses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emt_tasks import granularity, label_match
from emt_tasks.labels import LabelSet
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import Run, TaskRows
from emt_tasks.statistics.intervals import wilson
from emt_tasks.tasks import catalogue


@dataclass(frozen=True, slots=True)
class Credits:
    """One task of one run under a reading by an answer's words.

    Attributes:
        n: rows that it could read.
        correct: rows right by the strict reading.
        synonym: rows that name the right class by another word.
        depths: rows that name something above it, by the depth of that word in WordNet.
        coarse: rows in the right superclass; None where the set has none.
    """

    run: str
    task: str
    n: int
    correct: int
    synonym: int
    depths: Mapping[int, int]
    coarse: int | None

    @property
    def hypernym(self) -> int:
        """Rows that name something above the right class."""
        return sum(self.depths.values())

    def interval(self, count: int) -> tuple[float, float]:
        """The 95 % Wilson interval of a share of the rows."""
        return wilson(count, self.n)


def credits_of(runs: Sequence[Run]) -> list[Credits]:
    """The credits of each task of ours that `label_match` has read, task by task."""
    known = catalogue()
    return [
        _credits(run.name, rows, known[rows.task].labels)
        for run in runs
        for rows in run.tasks
        if rows.reading in granularity.READINGS and rows.task in known and not known[rows.task].members
    ]


def _credits(run: str, rows: TaskRows, labels: LabelSet) -> Credits:
    """Each distinct answer is read once; labels that are not the set's (another harness's spelling) get no credit."""
    columns = rows.rows
    pairs = Counter(
        zip(columns.raw.codes.tolist(), columns.label.codes.tolist(), columns.outcome.codes.tolist(), strict=True)
    )
    readings = columns.raw.mapped(lambda raw: label_match.read(raw, labels))
    read = dict(zip(columns.raw.codes.tolist(), readings, strict=True))
    n = correct = synonym = coarse = 0
    depths: Counter[int] = Counter()
    for (raw, label, outcome), count in pairs.items():
        said, right = columns.outcome.values[outcome], columns.label.values[label]
        if said is Outcome.UNSCORED:
            continue
        n += count
        correct += count * (said is Outcome.CORRECT)
        if right not in labels.labels:
            continue
        credit = granularity.credit_of(read[raw], right, labels)
        synonym += count * credit.synonym
        coarse += count * bool(credit.coarse)
        if credit.hypernym is not None:
            depths[credit.hypernym.depth] += count
    return Credits(run, rows.task, n, correct, synonym, dict(depths), coarse if labels.key == "cifar100" else None)
