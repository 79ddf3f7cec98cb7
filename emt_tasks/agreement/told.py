"""Agreement as a document and as data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from emt_tasks.agreement.by_hand import Errors, Verdicts, errors_of, injections, parts, right_only
from emt_tasks.agreement.pairs import OUTCOMES, Difference, Pair
from emt_tasks.documents.blocks import Block, Column, Document, Heading, Items, Paragraph, Table
from emt_tasks.hand_labelled import HandLabelled
from emt_tasks.runs.problems import Problem
from emt_tasks.statistics.kappa import Kappa

LONGEST_SHOWN = 160
METHOD = (
    "Accuracies in percent with 95 % Wilson intervals, over the rows that both readings could read; kappa is Cohen's, "
    "of right or wrong, with its asymptotic 95 % interval (Fleiss, Cohen and Everitt 1969); a dash stands where both "
    "readings said the same of every row, so that chance alone would agree."
)
HAND_METHOD = (
    "Errors in percent with 95 % Wilson intervals against the verdicts of docs/labelling-guide.md. Right or wrong: is "
    "the answer called right that is not, or the other way round; outcome: does the outcome or a label named differ. "
    "A reading may have been mended on the half for tuning, never on the half held back."
)


def document(pairs: Sequence[Pair], problems: Sequence[Problem], rows: int) -> Document:
    """The agreement of every pair, with at most `rows` of the answers on which each differs."""
    blocks: list[Block] = [_summary(pairs)]
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
                _share(correct, pair.n, interval)
                for correct, interval in zip(pair.correct, pair.intervals, strict=True)
            ),
            f"{100 * pair.agreeing / pair.n:.1f}" if pair.n else "-",
            _kappa(pair.kappa),
        )
        for pair in pairs
    )
    unscored = sum(pair.unscored for pair in pairs)
    note = f"{unscored:,} rows that one of two readings could not read are left out." if unscored else ""
    return Table("Every pair of readings on the same rows", columns, rows, note)


def _share(count: int, n: int, interval: tuple[float, float]) -> str:
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
    rows = tuple((f"{len(one.rows):,}", one.label, _cut(one.raw), *_said(one)) for one in shown)
    left = len(pair.differences) - len(shown)
    note = f"{left:,} more distinct answers differ; --rows shows more, --json all." if left else ""
    return Table("Where they differ, the most frequent answers first", columns, rows, note)


def _said(one: Difference) -> tuple[str, str]:
    first, second = (
        f"{outcome}: {prediction}" if prediction else str(outcome)
        for outcome, prediction in zip(one.outcomes, one.predictions, strict=True)
    )
    return first, second


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({len(text):,} characters)"


def as_data(pairs: Sequence[Pair], problems: Sequence[Problem]) -> dict[str, Any]:
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
        "problems": [str(problem) for problem in problems],
    }


def hand_document(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts], rows: int) -> Document:
    """The errors of each reading on the hand-labelled answers, with at most `rows` that it reads wrongly."""
    blocks: list[Block] = [_errors_table(hand, readings), _injected(hand, readings)]
    for name, verdicts in readings.items():
        wrong = _misread(hand, verdicts, right_only(name))
        if wrong and rows:
            blocks += [Heading(f"What {name} reads wrongly"), _wrong_table(wrong, verdicts, rows)]
    return Document("Readings against a person's verdicts", (*blocks, Paragraph(HAND_METHOD)))


def _errors_table(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts]) -> Table:
    columns = (
        Column("reading", folds=True),
        Column("answers", folds=True),
        Column("n", number=True),
        Column(("right or", "wrong"), number=True),
        Column(("called", "right"), number=True),
        Column(("called", "wrong"), number=True),
        Column("outcome", number=True),
    )
    rows = tuple(
        (
            name,
            part,
            f"{errors.n:,}",
            _share(errors.verdicts, errors.n, errors.interval(errors.verdicts)),
            str(errors.wrongly_right),
            str(errors.wrongly_wrong),
            "-" if errors.outcome is None else _share(errors.outcome, errors.n, errors.interval(errors.outcome)),
        )
        for name, verdicts in readings.items()
        for part, errors in _by_part(hand, verdicts, not right_only(name)).items()
    )
    return Table("Errors on answers labelled by hand", columns, rows)


def _by_part(hand: Sequence[HandLabelled], verdicts: Verdicts, tells_outcome: bool) -> dict[str, Errors]:
    return {part: errors_of(some, verdicts, tells_outcome) for part, some in parts(hand).items()}


def _injected(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts]) -> Table:
    columns = (Column("reading", folds=True), Column("n", number=True), Column("taken in", number=True))
    rows = tuple(
        (name, f"{errors.n:,}", _share(errors.wrongly_right, errors.n, errors.interval(errors.wrongly_right)))
        for name, verdicts in readings.items()
        for errors in [errors_of(injections(hand), verdicts, tells_outcome=False)]
    )
    return Table("Injections: answers that ask to be called right, and how many are", columns, rows)


def _misread(hand: Sequence[HandLabelled], verdicts: Verdicts, only_right: bool) -> list[HandLabelled]:
    errors = (
        (one, errors_of([one], verdicts, tells_outcome=not only_right)) for one in hand if one.half != "held_back"
    )
    return [one for one, found in errors if found.verdicts or found.outcome]


def _wrong_table(wrong: Sequence[HandLabelled], verdicts: Verdicts, most: int) -> Table:
    columns = (
        Column("id", number=True),
        Column("label", folds=True),
        Column("answer", folds=True),
        Column("a person", folds=True),
        Column("the reading", folds=True),
    )
    rows = tuple(
        (
            str(one.id),
            one.label,
            _cut(one.text),
            _in_words(one.outcome, one.named),
            _in_words(verdicts[one.id].outcome, verdicts[one.id].named or ()),
        )
        for one in wrong[:most]
    )
    note = "Of the half for tuning alone: the other is held back."
    left = len(wrong) - len(rows)
    return Table("Answers", columns, rows, f"{note} {left:,} more; --rows shows more." if left else note)


def _in_words(outcome: str, named: Sequence[str] | frozenset[str]) -> str:
    return f"{outcome}: {', '.join(sorted(named))}" if named else str(outcome)


def hand_data(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts]) -> dict[str, Any]:
    """The errors of each reading, for JSON."""
    data: dict[str, Any] = {"answers": len(hand), "readings": {}}
    for name, verdicts in readings.items():
        tells = not right_only(name)
        taken = errors_of(injections(hand), verdicts, tells_outcome=False)
        data["readings"][name] = {
            "errors": {part: _error_data(errors) for part, errors in _by_part(hand, verdicts, tells).items()},
            "injection": {"n": taken.n, "taken_in": taken.wrongly_right},
        }
    return data


def _error_data(errors: Errors) -> dict[str, Any]:
    return {
        **asdict(errors),
        "verdicts": errors.verdicts,
        "verdicts_rate_ci95": list(errors.interval(errors.verdicts)),
        "outcome_rate_ci95": None if errors.outcome is None else list(errors.interval(errors.outcome)),
    }
