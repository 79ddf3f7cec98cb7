"""Agreement as a document and as data."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from emt_tasks.agreement.credits import Credits
from emt_tasks.agreement.pairs import OUTCOMES, Difference, Pair
from emt_tasks.documents.blocks import Block, Column, Document, Heading, Items, Paragraph, Table
from emt_tasks.runs.problems import Problem
from emt_tasks.statistics.kappa import Kappa

LONGEST_SHOWN = 160
METHOD = (
    "Accuracies in percent with 95 % Wilson intervals, over the rows that both readings could read; kappa is Cohen's, "
    "of right or wrong, with its asymptotic 95 % interval (Fleiss, Cohen and Everitt 1969); a dash stands where both "
    "readings said the same of every row, so that chance alone would agree."
)


def document(pairs: Sequence[Pair], beside: Sequence[Credits], problems: Sequence[Problem], rows: int) -> Document:
    """The agreement of every pair, with at most `rows` of the answers on which each differs."""
    blocks: list[Block] = [_summary(pairs), *([_beside(beside)] if beside else [])]
    for pair in pairs:
        blocks.append(Heading(_title(pair, pairs)))
        blocks.append(_confusion(pair))
        if pair.differences and rows:
            blocks.append(_differing(pair, rows))
    if problems:
        blocks += [Heading("What to know of these runs"), Items(tuple(map(str, problems)))]
    return Document("Agreement of readings", (*blocks, Paragraph(METHOD)))


def _title(pair: Pair, pairs: Sequence[Pair]) -> str:
    run = f"{pair.run}: " if len({one.run for one in pairs}) > 1 else ""
    return f"{run}{pair.task}, {pair.readings[0]} and {pair.readings[1]}"


def _summary(pairs: Sequence[Pair]) -> Table:
    several = len({pair.run for pair in pairs}) > 1
    columns = (
        *((Column("run", folds=True),) if several else ()),
        Column("task", folds=True),
        Column("readings", folds=True),
        Column("n", number=True),
        Column(("accuracy", "of both"), number=True),
        Column(("same", "outcome"), number=True),
        Column(("kappa", "95 %"), number=True),
    )
    rows = tuple(
        (
            *((pair.run,) if several else ()),
            pair.task,
            pair.readings,
            f"{pair.n:,}",
            tuple(
                share(correct, pair.n, interval) for correct, interval in zip(pair.correct, pair.intervals, strict=True)
            ),
            f"{100 * pair.agreeing / pair.n:.1f}" if pair.n else "-",
            _kappa(pair.kappa),
        )
        for pair in pairs
    )
    unscored = sum(pair.unscored for pair in pairs)
    note = f"{unscored:,} rows that one of two readings could not read are left out." if unscored else ""
    return Table("Every pair of readings on the same rows", columns, rows, note)


def _beside(beside: Sequence[Credits]) -> Table:
    several = len({one.run for one in beside}) > 1
    columns = (
        *((Column("run", folds=True),) if several else ()),
        Column("task", folds=True),
        Column("n", number=True),
        *(Column(head, number=True) for head in ("accuracy", "synonym", "hypernym")),
        Column(("at depth", "(rows)"), folds=True),
        Column("coarse", number=True),
    )
    rows = tuple(
        (
            *((one.run,) if several else ()),
            one.task,
            f"{one.n:,}",
            *(_percent(count, one.n) for count in (one.correct, one.synonym, one.hypernym)),
            ", ".join(f"{depth} ({count:,})" for depth, count in sorted(one.depths.items())),
            "" if one.coarse is None else _percent(one.coarse, one.n),
        )
        for one in beside
    )
    note = "Percent. Synonyms and broader words come on top of the strict accuracy and change no outcome."
    return Table("Beside the strict reading label_match", columns, rows, note)


def _percent(count: int, n: int) -> str:
    return f"{100 * count / n:.1f}" if n else "-"


def share(count: int, n: int, interval: tuple[float, float]) -> str:
    """A share and its interval in percent."""
    return f"{100 * count / n:.1f} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]" if n else "-"


def _kappa(kappa: Kappa | None) -> tuple[str, ...]:
    if kappa is None:
        return ("-",)
    return f"{kappa.value:.3f}", f"[{kappa.interval[0]:.3f}, {kappa.interval[1]:.3f}]"


def _confusion(pair: Pair) -> Table:
    """Counts of the outcomes that occur, the first reading's down."""
    down, across = pair.readings
    used = [k for k in range(len(OUTCOMES)) if any(pair.confusion[k]) or any(row[k] for row in pair.confusion)]
    columns = (Column(f"{down} / {across}", folds=True), *(Column(OUTCOMES[k], number=True) for k in used))
    rows = tuple((OUTCOMES[i], *(f"{pair.confusion[i][j]:,}" for j in used)) for i in used)
    return Table(f"Outcomes: {down} down, {across} across", columns, rows)


def _differing(pair: Pair, most: int) -> Table:
    shown = pair.differences[:most]
    columns = (
        Column("rows", number=True),
        Column("label", folds=True),
        Column("answer", folds=True),
        *(Column(name, folds=True) for name in pair.readings),
    )
    rows = tuple((f"{len(one.rows):,}", one.label, cut(one.raw), *_said(one)) for one in shown)
    left = len(pair.differences) - len(shown)
    note = f"{left:,} more distinct answers differ; --rows shows more, --json all." if left else ""
    return Table("Where they differ, the most frequent answers first", columns, rows, note)


def _said(one: Difference) -> tuple[str, str]:
    first, second = (
        f"{outcome}: {prediction}" if prediction else str(outcome)
        for outcome, prediction in zip(one.outcomes, one.predictions, strict=True)
    )
    return first, second


def cut(text: str) -> str:
    """The beginning of a long text, and how long it is."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({len(text):,} characters)"


def as_data(pairs: Sequence[Pair], beside: Sequence[Credits], problems: Sequence[Problem]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "outcomes": [str(outcome) for outcome in OUTCOMES],
        "pairs": [
            {
                **asdict(pair),
                "accuracy": [correct / pair.n if pair.n else None for correct in pair.correct],
                "accuracy_ci95": [list(interval) for interval in pair.intervals],
                "agreement": pair.agreeing / pair.n if pair.n else None,
            }
            for pair in pairs
        ],
        "beside": [
            {**asdict(one), "hypernym": one.hypernym}
            | {
                f"{name}_ci95": list(one.interval(count))
                for name, count in (("synonym", one.synonym), ("hypernym", one.hypernym), ("coarse", one.coarse))
                if count is not None
            }
            for one in beside
        ],
        "problems": [str(problem) for problem in problems],
    }
