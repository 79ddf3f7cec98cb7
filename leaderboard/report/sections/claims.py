"""The paper's claims, and what the runs say of them."""

from emt_tasks.documents.blocks import Column, Table
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.claims import Part
from emt_tasks.forgetting.findings import Findings
from leaderboard.report.sections.section import Section, numbers
from leaderboard.words import p_value, percent, points, points_between


def claims(found: Findings) -> Section:
    """The paper's claims and what these runs say of them."""
    rows = tuple(
        (f"({claim.letter})", part.says, part.verdict.value, evidence(part))
        for claim in found.claims
        for part in claim.parts
    )
    columns = (Column("claim"), Column("says", folds=True), Column("verdict"), Column("evidence", folds=True))
    says = "A verdict is of these runs alone, by the rule that stands below; 'holds' here is no proof of it elsewhere."
    details = [
        _evidence_table(f"({claim.letter}) {part.says}", part, found)
        for claim in found.claims
        for part in claim.parts
        if part.evidence
    ]
    table = Table("The paper's claims", columns, rows)
    return Section("claims", "The paper's claims", says, (table, *details))


def evidence(part: Part) -> str:
    """One sentence with the numbers behind a verdict."""
    if part.mean is None:
        return f"needs {part.lacks}"
    as_claimed, against, open_ = part.counts
    mean = f"{points(part.mean.value)} {points_between(part.mean.interval)} points on average"
    rest = [f"{count} {what}" for count, what in ((against, "shown the other way"), (open_, "not shown")) if count]
    rest += [f"needs {part.lacks}"] if part.lacks else []
    return "; ".join([mean, f"{as_claimed} of {len(part.evidence)} shown as claimed", *rest])


def _evidence_table(caption: str, part: Part, found: Findings) -> Table:
    called = naming.names(found.told)
    rows = tuple(
        (
            called[one.a], called[one.b], sets.shown(one.key), f"{one.n:,}",
            percent(one.table.share_a), percent(one.table.share_b),
            points(one.difference), points_between(one.interval), p_value(one.p_holm),
        )
        for one in part.evidence
    )  # fmt: skip
    columns = (
        Column("A", folds=True),
        Column("B", folds=True),
        Column("set"),
        *numbers("n", "A, %", "B, %", "B less A", "95 %", "p, Holm"),
    )
    return Table(f"Evidence for {caption}", columns, rows, part.rule)
