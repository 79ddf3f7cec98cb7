"""What a study has cost so far, read from the records of what it is made of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks.documents.blocks import Column, Document, Paragraph, Table
from finetuning.studies.clock import in_words
from finetuning.studies.plan import Plan
from finetuning.told import read_told
from finetuning.tuning.job_folder import DONE
from finetuning.tuning.spent import LEDGER, NOTHING, Spent, recorded
from finetuning.tuning.whole_runs import MARK

UNKNOWN = "not recorded"
BEGUN = "begun"
NOTE = (
    "CPU time is of all threads and over all starts, those that asked something else of the same checkpoints (another "
    "limit) too; a kill loses a second of it. What lies between these things (imports, looking over, plan, report) is "
    "not in it."
)
SHORT = 10  # seconds; below it tenths are told


@dataclass(frozen=True, slots=True)
class Item:
    """Things of one kind that are done.

    Attributes:
        what: they are.
        count: of them.
        unknown: how many of them, done by an older version, do not tell their cost.
        spent: on the others; None where there are none.
    """

    what: str
    count: int
    unknown: int
    spent: Spent | None


def cost_of(plan: Plan, made: Mapping[str, Spent | None]) -> tuple[Item, ...]:
    """Stage by stage what was made before, the trainings, the evaluations, what is begun, and all together.

    Args:
        plan: of the study.
        made: what each stage of the base's making has cost, where it was made.
    """
    items = [_item(name, [spent]) for name, spent in made.items()]
    trained = [cell.job.folder / DONE for cell in plan.cells]
    items += [_item("trainings", _told_in(trained)), _item("evaluations", _told_in(_marks(plan)))]
    begun = _item(BEGUN, _begun(plan))
    items += [begun] if begun.count else []
    known = [item.spent for item in items if item.spent is not None]
    whole = sum(known, NOTHING) if known else None
    return *items, Item("total", sum(item.count for item in items), sum(item.unknown for item in items), whole)


def _item(what: str, costs: Iterable[Spent | None]) -> Item:
    all_of_them = list(costs)
    known = [spent for spent in all_of_them if spent is not None]
    return Item(what, len(all_of_them), len(all_of_them) - len(known), sum(known, NOTHING) if known else None)


def _told_in(paths: Iterable[Path]) -> Iterator[Spent | None]:
    """The costs that the records tell which are there."""
    return (recorded(read_told(path)) for path in paths if path.is_file())


def _marks(plan: Plan) -> Iterator[Path]:
    """Where each evaluation of a study says that it is whole."""
    for place in plan.places:
        yield from sorted((plan.runs / place).rglob(MARK))


def _begun(plan: Plan) -> Iterator[Spent | None]:
    """What killed starts have spent by their ledgers: on trainings, on stages of a base's making, on evaluations."""
    trainings = (cell.job.folder / LEDGER for cell in plan.cells if not (cell.job.folder / DONE).is_file())
    yield from _told_in((*trainings, *sorted(plan.out.glob(f"*/.*{LEDGER}"))))
    for place in plan.places:
        for ledger in sorted((plan.runs / place).rglob(LEDGER)):
            whole, before = recorded(read_told(ledger)), recorded(read_told(ledger.with_name(MARK)))
            yield whole - before if whole and before else whole  # a ledger goes on from what the run before it cost


def as_data(items: Sequence[Item]) -> list[dict[str, Any]]:
    """As JSON has it; null where nothing is recorded."""
    return [
        {
            "what": item.what,
            "count": item.count,
            "not_recorded": item.unknown,
            "cpu_seconds": None if item.spent is None else round(item.spent.cpu, 1),
            "wall_seconds": None if item.spent is None else round(item.spent.wall, 1),
        }
        for item in items
    ]


def document(items: Sequence[Item]) -> Document:
    """As a table."""
    columns = (Column("what"), *(Column(head, number=True) for head in ("count", "CPU time", "wall time")))
    rows = tuple((item.what, f"{item.count:,}", _said(item, "cpu"), _said(item, "wall")) for item in items)
    return Document("What it has cost", (Table("", columns, rows), Paragraph(NOTE)))


def _said(item: Item, which: str) -> str:
    if item.spent is None:
        return UNKNOWN if item.count else ""
    seconds = getattr(item.spent, which)
    words = f"{seconds:.1f} s" if seconds < SHORT else in_words(seconds)
    return f"{words}, {item.unknown} {UNKNOWN}" if item.unknown else words
