"""What was forgotten and kept, carried over, and lost since a peak."""

from emt_tasks.documents.blocks import Cell, Column, Table
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.findings import Findings
from emt_tasks.forgetting.lineage import Place
from emt_tasks.forgetting.measures import series_of
from leaderboard.report.sections.section import Section, numbers
from leaderboard.words import p_value, percent, points, points_between


def forgetting(found: Findings) -> Section | None:
    """Each checkpoint against its base."""
    if not found.kept:
        return None
    called = naming.names(found.told)
    rows = tuple(
        (
            called[one.run],
            sets.shown(one.change.key)
            + (" (tuned on)" if one.tuned_on else "" if one.known_sets else " (tuned on it?)"),
            f"{one.change.n:,}",
            percent(one.change.table.share_a),
            percent(one.change.table.share_b),
            points(one.forgetting),
            points_between(one.forgetting_interval),
            p_value(one.change.p_holm),
            *_retention(one.retention),
            "" if one.shows is None else percent(one.shows),
        )
        for one in found.kept
    )
    heads = ("n", "base, %", "tuned, %", "forgetting", "95 %", "p, Holm", "retention", "95 % of it", "shows")
    columns = (Column("checkpoint", folds=True), Column("set"), *numbers(*heads))
    says = (
        "Forgetting is the base's accuracy less the checkpoint's, on sets that it was not tuned on; retention the "
        "second divided by the first."
    )
    note = "shows: the least drop, in points, that so many rows show in four of five trials (emt power)."
    return Section("forgetting", "Forgetting", says, (Table("Forgetting, points", columns, rows, note),))


def _retention(value: tuple[float, float, float | None] | None) -> tuple[str, str]:
    if value is None:
        return "", "the base has none right"
    ratio, low, high = value
    return f"{ratio:.2f}", f"[{low:.2f}, {'no bound' if high is None else f'{high:.2f}'}]"


def transfer(found: Findings) -> Section | None:
    """Backward transfer of each checkpoint."""
    if not found.transfers:
        return None
    called = naming.names(found.told)
    rows = tuple(
        (
            called[one.run],
            ", ".join(map(sets.shown, one.keys)),
            points(one.mean.value),
            points_between(one.mean.interval),
        )
        for one in found.transfers
    )
    columns = (Column("checkpoint", folds=True), Column("over", folds=True), *numbers("transfer", "95 %"))
    says = (
        "The mean change over the sets that a checkpoint was not tuned on; below 0 it forgot (Lopez-Paz and "
        "Ranzato 2017)."
    )
    return Section("transfer", "Backward transfer", says, (Table("Backward transfer, points", columns, rows),))


def peak(found: Findings) -> Section | None:
    """Drops from the best earlier epoch."""
    if not found.peaks:
        return None
    tuning = naming.tunings(found.told)
    epochs = {place.run: place.epoch or 0.0 for place in found.told.places}
    rows = tuple(
        (
            tuning[one.last],
            sets.shown(one.key),
            "base" if one.peak not in tuning else f"{epochs[one.peak]:g}",
            percent(one.change.table.share_a),
            f"{epochs[one.last]:g}",
            percent(one.change.table.share_b),
            points(one.change.difference),
            points_between(one.interval),
            "yes" if one.dropped else "not shown",
        )
        for one in found.peaks
    )
    columns = (
        Column("tuning", folds=True),
        Column("set"),
        *numbers("best epoch", "there, %", "last epoch", "there, %", "change", "interval", "dropped"),
    )
    says = (
        "From the best earlier epoch, the base among them, to the last. The interval allows for the best having "
        "been chosen: its confidence is 1 - 0.05 / (number of earlier epochs)."
    )
    return Section("peak", "Peak, then drop", says, (Table("Change since the best epoch, points", columns, rows),))


def summary_of(found: Findings) -> Table | None:
    """Forgetting of each tuning's last checkpoint, a line each: what fits a terminal."""
    last = [series[-1] for series in series_of(found.told)]
    by_place = {(one.run, one.change.key): one for one in found.kept}
    keys = [key for key in found.told.keys if any((place.run, key) in by_place for place in last)]
    if not last or not keys:
        return None
    called = naming.names(found.told)
    columns = (Column("checkpoint", folds=True), *numbers(*(sets.shown(key) for key in keys)))
    rows = tuple((called[place.run], *(_forgot(found, place, key) for key in keys)) for place in last)
    unseen = max((one.shows or 0.0) for one in found.kept)
    note = (
        "base less tuned, 95 % Newcombe intervals on the same pictures; (tuned): the set it was tuned on. "
        f"Drops below {percent(unseen)} points may go unseen with so many rows (four of five show above)."
    )
    return Table("Forgetting, points", columns, rows, note)


def _forgot(found: Findings, place: Place, key: str) -> Cell:
    one = next((one for one in found.kept if (one.run, one.change.key) == (place.run, key)), None)
    if one is None:
        return "not run"
    return (points(one.forgetting) + (" (tuned)" if one.tuned_on else ""), points_between(one.forgetting_interval))
