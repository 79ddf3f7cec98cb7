"""Accuracies, the gap to the encoder, and what each run is."""

from emt_tasks.documents.blocks import Cell, Column, Table
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.findings import Findings
from emt_tasks.forgetting.lineage import Role
from leaderboard.report.sections.section import Section, numbers
from leaderboard.words import between, p_value, percent, points, points_between


def accuracies(found: Findings) -> Section:
    """Accuracy of each run on each set."""
    called, keys = naming.names(found.told), found.told.keys
    rows = []
    for place in found.told.places:
        cells: list[Cell] = [called[place.run]]
        for key in keys:
            score = found.score(place.run, key)
            cells.append("not run" if score is None else (percent(score.accuracy), between(score.interval)))
        rows.append(tuple(cells))
    columns = (Column("run", folds=True), *numbers(*(sets.shown(key) for key in keys)))
    sizes = {score.n for score in found.scores}
    note = f"n = {min(sizes):,}" + (f" to {max(sizes):,}" if len(sizes) > 1 else "") + " rows a set. " if sizes else ""
    table = Table("Accuracy, %", columns, tuple(rows), note + "95 % Wilson intervals.")
    return Section("accuracy", "Accuracy", "", (table,))


def gap(found: Findings) -> Section | None:
    """Each base against its encoder."""
    if not found.gaps:
        return None
    called = naming.names(found.told)
    rows = tuple(
        (
            called[one.b], called[one.a], sets.shown(one.key), f"{one.n:,}", percent(one.table.share_b),
            percent(one.table.share_a), points(one.difference), points_between(one.interval), p_value(one.p_holm),
        )
        for one in found.gaps
    )  # fmt: skip
    columns = (
        Column("model", folds=True),
        Column("encoder", folds=True),
        Column("set"),
        *numbers("n", "model, %", "encoder, %", "gap", "95 %", "p, Holm"),
    )
    says = "A model's accuracy less that of its own vision encoder, zero-shot, on the same pictures."
    return Section("gap", "Gap to the encoder", says, (Table("Gap to the own encoder, points", columns, rows),))


def runs(found: Findings) -> Section:
    """What each run is, and how that is known."""
    called = naming.names(found.told)
    rows = tuple(
        (
            called[place.run], place.role.value, naming.short(place.encoder or ""), sets.shown_together(place.sets),
            naming.method(place) if place.role is Role.TUNED else "",
            "" if place.epoch is None else f"{place.epoch:g}", place.known_from, place.run,
        )
        for place in found.told.places
    )  # fmt: skip
    heads = ("called", "role", "encoder", "tuned on", "method", "epoch", "known from", "run")
    columns = tuple(Column(head, number=head == "epoch", folds=head in ("called", "encoder", "run")) for head in heads)
    variant = f" of the variant {found.told.variant!r}" if found.told.variant else ""
    says = (
        f"Answers{variant} were read by {found.told.reading}. What a folder's name says is taken where nothing "
        "else does; a mapping file overrules all."
    )
    return Section("runs", "The runs", says, (Table("Runs", columns, rows),))
