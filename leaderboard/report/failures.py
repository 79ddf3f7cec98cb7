"""Pictures that were answered rightly before tuning and wrongly after: on the page, as a table, and as data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from emt_tasks.documents.blocks import Column, Table
from emt_tasks.forgetting import naming
from emt_tasks.forgetting.failures import FAILURES, RULE, Failure, Fate
from emt_tasks.forgetting.findings import Findings
from leaderboard.report.boxes import cut, picture_uri
from leaderboard.report.sections.failures import SHOWN, asked_about

DATA = (
    "run", "base", "tuned on", "by", "epoch", "recipe", "seed", "set", "failure", "of", "right before", "picture of",
    "before", "after", "task", "row", "image", "draw",
)  # fmt: skip
NUMBERS = ("epoch", "seed", "of", "right before", "row")


@dataclass(frozen=True, slots=True)
class Lost:
    """One failure, ready to be shown; `picture` is a data URI, or None where the picture is not at hand."""

    way: str
    of: str
    key: str
    label: str
    before: str
    after: str
    picture: str | None
    row: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """The failures of one tuning; `says` counts what was lost on sets that it was not tuned on."""

    model: str
    says: str
    boxes: tuple[Lost, ...]


def galleries(found: Findings, pictures: Mapping[str, bytes]) -> tuple[Gallery, ...]:
    """The failures of each tuning's last checkpoint; the one that lost most on other sets comes first."""
    called = naming.names(found.told)
    by_run = [(run, list(those)) for run, those in groupby(found.fates, key=lambda one: one.run)]
    by_run.sort(key=lambda one: -sum(fate.all_lost for fate in one[1] if not fate.tuned_on))
    made = (
        Gallery(called[run], _says(those), tuple(_box(*one, pictures) for fate in those for one in _drawn(fate)))
        for run, those in by_run
    )
    return tuple(one for one in made if one.boxes)


def _drawn(fate: Fate) -> Iterator[tuple[Fate, str, Failure]]:
    return ((fate, way, one) for way in FAILURES for one in fate.drawn.get(way, ()))


def _says(fates: Sequence[Fate]) -> str:
    """What was lost on other sets, of how many, and to what."""
    others = [one for one in fates if not one.tuned_on]
    ways = {way: sum(one.lost[way] for one in others) for way in FAILURES}
    told = ", ".join(f"{SHOWN[way]} {count:,}" for way, count in ways.items() if count)
    lost = f"lost {sum(ways.values()):,} of {sum(one.right for one in others):,} right answers about other sets"
    return f"{lost} ({told})" if told else lost if others else ""


def _box(fate: Fate, way: str, one: Failure, pictures: Mapping[str, bytes]) -> Lost:
    return Lost(
        SHOWN[way],
        "the only one" if fate.lost[way] == 1 else f"one of {fate.lost[way]:,}",
        asked_about(fate),
        one.label,
        cut(one.before),
        cut(one.after),
        picture_uri(one.image, pictures),
        f"{one.task}, row {one.doc_id}",
    )


def rule(found: Findings) -> str:
    """How the failures were drawn."""
    return RULE.format(seed=found.choices.seed, each=found.choices.each)


def table(all_galleries: Sequence[Gallery]) -> Table:
    """The failures as a table, for forms that show no pictures."""
    heads = ("checkpoint", "set", "says now", "picture of", "before", "after", "row")
    columns = tuple(Column(head, folds=head in ("checkpoint", "before", "after")) for head in heads)
    rows = tuple(
        (gallery.model, box.key, f"{box.way} ({box.of})", box.label, box.before, box.after, box.row)
        for gallery in all_galleries
        for box in gallery.boxes
    )
    return Table("Right before, wrong after", columns, rows)


def as_rows(found: Findings) -> Table:
    """The failures with all that is known of each, for programs; answers are whole."""
    columns = tuple(Column(head, number=head in NUMBERS) for head in DATA)
    rows = []
    for fate in found.fates:
        place = found.told.place(fate.run)
        tuned = (
            fate.run, fate.base, "+".join(place.sets), place.method or "", _number(place.epoch), place.recipe or "",
            _number(place.seed), fate.key,
        )  # fmt: skip
        rows += [
            (
                *tuned, way, str(fate.lost[way]), str(fate.right), one.label, one.before, one.after, one.task,
                str(one.doc_id), one.image or "", one.draw,
            )
            for _, way, one in _drawn(fate)
        ]  # fmt: skip
    return Table("Right before, wrong after", columns, tuple(rows))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
