"""The paper's grid as a table: tuned on and by, in rows; asked about, in columns."""

from emt_tasks.documents.blocks import Cell, Column, Table
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.findings import Findings
from emt_tasks.forgetting.grid import Cell as GridCell
from emt_tasks.forgetting.lineage import Place, Role
from leaderboard.report.sections.section import Section, numbers
from leaderboard.words import percent, points, points_between


def grid(found: Findings) -> Section | None:
    """Accuracy of each method's last epoch on each set, and the change from the base, its seeds together."""
    if not found.grid:
        return None
    keys, places = found.told.keys, {place.run: place for place in found.told.places}
    lines: dict[tuple[object, ...], dict[str, GridCell]] = {}
    for cell in found.grid:
        lines.setdefault(_stands_for(places[cell.runs[0]]), {})[cell.key] = cell
    bases = [place for place in found.told.of(Role.BASE) if any(line[0] == place.run for line in lines)]
    called = naming.names(found.told)
    rows: list[tuple[Cell, ...]] = []
    for base in bases:
        rows.append((called[base.run], "", "", "", *(_of_base(found, base.run, key) for key in keys)))
        rows += [_row(line, keys, places) for stands_for, line in lines.items() if stands_for[0] == base.run]
    columns = (
        Column("tuned on", folds=True),
        Column("by"),
        *numbers("epoch", "seeds"),
        *numbers(*(sets.shown(key) for key in keys)),
    )
    note = (
        "In parentheses the change from the base in points, with its 95 % interval; of several seeds the means, whose "
        "interval says nothing of seeds that were not run."
    )
    says = "What each method on each set comes to at its last epoch; the set that was tuned on is marked *."
    return Section("grid", "The grid", says, (Table("Accuracy after tuning, %", columns, tuple(rows), note),))


def _stands_for(place: Place) -> tuple[object, ...]:
    return place.base, place.sets, place.method, place.recipe, place.epoch


def _of_base(found: Findings, run: str, key: str) -> Cell:
    score = found.score(run, key)
    return "not run" if score is None else percent(score.accuracy)


def _row(line: dict[str, GridCell], keys: tuple[str, ...], places: dict[str, Place]) -> tuple[Cell, ...]:
    several = max(line.values(), key=lambda cell: len(cell.runs))
    place = places[several.runs[0]]
    told = (sets.shown_together(place.sets), naming.method(place), f"{place.epoch:g}", f"{len(several.runs)}")
    return (*told, *(_shown(line[key]) if key in line else "not run" for key in keys))


def _shown(cell: GridCell) -> Cell:
    told = f"{percent(cell.accuracy)} ({points(cell.change.value)}){' *' if cell.tuned_on else ''}"
    return told, points_between(cell.change.interval)
